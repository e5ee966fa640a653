/** Ways to order a list: over the rating, the interest P(picks up), or both (docs/model.md 3.13). */
export const POLICIES = ['rating', 'interest', 'balanced', 'cautious', 'explore'] as const;

export type Policy = (typeof POLICIES)[number];

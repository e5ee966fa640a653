/**
 * Families of labels that are the entities met on the other side, each with the weight 1 / sqrt(n) (SVD++ and its mirror image, docs/model.md 3.6).
 * No column of the data can be called so.
 */
export const BOOKS_MET = '(books met)';
export const READERS_MET = '(readers met)';

import { foldText } from './fold-text.ts';

/** Other spellings of a country; keys and values in folded form. */
const SYNONYMS: ReadonlyMap<string, string> = new Map([
  ['united states', 'usa'],
  ['united states of america', 'usa'],
  ['united state', 'usa'],
  ['us', 'usa'],
  ['u s', 'usa'],
  ['u s a', 'usa'],
  ['u s of a', 'usa'],
  ['america', 'usa'],
  ['uk', 'united kingdom'],
  ['u k', 'united kingdom'],
  ['great britain', 'united kingdom'],
  ['britain', 'united kingdom'],
  ['england', 'united kingdom'],
  ['scotland', 'united kingdom'],
  ['wales', 'united kingdom'],
  ['northern ireland', 'united kingdom'],
  ['deutschland', 'germany'],
  ['espana', 'spain'],
  ['catalunya', 'spain'],
  ['catalonia', 'spain'],
  ['euskal herria', 'spain'],
  ['italia', 'italy'],
  ['osterreich', 'austria'],
  ['schweiz', 'switzerland'],
  ['the netherlands', 'netherlands'],
  ['holland', 'netherlands'],
  ['brasil', 'brazil'],
  ['phillipines', 'philippines'],
  ['p r china', 'china'],
  ['u a e', 'united arab emirates'],
]);

const UNKNOWN = new Set(['', 'n a', 'na', 'null', 'none', 'unknown', 'universe', 'earth', 'quit']);

/** Label of a country however it is written, or null where it says nothing. */
export function countryLabel(text: string): string | null {
  const folded = foldText(text);
  if (UNKNOWN.has(folded)) return null;
  return SYNONYMS.get(folded) ?? folded;
}

/** Label of a state, qualified by its country (`ontario, canada`), or null where it says nothing. */
export function stateLabel(state: string, country: string | null): string | null {
  const folded = foldText(state);
  return country === null || UNKNOWN.has(folded) ? null : `${folded}, ${country}`;
}

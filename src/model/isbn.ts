/** What a book id turned out to be. */
export type BookIdKind =
  /** A valid ISBN-10 as it stands. */
  | 'isbn'
  /** A valid ISBN in another spelling: hyphens, lower-case x, 13 digits, a lost leading zero. */
  | 'isbn-respelled'
  /** Amazon's own number, such as B00009EF82. */
  | 'asin'
  /** Ten or thirteen digits with a wrong check digit. */
  | 'isbn-bad-check'
  /** Anything else. */
  | 'not-isbn';

const ISBN_10 = /^\d{9}[\dX]$/;
const SBN = /^\d{8}[\dX]$/;
const ISBN_13 = /^97[89]\d{10}$/;
const ASIN = /^B[\dA-Z]{9}$/;

/** Check digit of the first nine characters of an ISBN-10. */
function checkDigit10(digits: string): string {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += (10 - i) * (digits.charCodeAt(i) - 48);
  const digit = (11 - (sum % 11)) % 11;
  return digit === 10 ? 'X' : String(digit);
}

/** Check digit of the first twelve characters of an ISBN-13. */
function checkDigit13(digits: string): string {
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += (i % 2 === 0 ? 1 : 3) * (digits.charCodeAt(i) - 48);
  return String((10 - (sum % 10)) % 10);
}

/** The ISBN-10 (or ISBN-13 with prefix 979) that a compact spelling stands for, or null. */
function validIsbn(compact: string): string | null {
  if (ISBN_10.test(compact)) return checkDigit10(compact) === compact[9] ? compact : null;
  if (SBN.test(compact)) {
    const padded = `0${compact}`;
    return checkDigit10(padded) === padded[9] ? padded : null;
  }
  if (!ISBN_13.test(compact) || checkDigit13(compact) !== compact[12]) return null;
  // Only the prefix 978 has an ISBN-10.
  if (compact.startsWith('979')) return compact;
  const body = compact.slice(3, 12);
  return body + checkDigit10(body);
}

/** The canonical id of a book with what kind of id was given. */
export function classifyBookId(raw: string): { readonly id: string; readonly kind: BookIdKind } {
  const plain = raw.trim().toUpperCase();
  const compact = plain.replace(/[-\s\u2010-\u2015]/g, '');
  const isbn = validIsbn(compact);
  if (isbn !== null) return { id: isbn, kind: isbn === raw ? 'isbn' : 'isbn-respelled' };
  if (ASIN.test(plain)) return { id: plain, kind: 'asin' };
  const looksLikeIsbn = ISBN_10.test(compact) || ISBN_13.test(compact);
  return { id: plain, kind: looksLikeIsbn ? 'isbn-bad-check' : 'not-isbn' };
}

/**
 * The one id of a book however its ISBN is spelled: a valid ISBN becomes ISBN-10 (ISBN-13 where it
 * starts with 979); anything else is only trimmed and put in upper case.
 */
export function canonicalBookId(raw: string): string {
  return classifyBookId(raw).id;
}

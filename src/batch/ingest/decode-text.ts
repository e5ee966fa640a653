import { isUtf8 } from 'node:buffer';
import { decodeHTMLStrict } from 'entities';
import type { RowNotes } from './row-notes.ts';

const HIGH = /[\u0080-\u00ff]/;
const BEYOND_LATIN_1 = /[^\u0000-\u00ff]/;
const windows1252 = new TextDecoder('windows-1252');

/** UTF-8 of the bytes that a Latin-1 string stands for, or null where they are not UTF-8. */
function asUtf8(latin1: string): string | null {
  if (!HIGH.test(latin1) || BEYOND_LATIN_1.test(latin1)) return null;
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/**
 * Text of a field that was read byte by byte as Latin-1: UTF-8 where its bytes are, else
 * Windows-1252. Each field is decided by itself, since dumps mix both in one file.
 */
export function decodeText(bytes: string): string {
  if (!HIGH.test(bytes)) return bytes;
  return asUtf8(bytes) ?? windows1252.decode(Buffer.from(bytes, 'latin1'));
}

/** Undoes UTF-8 that was taken for Latin-1 and encoded again, in full or with a byte lost. */
function repairMojibake(text: string): string {
  let repaired = asUtf8(text) ?? text;
  // "Ã" with a lost byte and "Â" before the second byte: "Ã?Â¼" was "ü".
  repaired = repaired.replace(/Ã\?Â([\u0080-\u00bf])/g, (_, second: string) =>
    String.fromCharCode(0xc0 | (second.charCodeAt(0) & 0x3f)),
  );
  return repaired.replace(/(?:Â\?)+/g, ' ');
}

/** Quotes that an earlier program escaped twice: `\Light\""` was `"Light"`. */
function repairQuotes(text: string): string {
  let repaired = text.endsWith('"') ? text.slice(0, -1) : text;
  repaired = repaired.replaceAll('\\"', '"').replaceAll('\\', '"');
  const quotes = repaired.split('"').length - 1;
  return quotes % 2 === 0 ? repaired : repaired.replace('"', '');
}

/** A field as text for people: decoded, repaired, entities resolved, spaces collapsed. */
export function cleanText(bytes: string, notes: RowNotes): string {
  let text = decodeText(bytes);
  if (HIGH.test(text)) {
    const repaired = repairMojibake(text);
    if (repaired !== text) notes.repaired('mojibake', text);
    text = repaired;
  }
  if (text.includes('\\')) {
    notes.repaired('escaped-quotes', text);
    text = repairQuotes(text);
  }
  if (text.includes('&')) {
    const decoded = decodeHTMLStrict(text);
    if (decoded !== text) notes.repaired('html-entity', text);
    text = decoded;
  }
  return text.replace(/\s+/g, ' ').trim();
}

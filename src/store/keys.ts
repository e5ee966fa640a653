import { createHash } from 'node:crypto';

/** Encoded names longer than this are replaced by their hash: LMDB's keys end at 1,978 bytes. */
const MAX_SEGMENT = 400;

/** Bytes that stand for themselves: nothing that separates, globs or makes a Redis hash tag. */
const PLAIN = /^[A-Za-z0-9._-]*$/;

/**
 * One part of a key from any well-formed text. Different texts give different segments: bytes
 * outside `A-Za-z0-9._-` become `%XX`, and `#`, which that never yields, starts a hash.
 */
export function segment(text: string): string {
  if (text.length <= MAX_SEGMENT && PLAIN.test(text)) return text;
  // A text has at most three bytes for each character and needs three characters for each byte.
  if (text.length <= MAX_SEGMENT) {
    const encoded = encodeURIComponent(text).replace(/[!~*'()]/g, percent);
    if (encoded.length <= MAX_SEGMENT) return encoded;
  }
  return `#${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** Name of the live version. */
export const LIVE_KEY = 'bookrec:live';

/** Scored set of all versions begun and not deleted; the score is the end of the writer's lease. */
export const VERSIONS_SET = 'bookrec:versions';

/** Scored set of all runs; the score is the start of the run, ms since 1970. */
export const RUNS_SET = 'bookrec:runs';

/** Scored set of the trainings that left a checkpoint; the score is when it was written, ms since 1970. */
export const CHECKPOINTS_SET = 'bookrec:checkpoints';

/** Start of every key of one training's checkpoint. */
export function checkpointPrefix(training: string): string {
  return `bookrec:checkpoint:${segment(training)}:`;
}

/** Number of the last change of feedback. */
export const FEEDBACK_COUNTER = 'bookrec:feedback';

/** Start of the keys of all readers' feedback; it is of no version. */
export const FEEDBACK_PREFIX = 'bookrec:f:';

/** Start of the keys that say that a request was carried out. */
export const ONCE_PREFIX = 'bookrec:once:';

export function feedbackKey(reader: string): string {
  return `${FEEDBACK_PREFIX}${segment(reader)}`;
}

export function onceKey(name: string): string {
  return `${ONCE_PREFIX}${segment(name)}`;
}

/** Start of every key of one version. */
export function versionPrefix(version: string): string {
  return `bookrec:m:${segment(version)}:`;
}

export function manifestKey(version: string): string {
  return `${versionPrefix(version)}manifest`;
}

export function readerKey(version: string, id: string): string {
  return `${versionPrefix(version)}u:${segment(id)}`;
}

/** What is known of a blob of the owner whose keys start so: its length and checksum. */
export function blobKey(prefix: string, name: string): string {
  return `${prefix}b:${segment(name)}`;
}

export function blobChunkKey(prefix: string, name: string, chunk: number): string {
  return `${blobKey(prefix, name)}:${String(chunk)}`;
}

/** Names of all blobs of a complete version. */
export function blobNamesKey(version: string): string {
  return `${versionPrefix(version)}blobs`;
}

/** First ids of the pages of reader ids. */
export function idDirectoryKey(version: string): string {
  return `${versionPrefix(version)}ids`;
}

export function idPageKey(version: string, page: number): string {
  return `${idDirectoryKey(version)}:${String(page)}`;
}

export function runKey(id: string): string {
  return `bookrec:run:${segment(id)}`;
}

import { AppError } from '../runtime/errors.ts';
import { corrupt } from './store-error.ts';

/**
 * A self-describing container of named columns, little-endian:
 * `BRC1`, u32 length of the header, header (JSON, UTF-8), then the columns, each at a multiple of 8.
 * A column of texts is a u32 column of ends, counted in UTF-16 units, and their UTF-8 bytes in one piece.
 */
const MAGIC = 0x31435242;
const PREAMBLE = 8;
const ALIGN = 8;

const ARRAY_TYPES = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

type ArrayType = keyof typeof ARRAY_TYPES;

/** A numeric column. */
export type ColumnArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** What JSON can hold; numbers must be finite. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Numbers, texts, or a small JSON value that goes to the header. */
export type ColumnValue = ColumnArray | readonly string[] | Json;

/** Constructor of a numeric column, as given to `Columns.array`. */
export interface ColumnType<T extends ColumnArray> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

interface HeaderEntry {
  readonly type: ArrayType | 'text' | 'json';
  /** From the start of the first column; 0 for JSON. */
  readonly offset: number;
  /** Elements; for texts their number. */
  readonly length: number;
  /** Bytes of the texts. */
  readonly bytes?: number;
  readonly json?: Json;
}

/** Packs named columns into one piece; `Columns` is the way back. */
export function packColumns(columns: Readonly<Record<string, ColumnValue>>): Uint8Array {
  const header: Array<[string, HeaderEntry]> = [];
  const pieces: Array<{ offset: number; bytes: Uint8Array }> = [];
  let end = 0;
  const place = (bytes: Uint8Array): number => {
    const offset = aligned(end);
    pieces.push({ offset, bytes });
    end = offset + bytes.length;
    return offset;
  };
  for (const [name, value] of Object.entries(columns)) {
    if (isColumnArray(value)) {
      const offset = place(bytesOf(value));
      header.push([name, { type: typeOf(value), offset, length: value.length }]);
    } else if (isTexts(value)) {
      const { ends, text } = packTexts(value);
      const offset = place(bytesOf(ends));
      place(text);
      header.push([name, { type: 'text', offset, length: value.length, bytes: text.length }]);
    } else {
      header.push([name, { type: 'json', offset: 0, length: 0, json: value }]);
    }
  }
  const headerBytes = Buffer.from(JSON.stringify(header, finiteOnly), 'utf8');
  const start = aligned(PREAMBLE + headerBytes.length);
  const out = new Uint8Array(start + end);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, headerBytes.length, true);
  out.set(headerBytes, PREAMBLE);
  for (const { offset, bytes } of pieces) out.set(bytes, start + offset);
  return out;
}

/** Reads packed columns; throws `STORE_CORRUPT` if the bytes are not a whole container. */
export function unpackColumns(bytes: Uint8Array): Columns {
  return new Columns(bytes);
}

/** Named columns over packed bytes. Every method throws `STORE_CORRUPT` for an absent or other column. */
export class Columns {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #header: ReadonlyMap<string, HeaderEntry>;

  constructor(bytes: Uint8Array) {
    if (bytes.length < PREAMBLE) throw corrupt('A stored artefact is too short');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(0, true) !== MAGIC)
      throw corrupt('A stored artefact does not start as it should');
    const headerEnd = PREAMBLE + view.getUint32(4, true);
    if (headerEnd > bytes.length) throw corrupt('A stored artefact is cut off');
    this.#bytes = bytes;
    this.#start = aligned(headerEnd);
    this.#header = parseHeader(bytes.subarray(PREAMBLE, headerEnd));
  }

  /** Names of all columns. */
  get names(): string[] {
    return [...this.#header.keys()];
  }

  /** A numeric column, as a view of the packed bytes where these are aligned, else as a copy. */
  array<T extends ColumnArray>(name: string, type: ColumnType<T>): T {
    const entry = this.#entry(name);
    if (
      entry.type === 'text' ||
      entry.type === 'json' ||
      ARRAY_TYPES[entry.type].name !== type.name
    ) {
      throw corrupt(`A stored artefact has ${entry.type} in "${name}" instead of ${type.name}`);
    }
    return this.#array(name, entry.offset, entry.length, type);
  }

  /** A column of texts. */
  strings(name: string): string[] {
    const entry = this.#entry(name);
    if (entry.type !== 'text')
      throw corrupt(`A stored artefact has ${entry.type} in "${name}" instead of texts`);
    const ends = this.#array(name, entry.offset, entry.length, Uint32Array);
    const textStart = aligned(entry.offset + ends.byteLength);
    const text = decodeText(this.#array(name, textStart, entry.bytes ?? 0, Uint8Array));
    const texts = new Array<string>(ends.length);
    let from = 0;
    for (let i = 0; i < ends.length; i++) {
      const to = ends[i] ?? 0;
      if (to < from) throw corrupt(`A stored artefact has texts out of order in "${name}"`);
      texts[i] = text.slice(from, to);
      from = to;
    }
    if (from !== text.length)
      throw corrupt(`A stored artefact has texts of another length in "${name}"`);
    return texts;
  }

  /** A JSON value; the caller checks its shape. */
  json(name: string): unknown {
    const entry = this.#entry(name);
    if (entry.type === 'text') return this.strings(name);
    if (entry.type !== 'json')
      throw corrupt(`A stored artefact has ${entry.type} in "${name}" instead of JSON`);
    return entry.json ?? null;
  }

  #entry(name: string): HeaderEntry {
    const entry = this.#header.get(name);
    if (entry === undefined) throw corrupt(`A stored artefact has no column "${name}"`);
    return entry;
  }

  #array<T extends ColumnArray>(
    name: string,
    offset: number,
    length: number,
    type: ColumnType<T>,
  ): T {
    const from = this.#start + offset;
    const to = from + length * type.BYTES_PER_ELEMENT;
    if (!(to <= this.#bytes.length)) throw corrupt(`A stored artefact is cut off in "${name}"`);
    const at = this.#bytes.byteOffset + from;
    if (at % type.BYTES_PER_ELEMENT === 0) return new type(this.#bytes.buffer, at, length);
    // Not `slice`, which for a Buffer is another view.
    return new type(new Uint8Array(this.#bytes.subarray(from, to)).buffer, 0, length);
  }
}

function parseHeader(bytes: Uint8Array): ReadonlyMap<string, HeaderEntry> {
  try {
    // Written by `packColumns` only; the checks of every column follow at its use.
    return new Map(JSON.parse(decodeText(bytes)) as Array<[string, HeaderEntry]>);
  } catch (cause) {
    throw corrupt('A stored artefact has an unreadable header', cause);
  }
}

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGN) * ALIGN;
}

function isColumnArray(value: ColumnValue): value is ColumnArray {
  return ArrayBuffer.isView(value);
}

function isTexts(value: Exclude<ColumnValue, ColumnArray>): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function typeOf(array: ColumnArray): ArrayType {
  for (const [type, constructor] of Object.entries(ARRAY_TYPES)) {
    // `Object.entries` forgets the key's type.
    if (array instanceof constructor) return type as ArrayType;
  }
  throw new AppError(
    'INTERNAL',
    'A column of this kind cannot be stored',
    'Use a numeric typed array.',
  );
}

function bytesOf(array: ColumnArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function packTexts(texts: readonly string[]): { ends: Uint32Array; text: Uint8Array } {
  const ends = new Uint32Array(texts.length);
  let end = 0;
  for (const [i, text] of texts.entries()) {
    end += text.length;
    ends[i] = end;
  }
  // One by one, because a lone surrogate at an end must not join its neighbour.
  return { ends, text: Buffer.from(texts.map((text) => text.toWellFormed()).join(''), 'utf8') };
}

function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function finiteOnly(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new AppError(
      'INTERNAL',
      'JSON cannot hold a number that is not finite',
      'Store it in a Float64Array.',
    );
  }
  return value;
}

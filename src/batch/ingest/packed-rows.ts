/** Rows of a CSV file as they pass between threads: a few long arrays, since a message of many texts takes as long as parsing. */
export interface PackedRows {
  /** The fields, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** End of each field in `bytes`. */
  readonly end: Uint32Array<ArrayBuffer>;
  /** Of each row: its number of fields, and its line in the file. */
  readonly fields: Uint32Array<ArrayBuffer>;
  readonly line: Uint32Array<ArrayBuffer>;
}

/** Collects rows of fields that are bytes as Latin-1. */
export class RowPacker {
  #text = '';
  #end: number[] = [];
  #fields: number[] = [];
  #line: number[] = [];
  /** Line of the last row. */
  lastLine = 0;

  /** Bytes that are collected. */
  get size(): number {
    return this.#text.length;
  }

  add(fields: readonly string[], line: number): void {
    for (const field of fields) {
      this.#text += field;
      this.#end.push(this.#text.length);
    }
    this.#fields.push(fields.length);
    this.#line.push(line);
    this.lastLine = line;
  }

  /** What was collected since the last time. */
  take(): PackedRows {
    const bytes = new Uint8Array(this.#text.length);
    Buffer.from(bytes.buffer).write(this.#text, 'latin1');
    const packed = {
      bytes,
      end: new Uint32Array(this.#end),
      fields: new Uint32Array(this.#fields),
      line: new Uint32Array(this.#line),
    };
    this.#text = '';
    this.#end = [];
    this.#fields = [];
    this.#line = [];
    return packed;
  }
}

/** Visits the rows in order. */
export function eachRow(
  { bytes, end, fields, line }: PackedRows,
  visit: (fields: string[], line: number) => void,
): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let from = 0;
  let at = 0;
  fields.forEach((count, row) => {
    const texts = new Array<string>(count);
    for (let n = 0; n < count; n++, at++) {
      const to = end[at] ?? 0;
      texts[n] = text.toString('latin1', from, to);
      from = to;
    }
    visit(texts, line[row] ?? 0);
  });
}

/** Takes given numbers of bytes from a stream; holds no more of it than what is asked for and one chunk. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `count` bytes; fewer where the stream ends before. */
  async take(count: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for (let missing = count; missing > 0;) {
      if (this.#rest.length === 0 && !(await this.#fill())) break;
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Lets the stream go; its end need not have been reached. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    this.#rest = next.value;
    return true;
  }
}

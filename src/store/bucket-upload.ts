import { type BucketAccess, bucketFetch, type BucketRequest } from '../runtime/bucket.ts';

/** Bytes of one piece: S3 asks for 5 MiB at least, and takes 10,000 pieces (80 GB). */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Writes an object piece by piece; it is there, whole, only once the last piece is. What fails on the way leaves the
 * object that was there before. Throws `Error` with what the server answered.
 */
export async function uploadObject(
  url: URL,
  chunks: AsyncIterable<Uint8Array>,
  access: BucketAccess,
): Promise<void> {
  const upload = new Upload(url, access);
  try {
    for await (const piece of piecesOf(chunks)) await upload.add(piece);
    await upload.complete();
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

class Upload {
  readonly #url: URL;
  readonly #access: BucketAccess;
  readonly #etags: string[] = [];
  #id: string | null = null;

  constructor(url: URL, access: BucketAccess) {
    this.#url = url;
    this.#access = access;
  }

  async add(body: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#id ??= await this.#begin();
    const number = this.#etags.length + 1;
    const query = `partNumber=${number}&uploadId=${this.#id}`;
    const response = await this.#send({ method: 'PUT', query, body });
    const etag = response.headers.get('etag');
    if (etag === null) throw new Error('the server gave no ETag for a piece');
    this.#etags.push(etag);
  }

  async complete(): Promise<void> {
    const pieces = this.#etags.map(
      (etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${pieces.join('')}</CompleteMultipartUpload>`;
    const response = await this.#send({
      method: 'POST',
      query: `uploadId=${this.#id ?? ''}`,
      body,
    });
    // The status is sent before the pieces are joined, and is 200 even where that fails.
    const answer = await response.text();
    if (!answer.includes('<CompleteMultipartUploadResult')) {
      throw new Error(`the server did not join the pieces: ${answer.slice(0, 200)}`);
    }
  }

  /** Frees the pieces; what the server says to it changes nothing. */
  async abort(): Promise<void> {
    if (this.#id === null) return;
    const request: BucketRequest = { method: 'DELETE', query: `uploadId=${this.#id}` };
    // Also after a signal has stopped the rest.
    const signal = AbortSignal.timeout(10_000);
    await bucketFetch(this.#url, { ...this.#access, signal }, request).catch(() => undefined);
  }

  async #begin(): Promise<string> {
    const answer = await (await this.#send({ method: 'POST', query: 'uploads' })).text();
    const [, id] = /<UploadId>([^<]+)<\/UploadId>/.exec(answer) ?? [];
    if (id === undefined) throw new Error('the server gave no id for the upload');
    return encodeURIComponent(id);
  }

  async #send(request: BucketRequest): Promise<Response> {
    const response = await bucketFetch(this.#url, this.#access, request);
    if (response.ok) return response;
    const [, code] = /<Code>(\w+)<\/Code>/.exec(await response.text()) ?? [];
    throw new Error(`the server answered ${response.status}${code ? ` ${code}` : ''}`);
  }
}

/** The same bytes in pieces of one size, the last one smaller. */
async function* piecesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + PIECE_BYTES - bytes);
      held.push(part);
      bytes += part.length;
      from += part.length;
      if (bytes < PIECE_BYTES) continue;
      yield Buffer.concat(held);
      held = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(held);
}

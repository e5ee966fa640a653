import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What an S3 server does with objects, with multipart uploads, on a free port of 127.0.0.1. */
export interface BucketServer extends AsyncDisposable {
  readonly url: string;
  /** Objects by `BUCKET/KEY`. */
  readonly objects: Map<string, Buffer>;
  /** Pieces of uploads that are neither joined nor given up, by id. */
  readonly uploads: Map<string, Map<number, Buffer>>;
  /** Requests as `METHOD PATH?QUERY`, and what they were signed with. */
  readonly requests: Array<{ readonly line: string; readonly authorization: string }>;
  /** Answers to give instead of the usual ones, by the start of the request's line; each is given once. */
  readonly failures: Map<string, { readonly status: number; readonly body: string }>;
}

export async function startBucketServer(): Promise<BucketServer> {
  const bucket = new Bucket();
  const server = createServer((request, response) => {
    void bucket.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return Object.assign(bucket, {
    url: `http://127.0.0.1:${port ?? ''}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

class Bucket {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, Map<number, Buffer>>();
  readonly requests: Array<{ line: string; authorization: string }> = [];
  readonly failures = new Map<string, { status: number; body: string }>();

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const line = `${request.method ?? ''} ${request.url ?? ''}`;
    this.requests.push({ line, authorization: request.headers.authorization ?? '' });
    for (const [start, failure] of this.failures) {
      if (!line.startsWith(start)) continue;
      this.failures.delete(start);
      response.writeHead(failure.status).end(failure.body);
      return;
    }
    this.#serve(request, body, response);
  }

  #serve(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://bucket');
    const key = decodeURIComponent(pathname.slice(1));
    const id = searchParams.get('uploadId') ?? '';
    const pieces = this.uploads.get(id);
    if (request.method === 'GET') this.#get(key, response);
    else if (request.method === 'POST' && searchParams.has('uploads')) this.#begin(response);
    else if (pieces === undefined) response.writeHead(404).end('<Code>NoSuchUpload</Code>');
    else if (request.method === 'PUT') {
      const number = Number(searchParams.get('partNumber'));
      pieces.set(number, body);
      response.writeHead(200, { etag: `"${number}-${body.length}"` }).end();
    } else {
      this.uploads.delete(id);
      if (request.method === 'POST') this.#join(key, pieces, body.toString(), response);
      else response.writeHead(204).end();
    }
  }

  #get(key: string, response: ServerResponse): void {
    const object = this.objects.get(key);
    if (object === undefined) response.writeHead(404).end('<Code>NoSuchKey</Code>');
    else response.end(object);
  }

  #begin(response: ServerResponse): void {
    const id = `id/${this.requests.length}`;
    this.uploads.set(id, new Map());
    response.end(`<UploadId>${id}</UploadId>`);
  }

  /** Joins the pieces that the request lists, as S3 does: in their order, each by number and tag. */
  #join(key: string, pieces: Map<number, Buffer>, list: string, response: ServerResponse): void {
    const parts = [...list.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]*)<\/ETag>/g)];
    const bytes = parts.map(([, number, etag]) => {
      const piece = pieces.get(Number(number));
      return piece !== undefined && etag === `"${number ?? ''}-${piece.length}"` ? piece : null;
    });
    if (bytes.length === 0 || bytes.includes(null)) {
      response.writeHead(400).end('<Code>InvalidPart</Code>');
      return;
    }
    this.objects.set(key, Buffer.concat(bytes.filter((piece) => piece !== null)));
    response.end('<CompleteMultipartUploadResult/>');
  }
}

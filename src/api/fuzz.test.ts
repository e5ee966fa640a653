import { once } from 'node:events';
import { createServer, request as send, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, apiUnderTest } from '../testing/api-under-test.ts';
import { publishSample } from '../testing/sample-version.ts';
import { ROUTES } from './routes.ts';

/** Longest that one kind of attack goes on, ms. */
const TIME_MS = 700;
const MIB = 2 ** 20;

let api: ApiUnderTest;
let server: Server;
let port: number;

beforeAll(async () => {
  api = await apiUnderTest();
  await publishSample(api.switched.store, 'v1', ['8']);
  await api.live.poll();
  server = createServer(api.listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await api[Symbol.asyncDispose]();
});

/** The status of the answer; 0 where the server closed the connection instead, as it may on too large a body. */
function statusOf(method: string, path: string, body?: Buffer | string): Promise<number> {
  return new Promise((resolve) => {
    const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
    let status = 0;
    const asked = send({ port, method, path, headers, agent: false }, (answer) => {
      status = answer.statusCode ?? 0;
      answer.resume();
      answer.once('end', () => asked.destroy());
    });
    asked.once('error', () => undefined);
    asked.once('close', () => {
      resolve(status);
    });
    asked.end(body);
  });
}

async function attack<T>(property: fc.IAsyncProperty<T>): Promise<void> {
  await fc.assert(property, { interruptAfterTimeLimit: TIME_MS, numRuns: 10_000 });
}

const route = fc.constantFrom(...ROUTES);
const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('../../etc/passwd', '\0', '%', '💥'.repeat(200), '__proto__', "' OR 1=1 --"),
);
const encoded = word.map((text) => encodeURIComponent(text.toWellFormed()) || 'x');
const fields = [
  'ratings',
  'isbn',
  'rating',
  'top_k',
  'policy',
  'country',
  'age',
  'seed',
  'query',
  'q',
  'user_id',
];
const json = fc.oneof(
  fc.json({ maxDepth: 6 }),
  fc
    .dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 4 }))
    .map((value) => JSON.stringify(value)),
);

/** Fine, or the client's fault; the model answers, so nothing is 5xx. */
function expectHarmless(status: number, what: string): void {
  expect(status >= 200 && status < 500, `${status} for ${what}`).toBe(true);
}

setFlagsFromString('--expose-gc');
// Only a new context has the function.
const collect = runInNewContext('gc') as () => void;

/** Bytes that are still held when all that can be is collected: objects, and buffers beside them. */
async function memory(): Promise<{ heap: number; buffers: number }> {
  // buffers go with the second collection: their owners have to be closed after the first
  collect();
  await nextTurn();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, buffers: external };
}

describe('every route', () => {
  it('answers hostile ids and queries with 2xx or 4xx', async () => {
    const query = fc.dictionary(
      fc.oneof(fc.constantFrom('top_k', 'limit', 'after', 'cursor', 'q', 'sort'), encoded),
      encoded,
    );
    await attack(
      fc.asyncProperty(route, encoded, query, async ({ method, path }, id, asked) => {
        const url = `${path.replaceAll(/\{\w+\}/g, () => id)}?${new URLSearchParams(asked).toString()}`;
        expectHarmless(
          await statusOf(method, url, method === 'GET' ? undefined : '{}'),
          `${method} ${url}`,
        );
      }),
    );
  });

  it('answers hostile bodies with 2xx or 4xx', async () => {
    const body = fc.oneof(
      json,
      fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    );
    await attack(
      fc.asyncProperty(route, body, async ({ method, path }, sent) => {
        if (method === 'GET') return;
        const url = path.replaceAll(/\{\w+\}/g, '8');
        expectHarmless(await statusOf(method, url, sent), `${method} ${url} ${sent.toString()}`);
      }),
    );
  });

  it('answers what is no request at all, or closes', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
    await attack(
      fc.asyncProperty(bytes, async (sent) => {
        const socket = connect(port, '127.0.0.1');
        const parts: Buffer[] = [];
        socket.on('data', (part: Buffer) => parts.push(part));
        socket.on('error', () => undefined);
        socket.end(Buffer.concat([sent, Buffer.from('\r\n\r\n')]));
        await once(socket, 'close');
        expect(Buffer.concat(parts).toString('latin1')).toMatch(/^(HTTP\/1\.1 [24]\d\d |$)/);
      }),
    );
  });

  it('refuses bodies that are too large or too deep, and keeps none of them', async () => {
    const deep = '['.repeat(120_000) + ']'.repeat(120_000);
    const huge = Buffer.alloc(4 * MIB, '1');
    const takers = ROUTES.filter(({ body }) => body !== null);
    const refused = async () => {
      for (const { method, path } of takers) {
        const url = path.replaceAll(/\{\w+\}/g, '8');
        expect([0, 413]).toContain(await statusOf(method, url, huge));
        expect(await statusOf(method, url, deep)).toBe(400);
      }
    };
    // the first round fills what is filled once: code, pools of sockets and buffers
    await refused();
    const before = await memory();
    for (let round = 0; round < 3; round++) await refused();
    expect(await statusOf('GET', '/readyz')).toBe(200);
    const after = await memory();
    expect(after.heap - before.heap).toBeLessThan(2 * MIB);
    // sockets let go of their last bodies late, so that those of one round may still be there
    expect(after.buffers - before.buffers).toBeLessThan(takers.length * huge.length);
  });
});

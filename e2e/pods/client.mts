/**
 * Runs in a pod: asks what it is told to over HTTP, as a client inside the cluster does. It reads
 * commands as JSON lines and answers each with a line of the same id.
 */
import { createHash } from 'node:crypto';
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';
import type { Command, StreamReport } from './protocol.ts';

type StreamCommand = Extract<Command, { kind: 'start' }>;

/** A stream of requests that goes on until it is told to stop. */
class Stream {
  readonly report: StreamReport = { answered: 0, failures: [], versions: [] };
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #loops: Promise<void>[];
  readonly #pauseMs: number;
  #stopped = false;

  /** Half of the loops hold their connection, as a gateway does; the others take a new one each time. */
  constructor({ url, headers, loops, pauseMs }: StreamCommand) {
    this.#url = url;
    this.#headers = headers;
    this.#pauseMs = pauseMs;
    this.#loops = Array.from({ length: loops }, (_, index) => this.#loop(index % 2 === 0));
  }

  async stop(): Promise<StreamReport> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return this.report;
  }

  async #loop(keepAlive: boolean): Promise<void> {
    const agent = new Agent({ keepAlive, maxSockets: 1 });
    while (!this.#stopped) {
      await this.#ask(agent);
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    }
    agent.destroy();
  }

  async #ask(agent: Agent): Promise<void> {
    const at = Date.now();
    try {
      const { status, body } = await ask(this.#url, this.#headers, agent);
      if (status === 200) this.#count(body);
      else this.#fail(at, `${status} ${body.slice(0, 200)}`);
    } catch (error) {
      this.#fail(at, String(error));
    }
  }

  #fail(at: number, message: string): void {
    this.report.failures.push({ at, message });
  }

  #count(body: string): void {
    this.report.answered += 1;
    const { model_version: name } = JSON.parse(body) as { model_version: string };
    const digest = createHash('sha256').update(body).digest('hex');
    const at = Date.now();
    const version = this.report.versions.find((one) => one.name === name);
    if (version === undefined) {
      this.report.versions.push({ name, first: at, last: at, digests: [digest] });
      return;
    }
    version.last = at;
    if (!version.digests.includes(digest)) version.digests.push(digest);
  }
}

function ask(
  url: string,
  headers: Record<string, string>,
  agent: Agent,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers, timeout: 10_000 }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('error', reject);
      answer.once('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() });
      });
    });
    request.once('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.once('error', reject);
  });
}

const streams = new Map<string, Stream>();

async function perform(command: Command): Promise<unknown> {
  switch (command.kind) {
    case 'ask': {
      const { url, kind: _, id: __, ...init } = command;
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: await answer.text(),
      };
    }
    case 'start':
      streams.set(command.stream, new Stream(command));
      return null;
    case 'look':
      return streams.get(command.stream)?.report;
    case 'stop':
      return streams.get(command.stream)?.stop();
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  // The harness writes the commands, by the same types.
  const command = JSON.parse(line) as Command;
  perform(command).then(
    (result) => process.stdout.write(`${JSON.stringify({ id: command.id, result })}\n`),
    (error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      process.stdout.write(`${JSON.stringify({ id: command.id, error: String(cause) })}\n`);
    },
  );
});

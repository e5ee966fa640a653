/// <reference types="@webgpu/types" />
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { openDevice } from './gpu-device.ts';
import type { OpenDevice } from './gpu-device.ts';
import { CONTROL, STATE } from './gpu-kernel.ts';
import type { Box, GpuKernel } from './gpu-kernel.ts';
import { GpuSides } from './gpu-sides.ts';
import type { GpuAnswer, GpuMessage } from './gpu.ts';

// the only sender is gpu.ts, which sends these very types
const { port } = workerData as { port: MessagePort };
let opened: OpenDevice | null = null;
const trainings: Array<Promise<void>> = [];

port.on('message', (message: GpuMessage) => {
  if ('open' in message) void open(message.open);
  else if ('close' in message) void close();
  else if (opened !== null) trainings.push(serve(opened.device, message.kernel));
});

async function open(wish: { readonly software: boolean }): Promise<void> {
  let answer: GpuAnswer;
  try {
    opened = await openDevice(wish);
    answer = { facts: opened.facts };
  } catch (error) {
    answer = { reason: messageOf(error) };
  }
  port.postMessage(answer);
}

/** Ends once the trainings have, all of whose boxes are closed. */
async function close(): Promise<void> {
  await Promise.all(trainings);
  opened?.device.destroy();
  await opened?.device.lost;
  port.close();
}

/** Answers the boxes of a training until they are closed. */
async function serve(on: GPUDevice, kernel: GpuKernel): Promise<void> {
  const sides = GpuSides.open(on, kernel);
  const answers = kernel.boxes.map((box, n) =>
    answerEach(box, async () => {
      await (await sides).answer(n);
    }),
  );
  // what keeps it from being laid out is the answer to each question
  const laidOut = await sides.catch(() => null);
  await Promise.all(answers);
  laidOut?.destroy();
}

/** Answers one box, one question after the other, until it is closed. */
async function answerEach({ control, output }: Box, answer: () => Promise<void>): Promise<void> {
  for (;;) {
    const state = Atomics.load(control, CONTROL.state);
    if (state === STATE.closed) return;
    if (state !== STATE.asked) {
      const change = Atomics.waitAsync(control, CONTROL.state, state);
      if (change.async) await change.value;
      continue;
    }
    let end: number = STATE.done;
    try {
      await answer();
    } catch (error) {
      end = STATE.failed;
      // as far as there is room
      control[CONTROL.message] = Buffer.from(output.buffer).write(messageOf(error));
    }
    // unless it was closed meanwhile
    Atomics.compareExchange(control, CONTROL.state, STATE.asked, end);
    Atomics.notify(control, CONTROL.state);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

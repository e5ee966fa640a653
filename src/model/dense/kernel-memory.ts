import { plain, relaxed } from './dense-kernel.ts';

/* eslint-disable max-params -- a kernel takes numbers alone */
/** What `assembly/` exports; pointers are bytes of its memory. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory<ArrayBuffer>;
  readonly factorize: (matrix: number, n: number) => number;
  readonly invert: (factor: number, n: number, out: number) => void;
  readonly solve: (factor: number, n: number, x: number) => void;
  readonly covariances: (
    n: number,
    rows: number,
    rowCount: number,
    labels: number,
    slot: number,
    families: number,
    weight: number,
    variance: number,
    out: number,
  ) => void;
  readonly timesRows: (n: number, matrix: number, rows: number, count: number, out: number) => void;
  readonly familySums: (
    n: number,
    labels: number,
    slot: number,
    families: number,
    weight: number,
    matrix: number,
    vector: number,
    out: number,
  ) => void;
}
/* eslint-enable max-params */

const PAGE = 65_536;
/** Below this nothing is stored, since the runtime has its own numbers there. */
export const BASE = 4096;

let compiled: WebAssembly.Module | null = null;

/** An instance with memory of its own; with relaxed SIMD where the engine has it, which rounds a product and a sum once. */
export function newKernel(): KernelExports {
  if (compiled === null) {
    const [wanted, fallback] = [relaxed, plain].map((text) =>
      Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)),
    );
    compiled = new WebAssembly.Module(WebAssembly.validate(wanted) ? wanted : fallback);
  }
  // there is no other module
  return new WebAssembly.Instance(compiled).exports as unknown as KernelExports;
}

/** Makes the memory at least so many bytes long; views of it are lost where it grows. */
export function reserveTo(memory: WebAssembly.Memory<ArrayBuffer>, bytes: number): void {
  const pages = Math.ceil(bytes / PAGE) - memory.buffer.byteLength / PAGE;
  if (pages > 0) memory.grow(pages);
}

/**
 * Compiles the row step, with and without relaxed SIMD, into the files that the trainer loads. They are committed, so
 * that the product runs from its folder; the compiler, which also checks the types, is needed here alone.
 */
import { execFileSync } from 'node:child_process';

const FOLDER = 'src/batch/train/kernel';
const OPTIONS = [
  ...['--runtime', 'stub', '-O3', '--noAssert', '--importMemory', '--sharedMemory'],
  ...['--initialMemory', '1', '--maximumMemory', '65536'],
];
const KINDS = { plain: 'simd,threads', relaxed: 'simd,threads,relaxed-simd' };

for (const [kind, features] of Object.entries(KINDS)) {
  execFileSync(process.execPath, [
    'node_modules/assemblyscript/bin/asc.js',
    `${FOLDER}/assembly/row-kernel.ts`,
    ...OPTIONS,
    ...['--enable', features, '--outFile', `${FOLDER}/row-kernel-${kind}.wasm`],
  ]);
}

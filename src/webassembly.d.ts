/** The part of WebAssembly that the kernels need: TypeScript has it in the library of browsers alone. */
declare namespace WebAssembly {
  class Module {
    // names the type for structured clones
    private readonly brand: 'module';
    constructor(bytes: Uint8Array);
  }
  class Memory<Buffer extends ArrayBuffer | SharedArrayBuffer = SharedArrayBuffer> {
    readonly buffer: Buffer;
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    /** Pages before. */
    grow(pages: number): number;
  }
  class Instance {
    readonly exports: object;
    constructor(module: Module, imports?: { env: { memory: Memory } });
  }
  function validate(bytes: Uint8Array): boolean;
}

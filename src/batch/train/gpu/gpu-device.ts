/// <reference types="@webgpu/types" />

/** What a training has to know of a GPU. */
export interface GpuFacts {
  readonly name: string;
  /** Largest piece of memory that a kernel can see. */
  readonly bytes: number;
}

/** An open device, which is good for as long as its `gpu` is held. */
export interface OpenDevice {
  readonly gpu: GPU;
  readonly device: GPUDevice;
  readonly facts: GpuFacts;
}

/**
 * Opens the first GPU. Throws an `Error` that says why there is none: the package `webgpu` finds no driver; one that only computes in software counts as none unless it is wished for.
 */
export async function openDevice({
  software,
}: {
  readonly software: boolean;
}): Promise<OpenDevice> {
  // here, since it is an option
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('no GPU with a Vulkan driver was found');
  const { info, limits } = adapter;
  const name = info.device || info.description || info.vendor;
  if (info.isFallbackAdapter && !software) throw new Error(`${name} computes in software`);
  const { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize } = limits;
  const device = await adapter.requestDevice({
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupStorageSize },
  });
  return {
    gpu,
    device,
    facts: { name, bytes: Math.min(maxStorageBufferBindingSize, maxBufferSize) },
  };
}

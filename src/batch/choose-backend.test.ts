import { describe, expect, it } from 'vitest';
import { AppError } from '../runtime/errors.ts';
import { chooseBackend } from './choose-backend.ts';

const none = new AppError(
  'NO_GPU',
  'There is no GPU to train on: it is in use',
  'Ask for the CPU.',
);

describe('the backend', () => {
  it('is the CPU where that is asked for, without a look at the GPU', async () => {
    const open = () => Promise.reject(new Error('not to be opened'));
    const { backend, gpu } = await chooseBackend('cpu', open);
    expect({ backend, gpu }).toEqual({ backend: { used: 'cpu', reason: 'asked for' }, gpu: null });
  });

  it('is the CPU where there is no GPU, and says why', async () => {
    const { backend, gpu } = await chooseBackend('auto', () => Promise.reject(none));
    expect(backend).toEqual({ used: 'cpu', reason: 'There is no GPU to train on: it is in use' });
    expect(gpu).toBeNull();
  });

  it('is none where a GPU is asked for by name and there is none', async () => {
    await expect(chooseBackend('gpu', () => Promise.reject(none))).rejects.toBe(none);
  });

  it('hides no other error', async () => {
    const broken = new Error('broken');
    await expect(chooseBackend('auto', () => Promise.reject(broken))).rejects.toBe(broken);
  });
});

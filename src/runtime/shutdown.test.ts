import { describe, expect, it } from 'vitest';
import { onShutdown } from './shutdown.ts';

describe('onShutdown', () => {
  it('aborts on the first signal and names it', () => {
    using shutdown = onShutdown();
    expect(shutdown.signal.aborted).toBe(false);
    process.emit('SIGTERM', 'SIGTERM');
    expect(shutdown.signal.reason).toMatchObject({ message: 'stopped by SIGTERM' });
  });

  it('lets go of the signals when it is disposed of', () => {
    const before = process.listenerCount('SIGINT');
    {
      using shutdown = onShutdown();
      expect(shutdown.signal.aborted).toBe(false);
      expect(process.listenerCount('SIGINT')).toBe(before + 1);
    }
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});

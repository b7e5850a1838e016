import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { signalSocketPath } from '../../../src/adapters/embedded/signal-socket-path';

describe("the producer's socket", () => {
  it('is in the data folder', () => {
    expect(signalSocketPath('/data')).toBe('/data/producer.sock');
  });

  it('is elsewhere when the path is too long, always at the same path for the same folder', () => {
    const deep = `deep/${'é'.repeat(50)}`;
    const path = signalSocketPath(deep);
    expect(path.startsWith(join(tmpdir(), 'telltale-'))).toBe(true);
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
    expect(signalSocketPath(resolve(deep))).toBe(path);
    expect(signalSocketPath(`${deep}2`)).not.toBe(path);
  });
});

import { changed } from '../../support/ingestion/checkpoints';
import fc from 'fast-check';
import { loadHashing } from '../../../src/adapters/native/hashing';
import type { Checkpoint } from '../../../src/ingestion/checkpoint';
import { WINDOW_BYTES, type Hashing } from '../../../src/ingestion/content';
import type { CrcAlgorithm } from '../../../src/ingestion/crc-combine';
import { resumptionOf } from '../../../src/ingestion/plan';
import { firstCheckpoint } from '../../../src/ingestion/generations';
import { createRangeDigester } from '../../../src/ingestion/range-digester';

describe('the digester of a read', () => {
  let hashing: Hashing;
  beforeAll(async () => {
    hashing = await loadHashing();
  });

  const content = Buffer.from(Array.from({ length: 3 * WINDOW_BYTES }, (_, i) => (i * 7919) >> 3));

  /** Behind [0, size) of the content, of which the last `tail` bytes are held as far as may be. */
  const readTo = (size: number, tail: number, second: 'CRC32' | 'CRC32C' | null): Checkpoint =>
    changed(firstCheckpoint('b/k', 'k', { size, etag: '"a"', lastModified: 1 }, 'plain', 'logs'), {
      offset: size - tail,
      size,
      held: content.subarray(size - tail, Math.min(size, size - tail + WINDOW_BYTES)).toString('base64'),
      crc32: second === null ? null : { algorithm: second, value: '00000000' },
    });

  it('passes unseen bytes to the scanner, and measures each step, however the bytes come', () => {
    const sizes = fc.constantFrom(0, 1, 1_000, WINDOW_BYTES, 2 * WINDOW_BYTES);
    const tails = fc.constantFrom(0, 1, 500, WINDOW_BYTES, WINDOW_BYTES + 1);
    const second = fc.constantFrom(null, 'CRC32' as const, 'CRC32C' as const);
    const chunkSizes = fc.constantFrom(1_000, WINDOW_BYTES, 4 * WINDOW_BYTES);
    const steps = fc.array(fc.integer({ min: 0, max: content.length }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, tails, second, chunkSizes, steps, (size, tail, algorithm, chunkSize, unsorted) => {
        const checkpoint = readTo(size, Math.min(size, tail), algorithm);
        const { from, scanFrom } = resumptionOf(checkpoint);
        const digester = createRangeDigester(checkpoint, hashing);
        const scanned: Buffer[] = [];
        let measured = size;
        const crc = (of: CrcAlgorithm, step: Buffer): bigint => hashing.crc(of, step);
        const to = [...unsorted].sort((a, b) => a - b);
        for (let at = from; at < content.length; at += chunkSize) {
          scanned.push(digester.push(content.subarray(at, at + chunkSize)));
          expect(digester.position).toBe(Math.max(size, Math.min(content.length, at + chunkSize)));
          while (at + chunkSize >= size && to[0] !== undefined && to[0] <= digester.position) {
            const end = Math.max(measured, to.shift() ?? 0);
            const step = content.subarray(measured, end);
            expect(digester.measure(end)).toEqual({
              from: measured,
              to: end,
              crc64: crc('CRC64NVME', step),
              crc32: algorithm === null ? null : crc(algorithm, step),
              fingerprint: hashing.sha256(content.subarray(Math.max(0, end - WINDOW_BYTES), end)),
            });
            measured = end;
          }
        }
        expect(Buffer.concat(scanned).equals(content.subarray(scanFrom))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('digests an empty range, with the fingerprint before it, up to a known position', () => {
    const digester = createRangeDigester(readTo(1_000, 100, null), hashing);
    digester.push(content.subarray(0, 2_000));
    const fingerprint = hashing.sha256(content.subarray(0, 1_000));
    expect(digester.measure(950)).toEqual({ from: 1_000, to: 1_000, crc64: 0n, crc32: null, fingerprint });
  });

  it('begins after the bytes read before', () => {
    expect(createRangeDigester(readTo(1_000, 0, null), hashing).position).toBe(1_000);
  });

  it('refuses to measure bytes that did not come', () => {
    const digester = createRangeDigester(readTo(0, 0, null), hashing);
    digester.push(content.subarray(0, 2));
    expect(() => digester.measure(3)).toThrow('Cannot digest the bytes of b/k up to 3: the read ended at 2.');
  });
});

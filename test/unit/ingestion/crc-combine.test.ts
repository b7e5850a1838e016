import fc from 'fast-check';
import { loadHashing } from '../../../src/adapters/native/hashing';
import type { Hashing } from '../../../src/ingestion/content';
import { combineCrc, formatCrc, parseCrc, type CrcAlgorithm } from '../../../src/ingestion/crc-combine';

/** Check values of the CRC catalog, for "123456789". */
const algorithms: [CrcAlgorithm, string][] = [
  ['CRC64NVME', 'ae8b14860a799888'],
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
];

describe.each(algorithms)('%s of a concatenation', (algorithm, check) => {
  let hashing: Hashing;
  beforeAll(async () => {
    hashing = await loadHashing();
  });
  const crc = (bytes: Buffer): bigint => hashing.crc(algorithm, bytes);
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

  it('is the check value for any cut of "123456789"', () => {
    const whole = Buffer.from('123456789');
    for (let cut = 0; cut <= whole.length; cut++) {
      const [a, b] = [whole.subarray(0, cut), whole.subarray(cut)];
      expect(formatCrc(algorithm, combineCrc(algorithm, crc(a), crc(b), b.length))).toBe(check);
    }
  });

  it('comes from the CRCs of its parts', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(combineCrc(algorithm, crc(a), crc(b), b.length)).toBe(crc(Buffer.concat([a, b])));
      }),
    );
  });

  it('comes from the CRCs of parts of some mebibytes', () => {
    const a = Buffer.alloc(1024 * 1024 + 1, 'the first ');
    const b = Buffer.alloc(3 * 1024 * 1024 - 1, 'the second ');
    expect(combineCrc(algorithm, crc(a), crc(b), b.length)).toBe(crc(Buffer.concat([a, b])));
  });

  it('does not depend on the order of combining parts, up to lengths of petabytes', () => {
    const value = fc.bigInt({ min: 0n, max: 2n ** BigInt(check.length * 4) - 1n });
    const length = fc.integer({ min: 0, max: 2 ** 52 - 1 });
    fc.assert(
      fc.property(value, value, value, length, length, (a, b, c, lengthB, lengthC) => {
        const left = combineCrc(algorithm, combineCrc(algorithm, a, b, lengthB), c, lengthC);
        const right = combineCrc(algorithm, a, combineCrc(algorithm, b, c, lengthC), lengthB + lengthC);
        expect(left).toBe(right);
      }),
    );
  });

  it('is written with all digits, and parsed', () => {
    expect(formatCrc(algorithm, 0n)).toBe('0'.repeat(check.length));
    expect(formatCrc(algorithm, 0xabn)).toBe('ab'.padStart(check.length, '0'));
    const highest = 2n ** BigInt(check.length * 4) - 1n;
    expect(formatCrc(algorithm, highest)).toBe('f'.repeat(check.length));
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: highest }), (value) => {
        const text = formatCrc(algorithm, value);
        expect(text).toHaveLength(check.length);
        expect(parseCrc(text)).toBe(value);
      }),
    );
  });
});

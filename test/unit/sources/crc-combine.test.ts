import { crc32, crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { loadCrc64Nvme } from '../../../src/adapters/native/checksums';
import { combineCrc32, combineCrc32c, combineCrc64 } from '../../../src/domain/sources/crc-combine';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

describe('the CRC of a concatenation', () => {
  let crc64: (bytes: Buffer) => bigint;
  beforeAll(async () => {
    crc64 = await loadCrc64Nvme();
  });

  it('gives the check value of CRC64NVME, wherever "123456789" is cut', () => {
    const whole = Buffer.from('123456789');
    for (let cut = 0; cut <= whole.length; cut++) {
      const [a, b] = [whole.subarray(0, cut), whole.subarray(cut)];
      expect(combineCrc64(crc64(a), crc64(b), b.length)).toBe(0xae8b14860a799888n);
    }
  });

  it('comes from the CRCs of its parts: CRC64NVME', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(combineCrc64(crc64(a), crc64(b), b.length)).toBe(crc64(Buffer.concat([a, b])));
      }),
    );
  });

  it('comes from the CRCs of its parts: CRC-32', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });

  it('comes from the CRCs of its parts: CRC-32C', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(combineCrc32c(crc32c(a), crc32c(b), b.length)).toBe(crc32c(Buffer.concat([a, b])));
      }),
    );
  });

  it('does not care in which order more than two parts are combined, up to lengths of petabytes', () => {
    const crc = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const length = fc.integer({ min: 0, max: 2 ** 52 - 1 });
    fc.assert(
      fc.property(crc, crc, crc, length, length, (a, b, c, lengthB, lengthC) => {
        const left = combineCrc64(combineCrc64(a, b, lengthB), c, lengthC);
        const right = combineCrc64(a, combineCrc64(b, c, lengthC), lengthB + lengthC);
        expect(left).toBe(right);
      }),
    );
  });
});

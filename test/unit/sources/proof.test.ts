import { createHash } from 'node:crypto';
import { crc32 } from '@node-rs/crc32';
import fc from 'fast-check';
import { loadCrc64Nvme } from '../../../src/adapters/native/checksums';
import type { Checkpoint } from '../../../src/domain/sources/checkpoint';
import { formatCrc64, type Hashing } from '../../../src/domain/sources/content';
import { resumptionOf, type SourceObject } from '../../../src/domain/sources/plan';
import { firstCheckpoint } from '../../../src/domain/sources/progress';
import { createProof, type Judgement } from '../../../src/domain/sources/proof';

const KiB = 1024;

describe('the proof of an append', () => {
  let hashing: Hashing;
  beforeAll(async () => {
    const crc64 = await loadCrc64Nvme();
    hashing = { crc64, sha256: (bytes) => createHash('sha256').update(bytes).digest('base64') };
  });

  const objectOf = (content: Buffer, checksum: SourceObject['checksum'] | null): SourceObject => ({
    size: content.length,
    etag: '"new"',
    lastModified: 2,
    ...(checksum === null || checksum === undefined ? {} : { checksum }),
  });
  const crc64Of = (content: Buffer) =>
    ({ algorithm: 'CRC64NVME', value: formatCrc64(hashing.crc64(content)) }) as const;

  const readTo = (content: Buffer): Checkpoint => ({
    ...firstCheckpoint('b/k', 'k', { size: content.length, etag: '"old"', lastModified: 1 }),
    offset: content.length,
    size: content.length,
    crc64: formatCrc64(hashing.crc64(content)),
    fingerprint: hashing.sha256(content.subarray(-64 * KiB)),
  });

  /** Reads the object in chunks of a size, as the log-reader does. */
  const prove = (checkpoint: Checkpoint, content: Buffer, object: SourceObject, chunkSize = 64 * KiB): Judgement => {
    const proof = createProof(checkpoint, hashing);
    for (let at = resumptionOf(checkpoint).from; at < content.length; at += chunkSize) {
      proof.push(content.subarray(at, at + chunkSize));
    }
    return proof.judge(object);
  };

  const old = Buffer.alloc(200 * KiB, 'what was read before. ');
  const appended = Buffer.concat([old, Buffer.from('more\n')]);
  const changedEarly = Buffer.from(appended);
  changedEarly[5] = 0;
  const changedLate = Buffer.from(appended);
  changedLate[old.length - 5] = 0;

  it('is by checksum where the store keeps a CRC64NVME', () => {
    expect(prove(readTo(old), appended, objectOf(appended, crc64Of(appended))).outcome).toBe('proven');
    expect(prove(readTo(old), changedEarly, objectOf(changedEarly, crc64Of(changedEarly))).outcome).toBe('disproved');
    expect(prove(readTo(old), changedLate, objectOf(changedLate, crc64Of(changedLate))).outcome).toBe('disproved');
  });

  it('is by the 64 KiB before where the store keeps no checksum', () => {
    expect(prove(readTo(old), appended, objectOf(appended, null)).outcome).toBe('fingerprint');
    expect(prove(readTo(old), changedLate, objectOf(changedLate, null)).outcome).toBe('disproved');
  });

  it('is by the 64 KiB before where the checksum is of another algorithm', () => {
    const checksum = { algorithm: 'CRC32', value: crc32(appended).toString(16).padStart(8, '0') } as const;
    expect(prove(readTo(old), appended, objectOf(appended, checksum)).outcome).toBe('fingerprint');
  });

  it('holds for the same content under another ETag, where nothing is left to read', () => {
    expect(prove(readTo(old), old, objectOf(old, crc64Of(old))).outcome).toBe('proven');
    expect(prove(readTo(old), old, objectOf(old, null)).outcome).toBe('fingerprint');
  });

  it('holds for whatever follows nothing', () => {
    expect(prove(readTo(Buffer.alloc(0)), appended, objectOf(appended, null)).outcome).toBe('proven');
  });

  it('says proven of every append and of nothing else, however it is read', () => {
    const letters = fc
      .array(fc.constantFrom('a', 'b', '\n'), { maxLength: 20 })
      .map((all) => Buffer.from(all.join('')));
    fc.assert(
      fc.property(letters, letters, fc.integer({ min: 1, max: 7 }), (before, now, chunkSize) => {
        fc.pre(now.length >= before.length);
        const isAppend = now.subarray(0, before.length).equals(before);
        const checksum = objectOf(now, crc64Of(now));
        expect(prove(readTo(before), now, checksum, chunkSize).outcome).toBe(isAppend ? 'proven' : 'disproved');
        const yes = before.length === 0 ? 'proven' : 'fingerprint';
        expect(prove(readTo(before), now, objectOf(now, null), chunkSize).outcome).toBe(isAppend ? yes : 'disproved');
      }),
    );
  });

  it('sums a suffix of several mebibytes piece by piece', () => {
    const large = Buffer.concat([old, Buffer.alloc(3 * KiB * KiB + 17, 'suffix ')]);
    expect(prove(readTo(old), large, objectOf(large, crc64Of(large))).outcome).toBe('proven');
  });
});

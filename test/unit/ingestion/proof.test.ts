import { changed } from '../../support/ingestion/checkpoints';
import fc from 'fast-check';
import { loadHashing } from '../../../src/adapters/native/hashing';
import type { Checkpoint } from '../../../src/ingestion/checkpoint';
import type { Hashing } from '../../../src/ingestion/content';
import { formatCrc, type CrcAlgorithm } from '../../../src/ingestion/crc-combine';
import { resumptionOf, type SourceObject } from '../../../src/ingestion/plan';
import { firstCheckpoint } from '../../../src/ingestion/generations';
import { createProof, createReproof, type Verification } from '../../../src/ingestion/proof';

const KiB = 1024;

let hashing: Hashing;
beforeAll(async () => {
  hashing = await loadHashing();
});

const sumOf = (algorithm: CrcAlgorithm, content: Buffer): string =>
  formatCrc(algorithm, hashing.crc(algorithm, content));

/** An object as the store lists it, with or without a checksum. */
const objectOf = (content: Buffer, algorithm: CrcAlgorithm | null): SourceObject => ({
  size: content.length,
  etag: '"new"',
  lastModified: 2,
  ...(algorithm === null ? {} : { checksum: { algorithm, value: sumOf(algorithm, content) } }),
});

/** After the content of an object whose checksum was of that algorithm. */
const readTo = (content: Buffer, algorithm: CrcAlgorithm | null): Checkpoint =>
  changed(firstCheckpoint('b/k', 'k', { size: content.length, etag: '"old"', lastModified: 1 }, 'plain', 'logs'), {
    offset: content.length,
    size: content.length,
    whole: true,
    crc64: sumOf('CRC64NVME', content),
    crc32: algorithm === null || algorithm === 'CRC64NVME' ? null : { algorithm, value: sumOf(algorithm, content) },
    fingerprint: hashing.sha256(content.subarray(-64 * KiB)),
  });

/** Reads the object in chunks of this size, like the log reader. */
const prove = (checkpoint: Checkpoint, content: Buffer, object: SourceObject, chunkSize = 64 * KiB): Verification => {
  const proof = createProof(checkpoint, object, hashing);
  for (let at = resumptionOf(checkpoint).from; at < content.length; at += chunkSize) {
    proof.push(content.subarray(at, at + chunkSize));
  }
  return proof.verify();
};

const old = Buffer.alloc(200 * KiB, 'bytes read before..... ');
const appended = Buffer.concat([old, Buffer.from('more\n')]);
/** One changed byte outside the fingerprint, and one inside. */
const changedEarly = Buffer.from(appended);
changedEarly[5] = 0;
const changedLate = Buffer.from(appended);
changedLate[old.length - 5] = 0;

type Outcome = Verification['outcome'];

describe('the proof of an append', () => {
  test.each<[string, CrcAlgorithm | null, CrcAlgorithm | null, Outcome, Outcome, Outcome]>([
    ['the CRC64NVME, which is always kept', null, 'CRC64NVME', 'proven', 'disproved', 'disproved'],
    ['CRC64NVME when another was kept', 'CRC32C', 'CRC64NVME', 'proven', 'disproved', 'disproved'],
    ['the CRC32 that is kept beside it', 'CRC32', 'CRC32', 'proven', 'disproved', 'disproved'],
    ['the CRC32C that is kept beside it', 'CRC32C', 'CRC32C', 'proven', 'disproved', 'disproved'],
    [
      'the preceding bytes when the store keeps no checksum',
      'CRC32C',
      null,
      'fingerprintMatch',
      'fingerprintMatch',
      'disproved',
    ],
    [
      'the preceding bytes when no checksum was kept',
      null,
      'CRC32',
      'fingerprintMatch',
      'fingerprintMatch',
      'disproved',
    ],
    [
      'the preceding bytes when the algorithm differs',
      'CRC32C',
      'CRC32',
      'fingerprintMatch',
      'fingerprintMatch',
      'disproved',
    ],
    [
      'the preceding bytes when the algorithm changed back',
      'CRC32',
      'CRC32C',
      'fingerprintMatch',
      'fingerprintMatch',
      'disproved',
    ],
  ])('uses %s', (_, before, now, ofAppended, ofChangedEarly, ofChangedLate) => {
    const checkpoint = readTo(old, before);
    expect(prove(checkpoint, appended, objectOf(appended, now)).outcome).toBe(ofAppended);
    expect(prove(checkpoint, changedEarly, objectOf(changedEarly, now)).outcome).toBe(ofChangedEarly);
    expect(prove(checkpoint, changedLate, objectOf(changedLate, now)).outcome).toBe(ofChangedLate);
  });

  it('uses the preceding bytes when the CRC64NVME of the bytes read is unknown', () => {
    const unknown = changed(readTo(old, null), { crc64: null });
    expect(prove(unknown, appended, objectOf(appended, 'CRC64NVME')).outcome).toBe('fingerprintMatch');
    expect(prove(unknown, changedLate, objectOf(changedLate, 'CRC64NVME')).outcome).toBe('disproved');
  });

  it.each<[string, Buffer, Buffer, CrcAlgorithm | null, Verification['by']]>([
    ['the checksum', old, appended, 'CRC64NVME', 'checksum'],
    ['the checksum, also against it', old, changedEarly, 'CRC64NVME', 'checksum'],
    ['the fingerprint', old, appended, null, 'fingerprint'],
    ['the fingerprint, also against it', old, changedLate, null, 'fingerprint'],
    ['no byte, before any was read', Buffer.alloc(0), appended, null, 'checksum'],
  ])('says what decided: %s', (_, before, content, algorithm, by) => {
    expect(prove(readTo(before, null), content, objectOf(content, algorithm)).by).toBe(by);
  });

  it('needs no CRC64NVME when the object has another checksum', () => {
    const unknown = changed(readTo(old, 'CRC32C'), { crc64: null });
    expect(prove(unknown, appended, objectOf(appended, 'CRC32C')).outcome).toBe('proven');
    expect(prove(unknown, changedEarly, objectOf(changedEarly, 'CRC32C')).outcome).toBe('disproved');
  });

  it('uses the preceding bytes when the object has an unexpected length', () => {
    const longer = { ...objectOf(appended, 'CRC64NVME'), size: appended.length + 1 };
    expect(prove(readTo(old, null), appended, longer).outcome).toBe('fingerprintMatch');
    expect(prove(readTo(old, null), changedLate, longer).outcome).toBe('disproved');
  });

  it('fails for an object that is shorter than the bytes read', () => {
    const short = old.subarray(0, -1);
    expect(prove(readTo(old, null), short, objectOf(short, 'CRC64NVME')).outcome).toBe('disproved');
    expect(prove(readTo(old, null), short, objectOf(short, null)).outcome).toBe('disproved');
  });

  it('holds for the same content under another ETag without further bytes', () => {
    expect(prove(readTo(old, null), old, objectOf(old, 'CRC64NVME')).outcome).toBe('proven');
    expect(prove(readTo(old, null), old, objectOf(old, null)).outcome).toBe('fingerprintMatch');
  });

  it('proves any object when nothing was read before', () => {
    const nothing = readTo(Buffer.alloc(0), null);
    expect(prove(nothing, appended, objectOf(appended, null)).outcome).toBe('proven');
    expect(prove(changed(nothing, { crc64: null }), appended, objectOf(appended, 'CRC32')).outcome).toBe('proven');
  });

  it('returns proven for appends only, for every algorithm and any chunks', () => {
    const letters = fc
      .array(fc.constantFrom('a', 'b', '\n'), { maxLength: 20 })
      .map((all) => Buffer.from(all.join('')));
    const algorithm = fc.constantFrom<CrcAlgorithm>('CRC64NVME', 'CRC32', 'CRC32C');
    fc.assert(
      fc.property(letters, letters, algorithm, fc.integer({ min: 1, max: 7 }), (before, now, kept, chunkSize) => {
        fc.pre(now.length >= before.length);
        const isAppend = now.subarray(0, before.length).equals(before);
        const checkpoint = readTo(before, kept);
        expect(prove(checkpoint, now, objectOf(now, kept), chunkSize).outcome).toBe(isAppend ? 'proven' : 'disproved');
        const yes = before.length === 0 ? 'proven' : 'fingerprintMatch';
        expect(prove(checkpoint, now, objectOf(now, null), chunkSize).outcome).toBe(isAppend ? yes : 'disproved');
      }),
    );
  });

  it('sums a suffix of several mebibytes piece by piece', () => {
    const large = Buffer.concat([old, Buffer.alloc(3 * KiB * KiB + 17, 'suffix ')]);
    for (const algorithm of ['CRC64NVME', 'CRC32', 'CRC32C'] as const) {
      expect(prove(readTo(old, algorithm), large, objectOf(large, algorithm)).outcome).toBe('proven');
    }
  });

  it('verifies by the preceding bytes alone as soon as they have arrived', () => {
    const object = objectOf(appended, 'CRC64NVME');
    const verifyEarly = (content: Buffer): Outcome => {
      const proof = createProof(readTo(old, null), object, hashing);
      const { from } = resumptionOf(readTo(old, null));
      proof.push(content.subarray(from, old.length - 1));
      expect(proof.knowsFingerprint).toBe(false);
      proof.push(content.subarray(old.length - 1, old.length));
      expect(proof.knowsFingerprint).toBe(true);
      return proof.verify().outcome;
    };
    expect(verifyEarly(appended)).toBe('fingerprintMatch');
    expect(verifyEarly(changedEarly)).toBe('fingerprintMatch');
    expect(verifyEarly(changedLate)).toBe('disproved');
  });

  it('may be evaluated early and again at the end', () => {
    const proof = createProof(readTo(old, null), objectOf(changedEarly, 'CRC64NVME'), hashing);
    proof.push(changedEarly.subarray(resumptionOf(readTo(old, null)).from, old.length));
    expect(proof.verify().outcome).toBe('fingerprintMatch');
    proof.push(changedEarly.subarray(old.length));
    expect(proof.verify().outcome).toBe('disproved');
  });

  it('needs no byte for the fingerprint of nothing', () => {
    expect(createProof(readTo(Buffer.alloc(0), null), objectOf(old, null), hashing).knowsFingerprint).toBe(true);
  });
});

describe('the proof by rereading', () => {
  const reprove = (
    checkpoint: Checkpoint,
    content: Buffer,
    object: SourceObject,
    chunkSize = 64 * KiB,
  ): ReturnType<ReturnType<typeof createReproof>['verify']> => {
    const reproof = createReproof(checkpoint, object, hashing);
    for (let at = 0; at < content.length; at += chunkSize) {
      expect(reproof.isComplete).toBe(at >= checkpoint.position.size);
      reproof.push(content.subarray(at, at + chunkSize));
    }
    expect(reproof.isComplete).toBe(content.length >= checkpoint.position.size);
    return reproof.verify();
  };

  test.each<[string, Buffer, Outcome]>([
    ['proves an append', appended, 'proven'],
    ['proves the same content', old, 'proven'],
    ['disproves a changed byte outside the fingerprint', changedEarly, 'disproved'],
    ['disproves a changed byte before the end', changedLate, 'disproved'],
    ['disproves shorter content', old.subarray(0, -1), 'disproved'],
    ['disproves empty content', Buffer.alloc(0), 'disproved'],
  ])('%s', (_, content, outcome) => {
    for (const algorithm of [null, 'CRC64NVME', 'CRC32'] as const) {
      expect(reprove(readTo(old, null), content, objectOf(content, algorithm)).outcome).toBe(outcome);
    }
  });

  it('disproves shorter content even when its checksum is equal by chance', () => {
    const chance = changed(readTo(old, null), { size: old.length + 1 });
    expect(reprove(chance, old, objectOf(old, null)).outcome).toBe('disproved');
  });

  it('skips the bytes after those read before', () => {
    expect(reprove(readTo(old, null), appended, objectOf(appended, null), 4 * KiB * KiB).outcome).toBe('proven');
    expect(reprove(readTo(old, null), appended, objectOf(appended, null), 1_001).outcome).toBe('proven');
  });

  it('gives the checksum of the bytes read by the algorithm of the object', () => {
    for (const algorithm of ['CRC32', 'CRC32C'] as const) {
      for (const before of [null, 'CRC32', 'CRC32C'] as const) {
        const { crc32 } = reprove(readTo(old, before), appended, objectOf(appended, algorithm), 1_001);
        expect(crc32).toEqual({ algorithm, value: sumOf(algorithm, old) });
      }
    }
  });

  it('keeps the stored checksum when the object has only CRC64NVME', () => {
    const checkpoint = readTo(old, 'CRC32C');
    expect(reprove(checkpoint, appended, objectOf(appended, null)).crc32).toEqual(checkpoint.identity.crc32);
    expect(reprove(checkpoint, appended, objectOf(appended, 'CRC64NVME')).crc32).toEqual(checkpoint.identity.crc32);
  });

  it('proves any content when nothing was read before', () => {
    const nothing = readTo(Buffer.alloc(0), null);
    expect(reprove(nothing, appended, objectOf(appended, 'CRC32'))).toEqual({
      outcome: 'proven',
      crc32: { algorithm: 'CRC32', value: '00000000' },
    });
  });
});

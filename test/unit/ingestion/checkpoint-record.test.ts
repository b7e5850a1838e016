import { initialRecognition, type Recognition } from '../../../src/lines/recognition';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  dateOrders,
  evidences,
  initialReadingState,
  type ReadingState,
  type DedupMark,
} from '../../../src/lines/reading-state';
import { emptySketch, noRun, type SketchLevel, type SketchState } from '../../../src/lines/repeats/sketch';
import { SketchBuilder } from '../../../src/lines/repeats/sketch-builder';
import { linesOf } from '../../support/lines';
import { changed, type CheckpointChange } from '../../support/ingestion/checkpoints';
import { quarantineReasons, type Checkpoint } from '../../../src/ingestion/checkpoint';
import { bucketKey, encodeBucketRecord } from '../../../src/ingestion/bucket-record';
import { decodeCheckpoint, decodeRecognition, encodeCheckpoint } from '../../../src/ingestion/checkpoint-record';
import { firstCheckpoint } from '../../../src/ingestion/generations';
import { isTrimmed, trimmed } from '../../../src/ingestion/progress';

const bytes = (size: fc.SizeForArbitrary, range: { minLength?: number; maxLength?: number }): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ ...range, size }).map((array) => Buffer.from(array));
const hex = (digits: number): fc.Arbitrary<string> =>
  bytes('max', { minLength: digits / 2, maxLength: digits / 2 }).map((some) => some.toString('hex'));
const orNull = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null });

const count = fc.integer({ min: 0, max: 2 ** 52 });
const time = fc.integer({ min: -1e14, max: 1e14 });
const day = fc.integer({ min: -1e6, max: 1e6 });
/** Real values, and values that could be confused with others in the record. */
const etag = fc.oneof(
  hex(32).map((digits) => `"${digits}"`),
  fc.string(),
  fc.string().map((text) => `"${text}"`),
  fc.constantFrom('', '"', '""', '=', '"="', '"=a"', '=a', 'a', '"a', 'W/"a"', '"a"b"'),
);
const mark: fc.Arbitrary<DedupMark> = fc.record({
  time,
  hashes: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 5 }),
});

const shownLine = fc.record({ line: count, text: fc.string() });
const recognition: fc.Arbitrary<Recognition> = fc.oneof(
  fc.constant(initialRecognition),
  fc
    .record({
      ...{
        lines: fc.integer({ min: 1, max: 1e9 }),
        unparsed: count,
        first: orNull(shownLine),
        distant: count,
        stray: count,
      },
      firstStray: orNull(shownLine),
      run: orNull(fc.record({ lines: count, streak: count, followsTrace: fc.boolean(), first: orNull(shownLine) })),
    })
    .map((some) => (some.unparsed === 0 ? { ...some, first: null } : some)),
);
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const sketch: fc.Arbitrary<SketchState> = fc.oneof(
  fc.constant(emptySketch),
  fc.record({
    lastRecord: uint32,
    levels: fc.tuple(...emptySketch.levels.map((_, level) => sketchLevel(level))),
    earlierEnds: fc.tuple(...emptySketch.levels.map(() => count)),
  }),
);
function sketchLevel(level: number): fc.Arbitrary<SketchLevel> {
  const entry = level === 0 ? uint32 : fc.integer({ min: 0, max: 2 ** 48 - 1 });
  const run = fc.record({
    low: uint32,
    high: fc.integer({ min: 0, max: 65_535 }),
    length: fc.integer({ min: 1, max: 64 }),
  });
  return fc.oneof(
    fc.constant({ end: 0, blocks: 0, recent: [], open: noRun }),
    fc.record({
      end: count.filter((end) => end > 0),
      blocks: count,
      recent: fc.array(entry),
      open: fc.oneof(fc.constant(noRun), run),
    }),
  );
}

/** Consistent timestamps as from a scanner, and inconsistent ones. */
const reading: fc.Arbitrary<ReadingState> = fc
  .record({
    format: orNull(fc.string()),
    day: orNull(day),
    lastTime: orNull(time),
    crossing: orNull(fc.record({ day, time })),
    shown: orNull(
      fc.record({
        evidence: fc.constantFrom(...evidences),
        dateOrder: fc.constantFrom(null, ...dateOrders),
        partialStreams: fc.nat({ max: 3 }),
        awaitsLevel: fc.boolean(),
        streamOrder: fc.nat({ max: 31 }),
        hasLevelColumn: fc.boolean(),
      }),
    ),
    uploaded: time,
    record: orNull(fc.record({ time, again: fc.boolean(), future: fc.boolean() })),
    firstTimestamp: orNull(fc.string()),
    firstDay: orNull(day),
    newest: orNull(time),
    earlierNewest: orNull(time),
    sketch,
    unsketched: orNull(mark),
    earlier: orNull(mark),
    before: orNull(fc.record({ firstTimestamp: fc.string(), firstDay: day })),
    columns: orNull(
      fc.record({
        date: fc.integer({ min: -1, max: 250 }),
        time: fc.integer({ min: -1, max: 250 }),
        timestamp: fc.integer({ min: -1, max: 250 }),
        status: fc.integer({ min: -1, max: 250 }),
        isLocal: fc.boolean(),
        day: orNull(day),
      }),
    ),
    openCut: fc.constantFrom(null, 'head' as const, 'tail' as const),
    recognition,
  })
  .chain((state) =>
    fc.record({ isOfNewest: fc.boolean(), isOfLastTime: fc.boolean() }).map(({ isOfNewest, isOfLastTime }) => ({
      ...state,
      ...(isOfNewest && state.newest !== null && state.record !== null
        ? { record: { ...state.record, time: state.newest } }
        : {}),
      ...(isOfLastTime && state.lastTime !== null
        ? { day: Math.floor(state.lastTime / 86_400_000), firstDay: Math.floor(state.lastTime / 86_400_000) }
        : {}),
    })),
  )
  .map((state) => ({ ...state, uploaded: state.day === null ? null : state.uploaded }));

const checkpoints: fc.Arbitrary<Checkpoint> = fc
  .record({
    source: fc.string({ unit: 'grapheme' }),
    origin: fc.string({ unit: 'grapheme' }),
    topic: fc.oneof(fc.constant('logs'), fc.string({ unit: 'grapheme' })),
    generation: count,
    encoding: fc.constantFrom('plain', 'gzip', 'zstd'),
    etag,
    versionId: orNull(fc.string()),
    lastModified: time,
    whole: fc.boolean(),
    crc64: orNull(hex(16)),
    crc32: orNull(fc.record({ algorithm: fc.constantFrom('CRC32', 'CRC32C'), value: hex(8) })),
    fingerprint: bytes('max', { minLength: 32, maxLength: 32 }).map((some) => some.toString('base64')),
    proof: fc.constantFrom('first', 'proven', 'fingerprint'),
    held: bytes('small', {}).map((some) => some.toString('base64')),
    heldSince: orNull(time),
    format: reading,
    possibleGap: count,
    pendingGap: orNull(fc.oneof(fc.constant(0), count)),
    quarantine: orNull(
      fc.record({
        etag,
        size: count,
        versionId: orNull(fc.string()),
        lastModified: count,
        reason: fc.constantFrom(...quarantineReasons),
      }),
    ),
    ended: orNull(time),
    sizes: fc.record({ offset: count, tail: fc.constantFrom(0, 1, 1e6), isStoredSo: fc.boolean(), stored: count }),
    sums: fc.record({ isUsual: fc.boolean(), published: count, dropped: count, skipped: count }),
  })
  .map(({ sizes: { offset, tail, isStoredSo, stored }, sums: { isUsual, ...sums }, ...rest }) =>
    changed(firstCheckpoint('', '', { size: 0, etag: '', lastModified: 0 }, 'plain', 'logs'), {
      ...rest,
      offset,
      size: offset + tail,
      objectSize: isStoredSo ? offset + tail : stored,
      sums: isUsual ? { published: offset, dropped: 0, skipped: 0 } : sums,
    }),
  );

interface RecordBefore {
  readonly checkpoint: Omit<Checkpoint, 'topic' | 'format'> & {
    readonly format: Omit<ReadingState, 'uploaded' | 'newest' | 'recognition'> & { readonly newest: DedupMark | null };
  };
  readonly key: string;
  readonly value: string;
}

/** One line per checkpoint of the previous version: its fields and its record. */
const before = readFileSync(join(__dirname, 'checkpoint-records.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as RecordBefore);

describe('checkpoint record of the version before', () => {
  it.each(before.map((record, i) => [i, record] as const))(
    'is decoded, and so is what it is encoded to (%i)',
    (_, record) => {
      const { key, value } = record;
      const { format, identity } = record.checkpoint;
      // That version knew only topic `logs`, only records with timestamps, no columns, and no sketch, and counted no lines. It had
      // read all lines of an object before those of the next one.
      const uploaded = format.day === null ? null : identity.lastModified;
      const { newest } = format;
      const none = { columns: null, shown: null, earlierNewest: null, sketch: emptySketch };
      const checkpoint = {
        ...record.checkpoint,
        topic: 'logs',
        format: {
          ...format,
          ...none,
          newest: newest?.time ?? null,
          unsketched: newest,
          uploaded,
          recognition: initialRecognition,
        },
      };
      const decoded = decodeCheckpoint(Buffer.from(key), Buffer.from(value));
      expect(decoded).toEqual(checkpoint);
      const encoded = encodeCheckpoint(checkpoint);
      expect(encoded.key.toString()).toBe(key);
      expect(decodeCheckpoint(encoded.key, encoded.value)).toEqual(checkpoint);
    },
  );
});

describe('checkpoint record', () => {
  it('has the source as its key, and decodes to the same checkpoint', () => {
    fc.assert(
      fc.property(checkpoints, (checkpoint) => {
        const { key, value } = encodeCheckpoint(checkpoint);
        expect(key.toString('utf8')).toBe(checkpoint.source);
        expect(decodeCheckpoint(key, value)).toEqual(checkpoint);
      }),
      { numRuns: 1_000 },
    );
  });

  it('decodes a tombstone to null', () => {
    expect(decodeCheckpoint(Buffer.from('b/k'), null)).toBeNull();
  });
});

const lastModified = Date.UTC(2026, 10, 21, 12);
const size = 123_456_789;

/** A source read to its end every minute. */
const typical: Checkpoint = changed(
  firstCheckpoint(
    'bucket/logs/host-17/application.2026-11-21.log',
    'host-17',
    { size, etag: `"${'e'.repeat(33)}"`, lastModified, versionId: 'v'.repeat(32) },
    'plain',
    'logs',
  ),
  {
    offset: size,
    size,
    whole: true,
    proof: 'proven',
    sums: { published: size, dropped: 0, skipped: 0 },
    format: {
      ...initialReadingState,
      format: 'date-time',
      record: { time: lastModified - 59_999, again: false, future: false },
      recognition: { ...initialRecognition, lines: 1_234_567 },
      newest: lastModified - 59_999,
      sketch: sketchOf(200),
    },
  },
);

/** The sketch of some lines. */
function sketchOf(lines: number): SketchState {
  const builder = new SketchBuilder(emptySketch);
  builder.add(linesOf(Array.from({ length: lines }, (_, i) => ({ time: 0, text: `2026-11-21 12:00:00 INFO ${i}` }))));
  return builder.state();
}

describe('decodeRecognition', () => {
  const run = { lines: 30, streak: 30, followsTrace: false, first: { line: 2, text: 'stray' } };
  const poor: Recognition = { ...initialRecognition, lines: 60, unparsed: 16, first: { line: 1, text: 'odd' }, run };
  const recordOf = (change: CheckpointChange): { key: Buffer; value: Buffer } =>
    encodeCheckpoint(changed(typical, change));
  const format = { ...typical.format, recognition: poor };

  it('gives the recognition of a checkpoint, as if its file ended there', () => {
    const { key, value } = recordOf({ format });
    expect(decodeRecognition(key, value)).toEqual({ ...poor, stray: 30, firstStray: run.first, run: null });
  });

  it('reads what earlier previews wrote', () => {
    const { key } = recordOf({});
    const of = (u: unknown): Recognition | null =>
      decodeRecognition(key, Buffer.from(JSON.stringify({ v: 2, r: { u } })));
    expect(of([60])).toEqual({ ...initialRecognition, lines: 60 });
    expect(of([60, 16, 1, 'odd'])).toEqual({ ...poor, run: null });
  });

  it('gives null for an ended source, a tombstone, a bucket, another version, and any other record', () => {
    const { key, value } = recordOf({ format, ended: 1 });
    const bucket = encodeBucketRecord({ bucket: 'b', firstListed: 0 }).value;
    expect(decodeRecognition(key, value)).toBeNull();
    expect(decodeRecognition(key, null)).toBeNull();
    expect(decodeRecognition(Buffer.from(bucketKey('b')), bucket)).toBeNull();
    for (const text of ['{"v":3,"r":{"u":[1]}}', '{"v":2}', '{"v":2,"r":{"u":7}}', '[', '']) {
      expect(decodeRecognition(key, Buffer.from(text))).toBeNull();
    }
  });
});

describe('size of a trimmed checkpoint', () => {
  const lengthOf = (change: CheckpointChange): number => {
    const { checkpoint } = trimmed(changed(typical, change));
    expect(isTrimmed(checkpoint)).toBe(true);
    return encodeCheckpoint(checkpoint).value.length;
  };
  const timeOnly: ReadingState = {
    ...typical.format,
    format: 'time',
    day: Date.UTC(2026, 10, 21) / 86_400_000,
    lastTime: lastModified - 59_999,
    firstTimestamp: '00:00:00.000',
    firstDay: Date.UTC(2026, 10, 21) / 86_400_000,
    uploaded: lastModified,
  };
  const longAgo = Date.UTC(2005, 10, 21, 12);

  test.each<[string, CheckpointChange, number]>([
    ['with dated timestamps', {}, 315],
    ['after one read', { proof: 'first' }, 315],
    [
      'of a rewritten log before its first record',
      { versionId: null, generation: 1, possibleGap: 1, pendingGap: 0 },
      315,
    ],
    ['with the longest format name', { format: { ...typical.format, format: 'apache-error' } }, 315],
    ['with time-only timestamps', { format: timeOnly }, 335],
    [
      'with time-only timestamps in another zone',
      { format: { ...timeOnly, lastTime: lastModified + 43_140_001 } },
      335,
    ],
    [
      'with timestamps long before the upload',
      {
        format: {
          ...timeOnly,
          day: longAgo / 86_400_000 - 0.5,
          firstDay: longAgo / 86_400_000 - 0.5,
          lastTime: longAgo,
          record: { time: longAgo, again: false, future: false },
          newest: longAgo,
        },
      },
      335,
    ],
    [
      'of a rewritten log with time-only timestamps',
      {
        generation: 1,
        format: {
          ...timeOnly,
          earlierNewest: typical.format.newest,
          before: { firstTimestamp: '00:00:00.000', firstDay: 20_000 },
        },
      },
      375,
    ],
  ])('%s', (_, change, limit) => {
    expect(lengthOf(change)).toBeLessThanOrEqual(limit);
  });
});

describe('invalid checkpoint record', () => {
  const { key, value } = encodeCheckpoint(
    changed(typical, {
      offset: size - 2,
      held: Buffer.from('tw').toString('base64'),
      crc32: { algorithm: 'CRC32C', value: '0123abcd' },
      quarantine: { etag: '"b"', size: 5, versionId: 'v2', lastModified: 7, reason: 'utf-16' },
      sums: { published: size - 4, dropped: 1, skipped: 1 },
      format: {
        ...typical.format,
        crossing: { day: 1, time: 2 },
        record: { time: 7, again: true, future: false },
        before: { firstTimestamp: '', firstDay: 0 },
      },
    }),
  );
  const fields = JSON.parse(value.toString('utf8')) as Record<string, unknown> & { readonly r: object };
  const withFields = (change: object): Buffer => Buffer.from(JSON.stringify({ ...fields, ...change }));
  const withReading = (change: object): Buffer => withFields({ r: { ...fields.r, ...change } });
  const refusal = (bytes: Buffer): unknown => {
    try {
      return decodeCheckpoint(key, bytes);
    } catch (error) {
      return error;
    }
  };

  it.each<[string, object]>([
    ['a CRC64NVME with more before it', { c: `x${'0'.repeat(16)}` }],
    ['a CRC64NVME with more after it', { c: `${'0'.repeat(16)}x` }],
    ['a fingerprint with more before it', { f: `-${'A'.repeat(43)}` }],
    ['a fingerprint with more after it', { f: `${'A'.repeat(43)}-` }],
    ['a CRC32C with more before it', { k: 'xCRC32C:0123abcd' }],
    ['a CRC32C with more after it', { k: 'CRC32C:0123abcdx' }],
    ['an encoding that is not known', { z: 99 }],
  ])('is refused with %s', (_, change) => {
    expect(refusal(withFields(change))).toMatchObject({ code: 'CORRUPT_CHECKPOINT' });
  });

  it('says which numbers of encodings are known', () => {
    expect(refusal(withFields({ z: 99 }))).toMatchObject({
      message: expect.stringMatching(/z must be the number of an encoding, below \d+/) as string,
      cause: expect.any(Error) as Error,
    });
  });

  it.each([
    ['all bytes were published', { published: size - 2, dropped: 0, skipped: 0 }],
    ['some were dropped', { published: size - 2, dropped: 1, skipped: 0 }],
    ['some were skipped', { published: size - 2, dropped: 0, skipped: 1 }],
    ['the sums are less', { published: size - 3, dropped: 0, skipped: 0 }],
  ])('keeps the sums as they are, where %s', (_, sums) => {
    const checkpoint = changed(typical, { offset: size - 2, held: Buffer.from('tw').toString('base64'), sums });
    const record = encodeCheckpoint(checkpoint);
    expect(decodeCheckpoint(record.key, record.value)?.position.sums).toEqual(sums);
  });

  it('ignores unknown fields', () => {
    expect(decodeCheckpoint(key, withFields({ later: 1 }))).toEqual(decodeCheckpoint(key, value));
  });

  it('is refused with a sentence that names the source, the version and the remedy', () => {
    const v1 = { v: 1, source: 'b/k', origin: 'k', generation: 0, offset: 0, size: 0 };
    expect(refusal(Buffer.from(JSON.stringify(v1)))).toMatchObject({
      code: 'CORRUPT_CHECKPOINT',
      message:
        'The checkpoint of "bucket/logs/host-17/application.2026-11-21.log" cannot be read: its version is 1, only 2 is ' +
        'known here. The source is not read further; run the version of Telltale that wrote it.',
    });
  });

  test.each<[string, Buffer, string]>([
    ['invalid JSON', Buffer.from('{'), 'JSON'],
    ['nothing', Buffer.alloc(0), 'JSON'],
    ['not an object', Buffer.from('[]'), 'it is not an object'],
    ['null', Buffer.from('null'), 'it is not an object'],
    ['without a version', withFields({ v: undefined }), 'its version is undefined'],
    ['of a later version', withFields({ v: 3 }), 'its version is 3'],
    ['without an origin', withFields({ o: undefined }), 'o is not text'],
    ['with a topic by number', withFields({ t: 5 }), 't is not text'],
    ['of generation -1', withFields({ g: -1 }), 'g is not a count'],
    ['without a size', withFields({ n: undefined }), 'n is not a number'],
    ['of a size in text', withFields({ n: '5' }), 'n is not'],
    ['after its end', withFields({ at: size + 1 }), `offset ${size + 1} lies after size ${size}`],
    ['at a negative offset', withFields({ at: -1 }), 'at is not a count'],
    ['at half a byte', withFields({ at: 3.5 }), 'at is not a count'],
    ['at a byte that cannot be counted', withFields({ n: 2 ** 53 }), 'n is not a count'],
    ['without an ETag', withFields({ e: undefined }), 'e is not text'],
    ['with a version of numbers', withFields({ i: 5 }), 'i is not text'],
    ['without a time', withFields({ m: null }), 'm is not a number'],
    ['of an object without a size', withFields({ s: 'x' }), 's is not'],
    ['with a short CRC64NVME', withFields({ c: '0123' }), 'c does not match'],
    ['with a CRC64NVME in capitals', withFields({ c: 'ABCDEF0123456789' }), 'c does not match'],
    ['with a CRC of another algorithm', withFields({ k: 'CRC16:01234567' }), 'k does not match'],
    ['with a CRC32 of 64 bits', withFields({ k: 'CRC32:0123456701234567' }), 'k does not match'],
    ['without a fingerprint', withFields({ f: undefined }), 'f is not text'],
    ['with a fingerprint of another length', withFields({ f: 'abc' }), 'f does not match'],
    ['with a proof of its own', withFields({ p: 3 }), 'p must be the number of a proof'],
    ['with a tail that is not base64', withFields({ h: '?' }), 'h does not match'],
    ['with a tail held since yesterday', withFields({ hs: 'yesterday' }), 'hs is not a number'],
    ['with sums of text', withFields({ b: ['1', 2, 3] }), '0 is not'],
    ['with a sum left out', withFields({ b: [1, 2] }), '2 is not'],
    ['with sums by name', withFields({ b: { published: 1 } }), 'b is not a list'],
    ['with half a gap', withFields({ x: 0.5 }), 'x is not a count'],
    ['with a gap before its first byte', withFields({ u: -1 }), 'u is not a count'],
    [
      'with an unknown reason of its quarantine',
      withFields({ q: ['"b"', 5, 'dislike', 7, null] }),
      '2 must be one of gzip-corrupt',
    ],
    ['with a quarantine of no object', withFields({ q: [5, 5, 'denied', 7, null] }), '0 is not text'],
    ['ended in text', withFields({ d: 'now' }), 'd is not a number'],
    ['without a reading state', withFields({ r: undefined }), 'r is not an object'],
    ['with a format by number', withReading({ f: 1 }), 'f is not text'],
    ['with a day in text', withReading({ d: '1' }), 'd is not a number'],
    ['with a last time in text', withReading({ t: '1' }), 't is not a number'],
    ['with half a crossing', withReading({ x: [1] }), '1 is not a number'],
    ['with a record without flags', withReading({ r: [1] }), '1 is not'],
    ['with a record of no time', withReading({ r: [null, 0] }), '0 is not a number'],
    ['with a hash of text', withReading({ n: [1, 'a'] }), '1 is not'],
    ['with a newest stamp of no time', withReading({ n: [] }), '0 is not a number'],
    ['with an earlier stamp by name', withReading({ y: { time: 1 } }), 'y is not a list'],
    ['with half of `before`', withReading({ p: ['00:00:00.000'] }), '1 is not a number'],
    ['with a cut of its own', withReading({ c: 'middle' }), 'c must be one of head, tail'],
  ])('%s', (_, bytes, reason) => {
    expect(refusal(bytes)).toMatchObject({
      code: 'CORRUPT_CHECKPOINT',
      message: expect.stringContaining(reason) as string,
    });
  });
});

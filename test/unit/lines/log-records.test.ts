import { crc32c as nodeCrc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { isTelltaleError } from '../../../src/errors';
import { Level, LineFlag, lineAt, type LineBatch } from '../../../src/lines/line-batch';
import { decodeLines, encodeLines, maxEncodedSize } from '../../../src/lines/log-records';
import { decodeBatch, encodeRecords, withAppendTime, withBaseOffset } from '../../../src/records/record-batch';

const crc32c = (bytes: Buffer): number => nodeCrc32c(bytes);

interface Line {
  readonly text: Buffer;
  readonly offset: number;
  readonly time: number;
  readonly level: number;
  readonly flags: number;
  readonly length?: number;
}

function batchOf(
  lines: readonly Line[],
  about: { source?: string; origin?: string; generation?: number } = {},
): LineBatch {
  const ends = lines.map((_, i) => lines.slice(0, i + 1).reduce((sum, { text }) => sum + text.length + 1, 0) - 1);
  return {
    source: about.source ?? 'logs/host-1/app.log',
    origin: about.origin ?? 'host-1',
    generation: about.generation ?? 0,
    count: lines.length,
    bytes: Buffer.concat(lines.flatMap(({ text }) => [text, Buffer.from('\n')])),
    starts: Uint32Array.from(lines.map(({ text }, i) => (ends[i] ?? 0) - text.length)),
    ends: Uint32Array.from(ends),
    offsets: Float64Array.from(lines.map(({ offset }) => offset)),
    times: Float64Array.from(lines.map(({ time }) => time)),
    levels: Uint8Array.from(lines.map(({ level }) => level)),
    flags: Uint8Array.from(lines.map(({ flags }) => flags)),
    lengths: new Map(lines.flatMap(({ length }, i) => (length === undefined ? [] : [[i, length] as const]))),
  };
}

function linesOf(batch: LineBatch): Line[] {
  return Array.from({ length: batch.count }, (_, i) => {
    const length = batch.lengths.get(i);
    return {
      text: Buffer.from(lineAt(batch, i)),
      offset: batch.offsets[i] ?? -1,
      time: batch.times[i] ?? -1,
      level: batch.levels[i] ?? -1,
      flags: batch.flags[i] ?? -1,
      ...(length === undefined ? {} : { length }),
    };
  });
}

const cutFlag = fc.constantFrom(0, 0, 0, LineFlag.CUT_HEAD, LineFlag.CUT_TAIL, LineFlag.CUT_REST);
const line: fc.Arbitrary<Line> = fc
  .record({
    text: fc.oneof(fc.uint8Array({ maxLength: 150 }), fc.uint8Array({ minLength: 390, maxLength: 410 })),
    offset: fc.oneof(fc.maxSafeNat(), fc.nat({ max: 1e10 }), fc.constantFrom(0, 9, 10, 999_999_999, 1_000_000_000)),
    time: fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.constantFrom(-3_600_000, 0, 999_999_999_999, 1e12, 1e13)),
    level: fc.integer({ min: Level.ERROR, max: Level.RAW }),
    cut: cutFlag,
    rare: fc.constantFrom(0, 0, LineFlag.AGAIN, LineFlag.FUTURE, LineFlag.AGAIN | LineFlag.FUTURE),
    gap: fc.constantFrom(0, 0, 0, LineFlag.GAP),
    length: fc.option(fc.maxSafeNat(), { nil: undefined, freq: 5 }),
  })
  .map(({ text, cut, rare, gap, length, ...rest }) => ({
    ...rest,
    text: Buffer.from(text),
    flags: cut | rare | gap,
    ...(length === undefined ? {} : { length }),
  }));
const about = fc.record({
  source: fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' }),
  origin: fc.string({ maxLength: 20, unit: 'grapheme' }),
  generation: fc.nat({ max: 1000 }),
});

describe('records of logs', () => {
  it('contain line, key and headers as other tools read them', () => {
    const flags = LineFlag.CUT_HEAD | LineFlag.AGAIN | LineFlag.FUTURE;
    const { GAP } = LineFlag;
    const lines = [
      { text: Buffer.from('22:43 boom'), offset: 138, time: 1_633_646_593_379, level: Level.ERROR, flags: GAP },
      { text: Buffer.from('at x'), offset: 150, time: 1_633_646_593_379, level: Level.CONT, flags, length: 900_000 },
    ];
    const batch = encodeLines(batchOf(lines, { generation: 2 }), 1_700_000_000_000, crc32c);
    const readable = decodeBatch(batch, 0, crc32c).map(({ key, value, headers, ...rest }) => ({
      ...rest,
      key: key?.toString(),
      value: value?.toString(),
      headers: Object.fromEntries(headers.map(([name, bytes]) => [name, bytes.toString()])),
    }));
    const common = { timestamp: 1_700_000_000_000, key: 'logs/host-1/app.log' };
    const headers = { origin: 'host-1', time: '1633646593379' };
    expect(readable).toEqual([
      {
        ...common,
        offset: 0,
        value: '22:43 boom',
        headers: { ...headers, level: 'ERROR', at: '2:138', gap: 'possible' },
      },
      {
        ...common,
        offset: 1,
        value: 'at x',
        headers: { ...headers, level: 'CONT', at: '2:150', cut: 'head', length: '900000', again: '1', clock: 'future' },
      },
    ]);
  });

  it('decode to the same lines, within the predicted size', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 100 }), about, fc.nat({ max: 4e12 }), (lines, of, time) => {
        const batch = batchOf(lines, of);
        const encoded = encodeLines(batch, time, crc32c);
        expect(encoded.length).toBeLessThanOrEqual(maxEncodedSize(batch));
        expect(decodeBatch(encoded, 0, crc32c)).toHaveLength(lines.length);
        const decoded = decodeLines(encoded, 0);
        expect(decoded).toHaveLength(1);
        expect(decoded[0]).toMatchObject({ batch: of, timestamp: time, nextOffset: lines.length });
        expect(decoded.flatMap((part) => linesOf(part.batch))).toEqual(lines);
      }),
      { numRuns: 200 },
    );
  });

  it('fit the predicted size with the longest headers', () => {
    const flags = LineFlag.CUT_REST | LineFlag.AGAIN | LineFlag.FUTURE | LineFlag.GAP;
    const one = { text: Buffer.alloc(0), time: -1e15, offset: Number.MAX_SAFE_INTEGER, level: Level.ERROR };
    const batch = batchOf(Array.from({ length: 2 }, () => ({ ...one, flags, length: Number.MAX_SAFE_INTEGER })));
    const bare = batchOf(Array.from({ length: 2 }, () => ({ ...one, flags: 0 })));
    const rare = (encodeLines(batch, 0, crc32c).length - encodeLines(bare, 0, crc32c).length) / 2;
    expect(maxEncodedSize(batch) - maxEncodedSize(bare)).toBeGreaterThanOrEqual(2 * rare);
  });

  it('decode to a new batch when source, origin, generation or ingestion time changes', () => {
    const record = (key: string, at: string, origin: string, timestamp: number) => ({
      key: Buffer.from(key),
      value: Buffer.from(at),
      timestamp,
      headers: Object.entries({ at, origin }).map(([name, value]) => [name, Buffer.from(value)] as const),
    });
    const batch = encodeRecords(
      [
        record('a', '0:0', 'h', 5),
        record('a', '0:9', 'h', 5),
        record('b', '0:10', 'h', 5),
        record('b', '1:0', 'h', 5),
        record('b', '1:5', 'i', 5),
        record('b', '1:9', 'i', 6),
      ],
      crc32c,
    );
    const decoded = decodeLines(withBaseOffset(batch, 100), 101);
    const parts = decoded.map(({ batch: { source, origin, generation, offsets }, timestamp, nextOffset }) => {
      return [source, generation, origin, timestamp, [...offsets], nextOffset];
    });
    expect(parts).toEqual([
      ['a', 0, 'h', 5, [9], 102],
      ['b', 0, 'h', 5, [10], 103],
      ['b', 1, 'h', 5, [0], 104],
      ['b', 1, 'i', 5, [5], 105],
      ['b', 1, 'i', 6, [9], 106],
    ]);
  });

  it('are decoded leniently when other programs wrote them', () => {
    const strange = (headers: Record<string, string>) => ({
      key: null,
      value: Buffer.from('line'),
      timestamp: 77,
      headers: Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const),
    });
    const batch = encodeRecords(
      [
        strange({}),
        strange({
          traceparent: '00-1',
          time: 'yesterday',
          level: 'LOUD',
          at: '12',
          again: 'yes',
          cut: 'off',
          clock: 'fast',
          gap: 'certain',
        }),
        { ...strange({ level: 'WARN' }), value: null },
      ],
      crc32c,
    );
    const [decoded, ...more] = decodeLines(batch, 0);
    expect(more).toEqual([]);
    expect(decoded?.batch).toMatchObject({ source: '', origin: '', generation: 0 });
    const raw = { text: Buffer.from('line'), offset: 0, time: 77, level: Level.RAW, flags: 0 };
    expect(decoded === undefined ? [] : linesOf(decoded.batch)).toEqual([
      raw,
      raw,
      { ...raw, text: Buffer.alloc(0), level: Level.WARN },
    ]);
  });

  it('take the ingestion time that the log set (LogAppendTime)', () => {
    const record = { key: Buffer.from('s'), value: Buffer.from('line'), headers: [], timestamp: 5 };
    const appended = withAppendTime(encodeRecords([record, record], crc32c), 1_800_000_000_000, crc32c);
    const [lines] = decodeLines(appended, 0);
    expect(lines?.timestamp).toBe(1_800_000_000_000);
    // A line without a time gets the record's.
    expect([...(lines?.batch.times ?? [])]).toEqual([1_800_000_000_000, 1_800_000_000_000]);
  });

  it('are refused or decoded when they are garbage, but never read past their end', () => {
    const good = encodeLines(
      batchOf([1, 2, 3].map((n) => ({ text: Buffer.from('x'.repeat(n)), offset: n, time: n, level: n, flags: n }))),
      5,
      crc32c,
    );
    const changes = fc.array(fc.tuple(fc.integer({ min: 57, max: good.length - 1 }), fc.nat({ max: 255 })), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(changes, (changed) => {
        const batch = Buffer.from(good);
        for (const [pos, byte] of changed) batch[pos] = byte;
        try {
          for (const { batch: part } of decodeLines(batch, 0)) {
            for (let i = 0; i < part.count; i++) expect(part.ends[i]).toBeLessThanOrEqual(batch.length);
          }
        } catch (error) {
          expect(isTelltaleError(error, 'CORRUPT_BATCH')).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

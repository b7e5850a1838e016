import fc from 'fast-check';
import { DayLookAhead, datedPart, dayPlanOf, type PartBytes } from '../../../src/lines/day-look-ahead';
import { LineFlag } from '../../../src/lines/line-batch';
import { initialReadingState, type ReadingState } from '../../../src/lines/reading-state';
import { createScanner, fileDayOf, type ScanContext, type ScannedBatch } from '../../../src/lines/scanner';
import { zoneNamed } from '../../../src/lines/zones';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const contextOf = (of: Partial<ScanContext>): ScanContext => ({
  source: 'bucket/host/app.log',
  origin: 'host',
  generation: 0,
  fileDay: null,
  lastModified: 0,
  zone: 'UTC',
  customFormat: null,
  maxFutureSkew: hourMs,
  maxLineBytes: 1024,
  batchBytes: 1_000_000,
  ...of,
});

const nothing = Buffer.alloc(0);
const line = (clock: string): string => `${clock} [m] ERROR a - x\n`;

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer, void, undefined> {
  for (let i = 0; i < bytes.length; i += size) yield await Promise.resolve(bytes.subarray(i, i + size));
}

interface Source {
  readonly offset: number;
  readonly reading: ReadingState;
}
const unread: Source = { offset: 0, reading: initialReadingState };

/** Reads the lines appended by an upload, as a reader does; the state goes through JSON. */
async function upload(
  source: Source,
  text: string,
  of: Partial<ScanContext>,
  how: { readonly chunk?: number; readonly maxKeptBytes?: number } = {},
): Promise<{ readonly source: Source; readonly read: { time: number; isFuture: boolean }[] }> {
  const bytes = Buffer.from(text);
  const context = contextOf(of);
  const start = { ...source, held: nothing };
  const content = (): AsyncGenerator<Buffer> => chunksOf(bytes, how.chunk ?? 64);
  const { maxKeptBytes = 1_000_000 } = how;
  const part = await datedPart(context, start, {
    chunks: content(),
    skip: 0,
    reopen: content,
    maxKeptBytes,
    flush: true,
  });
  const scanner = createScanner({ ...context, dayPlan: part.dayPlan }, start);
  const batches: ScannedBatch[] = [];
  for await (const chunk of part.chunks) batches.push(...scanner.push(chunk));
  batches.push(...scanner.finish());
  const { offset, reading } = scanner.state();
  return {
    source: { offset, reading: JSON.parse(JSON.stringify(reading)) as ReadingState },
    read: batches.flatMap(({ batch }) =>
      Array.from({ length: batch.count }, (_, i) => ({
        time: batch.times[i] ?? 0,
        isFuture: ((batch.flags[i] ?? 0) & LineFlag.FUTURE) !== 0,
      })),
    ),
  };
}

const shown = ({ time, isFuture }: { time: number; isFuture: boolean }): string =>
  new Date(time).toISOString().slice(5, 16).replace('T', ' ') + (isFuture ? ' future' : '');

/** The uploads of one source: when, and the clocks of the lines appended. */
async function read(uploads: readonly (readonly [string, readonly string[]])[], of: Partial<ScanContext> = {}) {
  let source = unread;
  const all: string[][] = [];
  for (const [at, clocks] of uploads) {
    const lastModified = Date.parse(`2026-${at.replace(' ', 'T')}Z`);
    const result = await upload(source, clocks.map(line).join(''), { lastModified, ...of });
    source = result.source;
    all.push(result.read.map(shown));
  }
  return all;
}

describe('dates of time-only lines', () => {
  it.each<[string, [string, string[]][], string[][]]>([
    [
      'is silent for days',
      [
        ['11-25 00:00:02', ['00:00:01']],
        ['11-29 12:00:00', ['11:59:58', '11:59:59', '12:00:00']],
      ],
      [['11-25 00:00'], ['11-29 11:59', '11-29 11:59', '11-29 12:00']],
    ],
    [
      'is silent for days and has a fast clock',
      [
        ['11-25 00:00:02', ['00:00:01']],
        ['11-29 12:00:00', ['12:59:00']],
      ],
      [['11-25 00:00'], ['11-29 12:59']],
    ],
    [
      'writes at an earlier time each day',
      [
        ['11-25 14:00:02', ['14:00:00']],
        ['11-26 10:00:02', ['10:00:00']],
        ['11-27 09:00:02', ['09:00:00']],
      ],
      [['11-25 14:00'], ['11-26 10:00'], ['11-27 09:00']],
    ],
    [
      'is read for the first time after days',
      [['11-27 09:30:00', ['14:00:00', '11:00:00', '09:00:00']]],
      [['11-25 14:00', '11-26 11:00', '11-27 09:00']],
    ],
    [
      'has a backlog of days without an upload',
      [
        ['11-25 10:00:00', ['09:00:00']],
        ['11-28 10:00:00', ['12:00:00', '20:00:00', '04:00:00', '14:00:00', '02:00:00', '09:00:00']],
      ],
      [['11-25 09:00'], ['11-26 12:00', '11-26 20:00', '11-27 04:00', '11-27 14:00', '11-28 02:00', '11-28 09:00']],
    ],
    [
      'crosses midnight with threads out of order',
      [
        ['11-25 23:59:30', ['23:59:00']],
        ['11-26 00:01:00', ['23:59:59', '00:00:01', '23:59:58', '00:00:02']],
      ],
      [['11-25 23:59'], ['11-25 23:59', '11-26 00:00', '11-25 23:59', '11-26 00:00']],
    ],
    [
      'is uploaded once a day with a slow clock',
      [
        ['11-25 10:00:00', ['08:00:00', '09:54:00']],
        ['11-26 10:00:00', ['09:56:00', '10:01:00', '16:00:00', '22:00:00', '04:00:00', '09:55:00']],
      ],
      [
        ['11-25 08:00', '11-25 09:54'],
        ['11-25 09:56', '11-25 10:01', '11-25 16:00', '11-25 22:00', '11-26 04:00', '11-26 09:55'],
      ],
    ],
    [
      'is uploaded once a day and writes once just after the upload',
      [
        ['11-25 10:00:00', ['09:00:00']],
        ['11-26 10:00:00', ['10:00:30']],
      ],
      [['11-25 09:00'], ['11-25 10:00']],
    ],
    [
      'has a clock set back',
      [
        ['11-25 10:00:00', ['09:59:00']],
        ['11-25 10:01:00', ['05:30:00', '05:31:00']],
      ],
      [['11-25 09:59'], ['11-25 05:30', '11-25 05:31']],
    ],
    [
      'has a clock of another zone',
      [
        ['11-25 22:59:00', ['23:50:00']],
        ['11-25 23:03:00', ['00:02:00', '01:30:00']],
      ],
      [['11-25 23:50'], ['11-26 00:02', '11-25 23:03 future']],
    ],
  ])('are right for a source that %s', async (_, uploads, expected) => {
    expect(await read(uploads)).toEqual(expected);
  });

  it('are right when the clock was set forward between two uploads of a day', async () => {
    const uploads: [string, string[]][] = [
      ['03-07 17:00:00', ['11:00:00']],
      // 24 h later by the clock is 23 h later.
      ['03-08 16:50:00', ['12:45:00']],
    ];
    expect(await read(uploads, { zone: 'America/New_York' })).toEqual([['03-07 16:00'], ['03-08 16:45']]);
  });

  it.each<[string, string, string[], string[]]>([
    // logrotate's dateext: the day of the rotation.
    [
      'app.log-2026-11-29',
      '11-29 00:00:00',
      ['10:00:00', '11:00:00', '23:50:00'],
      ['11-28 10:00', '11-28 11:00', '11-28 23:50'],
    ],
    [
      'app.log-20261129',
      '11-29 06:25:00',
      ['06:26:00', '23:00:00', '05:00:00'],
      ['11-28 06:26', '11-28 23:00', '11-29 05:00'],
    ],
    ['app.log-20261129.gz', '11-29 00:00:00', ['00:00:05', '23:50:00'], ['11-28 00:00', '11-28 23:50']],
    // The day of the lines.
    ['app.log-2026-11-29', '11-29 12:00:00', ['10:00:00', '11:00:00'], ['11-29 10:00', '11-29 11:00']],
    ['app-20261120.log', '11-29 12:00:00', ['10:00:00', '23:00:00'], ['11-20 10:00', '11-20 23:00']],
    ['app-20261128.log', '11-29 12:00:00', ['20:00:00', '01:00:00'], ['11-28 20:00', '11-29 01:00']],
    // The clock is set back: the name says which day it is.
    ['app-20261120.log', '11-29 12:00:00', ['20:00:00', '09:00:00'], ['11-20 20:00', '11-20 09:00']],
    ['app-20270101.log', '11-29 12:00:00', ['20:00:00', '09:00:00'], ['11-28 20:00', '11-29 09:00']],
  ])('are right in %s uploaded at %s', async (name, uploaded, clocks, expected) => {
    const fileDay = fileDayOf(name, Date.parse('2026-11-29') / dayMs);
    expect(await read([[uploaded, clocks]], { fileDay })).toEqual([expected]);
  });

  it('stay those of the file name when the file is uploaded late', async () => {
    const uploads: [string, string[]][] = [
      ['11-20 10:00:00', ['09:00:00']],
      ['11-24 10:00:00', ['10:30:00', '23:30:00', '00:10:00']],
      ['11-28 10:00:00', ['09:59:00']],
    ];
    const fileDay = Date.parse('2026-11-20') / dayMs;
    // After the named day, the file's name no longer says the date.
    expect(await read(uploads, { fileDay })).toEqual([
      ['11-20 09:00'],
      ['11-20 10:30', '11-20 23:30', '11-21 00:10'],
      ['11-28 09:59'],
    ]);
  });

  it('continue those of a rewritten log', async () => {
    const first = await read([['11-20 12:00:00', ['10:00:00']]]);
    expect(first).toEqual([['11-20 10:00']]);
    const reading = { ...initialReadingState, before: { firstTimestamp: '10:00:00.000', firstDay: 20_000 } };
    const lastModified = Date.parse('2026-11-24T12:00:00Z');
    const again = await upload({ offset: 0, reading }, line('10:00:00') + line('11:00:00'), { lastModified });
    expect(again.read.map(({ time }) => time)).toEqual([20_000 * dayMs + 10 * hourMs, 20_000 * dayMs + 11 * hourMs]);
  });
});

const clockAt = (zone: string, epoch: number): string =>
  new Date(zoneNamed(zone).toWall(epoch)).toISOString().slice(11, 23);

describe('the true date of a time-only line', () => {
  // No clock is set back in the months after it.
  const begin = Date.parse('2026-11-03T00:00:00Z');
  const minutes = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: max * 60_000 });
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe');
  const how = fc.record({ chunk: fc.integer({ min: 1, max: 200 }), maxKeptBytes: fc.constantFrom(0, 50, 10_000) });

  /** A log as lines and uploads: each upload has the lines up to its time. */
  async function check(
    times: readonly number[],
    uploads: readonly number[],
    zone: string,
    options: { readonly chunk: number; readonly maxKeptBytes: number },
  ): Promise<void> {
    let source = unread;
    let done = 0;
    for (const uploaded of uploads) {
      const count = times.filter((time) => time <= uploaded).length;
      const text = times.slice(done, count).map((time) => line(clockAt(zone, time)));
      const result = await upload(source, text.join(''), { lastModified: uploaded, zone }, options);
      expect(result.read.map(({ time }) => new Date(time).toISOString())).toEqual(
        times.slice(done, count).map((time) => new Date(time).toISOString()),
      );
      ({ source } = result);
      done = count;
    }
  }

  /** Checks logs with silences, in which every line is uploaded at most `maxLagMs` later. */
  async function checkSilences(since: number, maxLagMs: number, zoneNames: fc.Arbitrary<string>): Promise<void> {
    const aboutADay = fc.integer({ min: 22 * hourMs, max: 25 * hourMs });
    const silence = fc.oneof(minutes(10), minutes(23 * 60), aboutADay, minutes(9 * 24 * 60));
    const lag = fc.oneof(minutes(10), fc.integer({ min: 0, max: maxLagMs }));
    const lines = fc.array(fc.record({ silence, lag }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(lines, zoneNames, how, async (written, zone, options) => {
        const times: number[] = [];
        const uploads: number[] = [];
        for (const { silence, lag } of written) {
          const time = (times.at(-1) ?? since) + silence;
          times.push(time);
          if (time > (uploads.at(-1) ?? 0)) uploads.push(time + lag);
        }
        await check(times, uploads, zone, options);
      }),
      { numRuns: 100 },
    );
  }

  // A line of exactly 24 h before the latest possible time has the same clock as one of that time.
  it('is found when every line is uploaded less than 23 h later, for any silence', () =>
    checkSilences(begin, 23 * hourMs - 1, zones));

  it('is found across a clock set forward when every line is uploaded less than 22 h later', () =>
    // In 2026 these clocks are set forward on 8 and 29 March, and back after July.
    checkSilences(
      Date.parse('2026-03-06T00:00:00Z'),
      22 * hourMs - 1,
      fc.constantFrom('Europe/Berlin', 'America/New_York'),
    ));

  it('is found when uploads are at most 24 h apart, too', async () => {
    const sinceUpload = fc.array(minutes(24 * 60), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(sinceUpload, { maxLength: 8 }), zones, how, async (parts, zone, options) => {
        const times = [begin];
        const uploads = [begin];
        for (const part of parts) {
          const last = uploads.at(-1) ?? begin;
          const written = part.map((since) => last + Math.max(1, since)).sort((a, b) => a - b);
          // The last one is the upload.
          times.push(...written.slice(0, -1));
          if (written.length > 1) uploads.push(written.at(-1) ?? last);
        }
        await check(times, uploads, zone, options);
      }),
      { numRuns: 100 },
    );
  });
});

describe('DayLookAhead', () => {
  const part = (text: string, of: Partial<PartBytes> = {}): PartBytes & { opened: () => number } => {
    let opened = 0;
    const open = (): AsyncGenerator<Buffer> => {
      opened += 1;
      return chunksOf(Buffer.from(text), 1000);
    };
    return {
      chunks: open(),
      skip: 0,
      reopen: open,
      maxKeptBytes: 1_000_000,
      flush: false,
      opened: () => opened,
      ...of,
    };
  };
  const start = { offset: 0, held: nothing, reading: initialReadingState };
  const context = contextOf({ lastModified: Date.parse('2026-11-29T12:00:00Z') });
  const text = line('11:00:00').repeat(1000);
  const all = async (chunks: AsyncIterable<Buffer>): Promise<string> => {
    const read: Buffer[] = [];
    for await (const chunk of chunks) read.push(chunk);
    return Buffer.concat(read).toString();
  };

  it('reads a large part twice, a small one from memory', async () => {
    const small = part(text);
    expect(await all((await datedPart(context, start, small)).chunks)).toBe(text);
    expect(small.opened()).toBe(1);
    const large = part(text, { maxKeptBytes: 5000 });
    expect(await all((await datedPart(context, start, large)).chunks)).toBe(text);
    expect(large.opened()).toBe(2);
  });

  it('stops after the bytes that it may keep when a part cannot be opened twice', async () => {
    const input = part(text, { maxKeptBytes: 5000, reopen: null });
    const lookAhead = new DayLookAhead(context, start, input);
    let turns = 1;
    let found = await lookAhead.next();
    for (; found === null; turns++) found = await lookAhead.next();
    expect(turns).toBe(6);
    expect(await all(found.chunks)).toBe(text);
  });

  it.each([
    ['2026-11-29 11:00:00 INFO x\n'.repeat(1000), 1],
    ['no record\n'.repeat(200_000), 1001],
  ])('stops early without a time-only record (%#)', async (lines, expected) => {
    const lookAhead = new DayLookAhead(context, start, part(lines));
    let turns = 1;
    while ((await lookAhead.next()) === null) turns++;
    expect(turns).toBe(expected);
  });

  it('skips bytes that were read before', async () => {
    const bytes = line('23:00:00') + line('01:00:00');
    const { dayPlan } = await datedPart(context, start, part(bytes, { skip: line('23:00:00').length }));
    expect(dayPlan).toEqual({ firstDay: Date.parse('2026-11-29') / dayMs, within: context.lastModified - 23 * hourMs });
  });

  it('dates a held line by its upload, too', async () => {
    const { source } = await upload(unread, line('10:00:00'), { lastModified: Date.parse('2026-11-25T10:00:00Z') });
    const held = Buffer.from(line('11:00:00').trimEnd());
    const plan = dayPlanOf(context, { ...source, held });
    expect(plan?.firstDay).toBe(Date.parse('2026-11-29') / dayMs);
  });
});

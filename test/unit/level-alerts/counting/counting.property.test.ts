import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { createCounting, type CountingOptions } from '../../../../src/pipelines/level-alerts/counting/counting';
import type { WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import type { Output } from '../../../../src/stream/job';
import { Level, LineFlag } from '../../../../src/lines/line-batch';
import { encodeLines } from '../../../../src/lines/log-records';
import { withBaseOffset } from '../../../../src/records/record-batch';
import { linesOf } from '../../../support/lines';
import { runs } from '../../../support/runs';
import { options, recordsOf, restore } from './support';

/** Small enough that idleness, eviction and merging all happen within a few dozen lines. */
const small: CountingOptions = {
  ...options,
  windowMs: 10,
  disorderMs: 3,
  idleAfterMs: 40,
  keepWindowsMs: 150,
  maxWindows: 4,
};

/** Origins are evicted and begin again often. */
const soon = { idleAfterMs: 20, keepWindowsMs: 60, maxWindows: 2, keepOriginsMs: 61 };

interface Event {
  /** Processing time that passes before it. */
  readonly wait: number;
  readonly tick: boolean;
  readonly source: string;
  readonly generation: number;
  /** Event time relative to processing time. */
  readonly lag: number;
  readonly level: Level;
  readonly flags: number;
  readonly isBehindGap: boolean;
  readonly text: string;
}

const texts = [
  'ERROR a.B - lost 5',
  'ERROR a.B - gone',
  'java.io.IOException: x',
  '\tat java.lang.X.y(X.java:1)',
  '\tat com.acme.Pay.run(Pay.java:7)',
  'Traceback (most recent call last):',
  '  File "/app/pay.py", line 3, in charge',
  'ValueError: no',
];

const event: fc.Arbitrary<Event> = fc.record({
  wait: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.nat(20) },
    { weight: 1, arbitrary: fc.nat(300) },
  ),
  tick: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  source: fc.constantFrom('b/h1/a', 'b/h1/b', 'b/h2/a'),
  generation: fc.constantFrom(0, 0, 0, 1),
  lag: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -15, max: 5 }) },
    { weight: 1, arbitrary: fc.integer({ min: -400, max: 30 }) },
  ),
  level: fc.constantFrom(
    Level.ERROR,
    Level.ERROR,
    Level.INFO,
    Level.WARN,
    Level.NONE,
    Level.CONT,
    Level.CONT,
    Level.RAW,
  ),
  flags: fc.constantFrom(0, 0, 0, 0, 0, LineFlag.AGAIN, LineFlag.FUTURE, LineFlag.CUT_REST, LineFlag.CUT_TAIL),
  isBehindGap: fc.constantFrom(false, false, false, false, true),
  text: fc.constantFrom(...texts),
});
const events = fc.array(event, { maxLength: 60 });

type What = 'restart' | 'drain' | 'cut' | 'go on';
/** The action before each event, repeated in turn. */
const cuts = fc.array(fc.constantFrom<What>('restart', 'drain', 'cut', 'go on', 'go on', 'go on'), {
  minLength: 1,
  maxLength: 40,
});

/** Folds the events, with `whats` done in between; all that was written, in order. */
function fold(all: readonly Event[], whats: readonly What[], encoded: boolean, counting = small): Output[] {
  const job = createCounting(counting);
  let state = job.open(null);
  let head: Buffer | null = null;
  const written: Output[] = [];
  let now = 1_000;
  let offset = 0;
  let waiting: { events: Event[]; times: number[]; now: number } = { events: [], times: [], now };

  const flush = (): void => {
    const [first] = waiting.events;
    if (first === undefined) return;
    const lines = waiting.events.map(({ level, flags, isBehindGap, text }, i) => ({
      time: waiting.times[i] ?? 0,
      level,
      flags: isBehindGap ? flags | LineFlag.GAP : flags,
      text,
      offset: offset + i,
    }));
    const of = { source: first.source, origin: first.source.split('/')[1] ?? '', generation: first.generation };
    const batch = linesOf(lines, of);
    if (encoded) {
      const bytes = withBaseOffset(encodeLines(batch, waiting.now, crc32c), offset);
      job.step(state, { type: 'batch', topic: 'logs', partition: 3, batch: bytes, startOffset: offset });
    } else {
      job.step(state, { type: 'lines', lines: batch, timestamp: waiting.now });
    }
    offset += lines.length;
    waiting = { events: [], times: [], now };
  };
  const drain = (): void => {
    flush();
    const output = job.flush(state);
    written.push(...output.outputs);
    expect(output.outputs.length === 0 || output.head !== null).toBe(true);
    head = output.head ?? head;
  };

  all.forEach((next, i) => {
    const what = whats[i % whats.length];
    if (what === 'cut') flush();
    if (what === 'drain' || what === 'restart') drain();
    if (what === 'restart') state = restore(counting, head, written);
    now += next.wait;
    const [first] = waiting.events;
    if (first?.source !== next.source || first.generation !== next.generation || waiting.now !== now || next.tick)
      flush();
    if (next.tick) job.step(state, { type: 'tick', now });
    waiting = { events: [...waiting.events, next], times: [...waiting.times, now + next.lag], now };
  });
  flush();
  job.step(state, { type: 'end' });
  drain();
  return written;
}

/** The last record of each window, without its revision. */
function finals(written: readonly Output[]): Map<string, unknown> {
  const all = recordsOf({ outputs: written });
  return new Map(all.map((record) => [`${record.origin} ${record.windowStart}`, { ...record, revision: 0 }]));
}

describe('counting', () => {
  it.each([
    ['origins are kept', small, 300],
    ['idle origins are evicted', { ...small, keepOriginsMs: 151 }, 150],
    ['idle origins are evicted soon', { ...small, ...soon }, 150],
  ])('gives the same windows however the lines are cut, flushed and restarted, when %s', (_, counting, numRuns) => {
    fc.assert(
      fc.property(events, cuts, fc.boolean(), (all, whats, encoded) => {
        const whole = fold(all, ['go on'], false, counting);
        expect(finals(fold(all, whats, encoded, counting))).toEqual(finals(whole));
      }),
      { numRuns: runs(numRuns) },
    );
  });

  it('never lets a written window shrink, and writes each revision once', () => {
    const growing = ({ counts, ...record }: WindowRecord): number[] => [
      counts.error,
      counts.warn,
      counts.info,
      counts.debug,
      counts.none,
      record.continuation,
      record.unparsed,
      record.again,
      record.future,
      record.expired,
      record.gaps,
      record.newest ?? -1,
      record.watermark ?? -1,
    ];
    fc.assert(
      fc.property(events, cuts, (all, whats) => {
        const before = new Map<string, WindowRecord>();
        for (const record of recordsOf({ outputs: fold(all, whats, false) })) {
          const key = `${record.origin} ${record.windowStart}`;
          const last = before.get(key);
          expect(record.revision).toBe((last?.revision ?? 0) + 1);
          const was = last === undefined ? [] : growing(last);
          expect(growing(record).every((value, i) => value >= (was[i] ?? -1))).toBe(true);
          before.set(key, record);
        }
      }),
      { numRuns: runs(100) },
    );
  });

  it('counts every line once, in lines, again or expired, and every possible gap', () => {
    fc.assert(
      fc.property(events, cuts, (all, whats) => {
        const counted = all.filter(({ flags }) => flags !== LineFlag.CUT_REST);
        const records = [...finals(fold(all, whats, false)).values()] as WindowRecord[];
        const sum = records.reduce((total, { lines, again, expired }) => total + lines + again + expired, 0);
        expect(sum).toBe(counted.length);
        const gaps = records.reduce((total, record) => total + record.gaps, 0);
        expect(gaps).toBe(all.filter(({ isBehindGap }) => isBehindGap).length);
        const errors = records.reduce((total, { counts }) => total + counts.error, 0);
        const patterns = records.flatMap((record) => record.patterns).reduce((total, { count }) => total + count, 0);
        expect(patterns).toBe(errors);
      }),
      { numRuns: runs(100) },
    );
  });

  it('writes its records with timestamps that never go back', () => {
    fc.assert(
      fc.property(events, cuts, (all, whats) => {
        const times = fold(all, whats, false).map(({ timestamp }) => timestamp);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
      { numRuns: runs(100) },
    );
  });
});

import { crc32c } from '@node-rs/crc32';
import {
  countLines,
  createCounting,
  type CountingOptions,
} from '../../../../src/pipelines/level-alerts/counting/counting';
import type { WindowRecord } from '../../../../src/pipelines/level-alerts/counting/window-record';
import { Level, LineFlag } from '../../../../src/lines/line-batch';
import { encodeLines } from '../../../../src/lines/log-records';
import { withBaseOffset } from '../../../../src/records/record-batch';
import type { Output } from '../../../../src/stream/job';
import { linesOf, type Line, type Of } from '../../../support/lines';
import { ticksTo } from '../../../support/ticks';
import { compacted, MIN, options, recordsOf, restore } from './support';

const T = Date.parse('2024-03-01T12:00:00Z');

function start(changed: Partial<CountingOptions> = {}): {
  count: (lines: Line[], of?: Of, timestamp?: number) => void;
  tick: (now: number) => void;
  /** The clock may be wrong. */
  tickOnce: (now: number) => void;
  end: () => void;
  drain: () => WindowRecord[];
  head: () => Record<string, unknown> | null;
  flushed: () => readonly Output[];
} {
  const job = createCounting({ ...options, ...changed });
  const state = job.open(null);
  return {
    count: (lines, of, timestamp = T) => countLines(state, linesOf(lines, of), timestamp),
    tick: (now) => {
      for (const input of ticksTo(state.now, now)) job.step(state, input);
    },
    tickOnce: (now) => job.step(state, { type: 'tick', now }),
    end: () => job.step(state, { type: 'end' }),
    drain: () => recordsOf(job.flush(state)),
    flushed: () => job.flush(state).outputs,
    head: () => {
      const { head } = job.flush(state);
      return head === null ? null : (JSON.parse(head.toString()) as Record<string, unknown>);
    },
  };
}

const brief = ({ windowStart, lines }: WindowRecord): [string, number] => [windowStart.slice(0, -5), lines];

describe('countLines', () => {
  it.each<[string, number[], [string, number][]]>([
    [
      'starts at its start and ends before its end',
      [T, T + MIN - 1, T + MIN],
      [
        ['2024-03-01T12:00:00', 2],
        ['2024-03-01T12:01:00', 1],
      ],
    ],
    [
      'is aligned to the epoch before 1970 too',
      [-1, -MIN, -MIN - 1],
      [
        ['1969-12-31T23:59:00', 2],
        ['1969-12-31T23:58:00', 1],
      ],
    ],
    [
      'opens however old it is',
      [T, 0],
      [
        ['2024-03-01T12:00:00', 1],
        ['1970-01-01T00:00:00', 1],
      ],
    ],
    [
      'takes lines in any order',
      [T, T + MIN, T, T + MIN, T],
      [
        ['2024-03-01T12:01:00', 2],
        ['2024-03-01T12:00:00', 3],
      ],
    ],
  ])('makes a window that %s', (_name, times, expected) => {
    const { count, drain } = start({ disorderMs: 10 * MIN });
    count(times.map((time) => ({ time })));
    expect(drain().map(brief)).toEqual(expected);
  });

  it('keeps windows per origin', () => {
    const { count, drain } = start();
    count([{ time: T }], { origin: 'web-1' });
    count([{ time: T }, { time: T }], { origin: 'web-2', source: 'b/web-2/a.log' });
    expect(drain().map(({ origin, lines }) => [origin, lines])).toEqual([
      ['web-1', 1],
      ['web-2', 2],
    ]);
  });

  it('counts each line in exactly one counter', () => {
    const { count, drain } = start();
    count([
      ...[Level.ERROR, Level.WARN, Level.INFO, Level.DEBUG, Level.NONE, Level.CONT, Level.RAW].map((level) => ({
        time: T,
        level,
      })),
      { time: T, level: Level.WARN, flags: LineFlag.FUTURE },
      { time: T, level: Level.CONT, flags: LineFlag.FUTURE },
      { time: T, level: Level.ERROR, flags: LineFlag.AGAIN },
      { time: T, level: Level.CONT, flags: LineFlag.AGAIN },
      { time: T, flags: LineFlag.CUT_HEAD },
      { time: T, flags: LineFlag.CUT_TAIL },
      { time: T, level: Level.CONT, flags: LineFlag.CUT_REST },
    ]);
    expect(drain()).toEqual([
      expect.objectContaining({
        counts: { error: 1, warn: 2, info: 3, debug: 1, none: 1 },
        continuation: 2,
        unparsed: 1,
        lines: 11,
        future: 2,
        again: 2,
        expired: 0,
      }),
    ]);
  });

  it('names the sources of which lines were not understood, the lowest by name, with the first such line', () => {
    const { count, drain } = start();
    const raw = (text: string) => ({ time: T, level: Level.RAW, text });
    for (const name of ['d', 'b', 'c']) {
      count([{ time: T }, raw(`one\u001b of ${name}`), { time: T }], { source: `b/web-1/${name}.log` });
    }
    count([raw('one of a')], { source: 'b/web-1/a.log' });
    count([raw('another of d')], { source: 'b/web-1/d.log' });
    count([raw('another of b'), { time: T }, { time: T + MIN }], { source: 'b/web-1/b.log' });
    const [window, next] = drain();
    expect(window?.notUnderstood).toEqual([
      { source: 'b/web-1/a.log', at: '0:0', text: 'one of a', unparsed: 1 },
      expect.objectContaining({ source: 'b/web-1/b.log', text: 'one\u001b of b', unparsed: 2 }),
      expect.objectContaining({ source: 'b/web-1/c.log', text: 'one\u001b of c', unparsed: 1 }),
    ]);
    expect(next).not.toHaveProperty('notUnderstood');
  });

  it('writes a window with all its values, and again only when it has changed', () => {
    const { count, drain, head } = start({ patternLevels: [] });
    count([{ time: T + 1_500, level: Level.WARN }]);
    expect(drain()).toEqual([
      {
        v: 1,
        windowStart: '2024-03-01T12:00:00.000Z',
        windowEnd: '2024-03-01T12:01:00.000Z',
        origin: 'web-1',
        counts: { error: 0, warn: 1, info: 0, debug: 0, none: 0 },
        continuation: 0,
        unparsed: 0,
        lines: 1,
        again: 0,
        future: 0,
        expired: 0,
        gaps: 0,
        newest: T + 1_500,
        watermark: T - 3_500,
        idle: false,
        revision: 1,
        complete: false,
        patterns: [],
        otherPatterns: 0,
        samples: [],
        engine: 'telltale/test',
      },
    ]);
    expect(drain()).toEqual([]);
    expect(head()).toBeNull();
    count([{ time: T + 2_000 }]);
    expect(drain().map(({ revision, lines }) => [revision, lines])).toEqual([[2, 2]]);
  });

  it('touches no window when only the rest of a counted line comes', () => {
    const { count, drain } = start();
    count([{ time: T, level: Level.CONT, flags: LineFlag.CUT_REST }]);
    expect(drain()).toEqual([]);
  });

  it.each<[string, Line, [window: string, gaps: number, lines: number, again: number][]]>([
    ['at its event time', { time: T }, [['2024-03-01T12:00:00', 1, 1, 0]]],
    ['of the future', { time: T, flags: LineFlag.FUTURE }, [['2024-03-01T12:00:00', 1, 1, 0]]],
    ['that is the rest of another', { time: T, flags: LineFlag.CUT_REST }, [['2024-03-01T12:00:00', 1, 0, 0]]],
    ['of no date at its ingestion', { time: NaN }, [['2024-03-01T12:05:00', 1, 0, 0]]],
    [
      'that is repeated at its ingestion',
      { time: T, flags: LineFlag.AGAIN },
      [
        ['2024-03-01T12:05:00', 1, 0, 0],
        ['2024-03-01T12:00:00', 0, 0, 1],
      ],
    ],
    [
      'that is the rest of a repeated one at its ingestion',
      { time: T, flags: LineFlag.AGAIN | LineFlag.CUT_REST },
      [['2024-03-01T12:05:00', 1, 0, 0]],
    ],
  ])('reports a possible gap before a line %s', (_name, line, expected) => {
    const { count, drain } = start();
    count([{ ...line, flags: (line.flags ?? 0) | LineFlag.GAP }], {}, T + 5 * MIN);
    const told = drain().map(({ windowStart, gaps, lines, again }) => [windowStart.slice(0, -5), gaps, lines, again]);
    expect(told).toEqual(expected);
  });

  it('counts each possible gap and the lines after it', () => {
    const { count, drain } = start();
    const { GAP, AGAIN } = LineFlag;
    const before = { time: T + MIN };
    count([before, { time: T, flags: GAP | AGAIN }, { time: T, flags: AGAIN }, before, { ...before, flags: GAP }]);
    expect(
      drain().map(({ windowStart, gaps, lines, again }) => [windowStart.slice(11, 16), gaps, lines, again]),
    ).toEqual([
      ['12:00', 1, 0, 2],
      ['12:01', 1, 3, 0],
    ]);
  });

  it('reports a possible gap at its ingestion when the window of its line is evicted', () => {
    const { count, drain } = start({ keepWindowsMs: 60 * MIN, idleAfterMs: Infinity });
    count([{ time: T }]);
    count([{ time: T, flags: LineFlag.GAP }], {}, T + 60 * MIN);
    expect(drain().map(({ windowStart, gaps, expired }) => [windowStart.slice(11, 16), gaps, expired])).toEqual([
      ['12:00', 0, 0],
      ['13:00', 1, 1],
    ]);
  });

  it('counts a line as expired at its ingestion when its time is not a date', () => {
    const { count, drain } = start();
    count([{ time: Number.NaN }, { time: 9e15 }, { time: -Infinity }, { time: T }]);
    expect(
      drain().map(({ windowStart, expired, lines, watermark }) => [windowStart, expired, lines, watermark]),
    ).toEqual([['2024-03-01T12:00:00.000Z', 3, 1, T - 5_000]]);
  });
});

describe('a watermark', () => {
  it('completes a window with a new revision when it reaches the end', () => {
    const { count, drain } = start();
    count([{ time: T }]);
    expect(drain().map(({ complete }) => complete)).toEqual([false]);
    count([{ time: T + MIN + 4_999 }]);
    expect(drain().map(({ windowStart }) => windowStart)).toEqual(['2024-03-01T12:01:00.000Z']);
    count([{ time: T + MIN + 5_000 }]);
    expect(
      drain().map(({ windowStart, complete, revision, watermark }) => [windowStart, complete, revision, watermark]),
    ).toEqual([
      ['2024-03-01T12:00:00.000Z', true, 2, T + MIN],
      ['2024-03-01T12:01:00.000Z', false, 2, T + MIN],
    ]);
  });

  it('leaves other origins as they are when it moves', () => {
    const { count, drain } = start();
    count([{ time: T }], { origin: 'web-1' });
    count([{ time: T + 5 * MIN }], { origin: 'web-2', source: 'b/web-2/a.log' });
    expect(drain().map(({ complete }) => complete)).toEqual([false, false]);
  });

  it.each<[string, Line]>([
    ['continuation', { time: T + 9 * MIN, level: Level.CONT }],
    ['unparsed', { time: T + 9 * MIN, level: Level.RAW }],
    ['future', { time: T + 9 * MIN, flags: LineFlag.FUTURE }],
    ['repeated', { time: T + 9 * MIN, flags: LineFlag.AGAIN }],
    ['cut rest of a', { time: T + 9 * MIN, flags: LineFlag.CUT_REST }],
  ])('stays when a %s line comes', (_name, line) => {
    const { count, drain } = start();
    count([{ time: T }, line]);
    const records = drain();
    expect(records[0]).toMatchObject({ newest: T, watermark: T - 5_000, complete: false });
    expect(records[1]?.newest ?? null).toBeNull();
  });

  it('stays when a late line comes, which counts in its complete window', () => {
    const { count, drain } = start();
    count([{ time: T }, { time: T + 5 * MIN }]);
    drain();
    count([{ time: T + 1 }]);
    expect(drain()).toEqual([expect.objectContaining({ lines: 2, complete: true, watermark: T + 5 * MIN - 5_000 })]);
  });
});

describe('an idle origin', () => {
  it('completes its windows and revises its newest one when a tick finds it idle', () => {
    const { count, drain, tick } = start();
    count([{ time: T - MIN }, { time: T }]);
    drain();
    tick(T + 15 * MIN - 1);
    expect(drain()).toEqual([]);
    tick(T + 15 * MIN);
    expect(drain().map(({ windowStart, complete, idle }) => [windowStart, complete, idle])).toEqual([
      ['2024-03-01T11:59:00.000Z', true, true],
      ['2024-03-01T12:00:00.000Z', true, true],
    ]);
    tick(T + 60 * MIN);
    expect(drain()).toEqual([]);
  });

  it('revises its newest window when that was complete already', () => {
    const { count, drain, tick } = start();
    count([{ time: T }]);
    tick(T + 15 * MIN);
    count([{ time: T - 9 * MIN }], {}, T + 20 * MIN);
    drain();
    tick(T + 40 * MIN);
    expect(drain().map(({ windowStart, idle }) => [windowStart, idle])).toEqual([['2024-03-01T12:00:00.000Z', true]]);
  });

  it('becomes idle before the next batch when that is from another origin', () => {
    const { count, drain } = start();
    count([{ time: T }], { origin: 'web-1' });
    drain();
    count([{ time: T }], { origin: 'web-2', source: 'b/web-2/a.log' }, T + 15 * MIN);
    expect(drain().map(({ origin, idle }) => [origin, idle])).toEqual([
      ['web-1', true],
      ['web-2', false],
    ]);
  });

  it('is no longer idle when a line comes', () => {
    const { count, drain, tick } = start();
    count([{ time: T }]);
    tick(T + 15 * MIN);
    drain();
    count([{ time: T + 1 }], {}, T + 16 * MIN);
    expect(drain()).toEqual([expect.objectContaining({ lines: 2, idle: false, complete: false })]);
  });
});

describe('a clock that is wrong', () => {
  const DAY = 24 * 60 * MIN;
  const counting = { ...options, keepWindowsMs: 2 * DAY, keepOriginsMs: 3 * DAY };

  it.each([400 * DAY, 2 * 60 * MIN, -20_000 * DAY])('changes nothing while it is off by %d ms for a moment', (off) => {
    const runs = [true, false].map((isWrong) => {
      const { count, drain, tick, tickOnce } = start(counting);
      count([{ time: T }, { time: T + 1, level: Level.ERROR, text: 'ERROR x' }]);
      const written = drain();
      for (let second = 0; isWrong && second < 599; second++) tickOnce(T + off + second * 1_000);
      tickOnce(T + 20_000);
      written.push(...drain());
      count([{ time: T + 20_000 }], {}, T + 30_000);
      tick(T + 20 * MIN);
      return [...written, ...drain()];
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]?.at(-1)).toMatchObject({ lines: 3, expired: 0, complete: true, idle: true });
  });

  it('is told when it is doubted, and when it is believed', () => {
    const job = createCounting(counting);
    const state = job.open(null);
    const reasons = (...ticks: readonly number[]): unknown[] => {
      for (const now of ticks) job.step(state, { type: 'tick', now });
      return (job.flush(state).doubts ?? []).map(({ reason, now, tick }) => [reason, now - T, tick - T]);
    };
    countLines(state, linesOf([{ time: T }]), T);
    expect(reasons(T + 1, T + 60 * MIN)).toEqual([]);
    countLines(state, linesOf([{ time: T }]), T + 60 * MIN);
    expect(reasons(T + DAY, T + DAY + MIN)).toEqual([['ahead', 60 * MIN, DAY]]);
    expect(reasons(T + DAY + 10 * MIN)).toEqual([['set ahead', 60 * MIN, DAY + 10 * MIN]]);
    expect(reasons(T, T + MIN)).toEqual([['behind', DAY + 10 * MIN, 0]]);
    expect(reasons(T + 10 * MIN, T + 11 * MIN)).toEqual([['set back', DAY + 10 * MIN, 10 * MIN]]);
  });

  it.each(['at once', 'after a restart'])(
    'counts again as with a right clock, ten minutes after it was set back: %s',
    (when) => {
      const job = createCounting(counting);
      let state = job.open(null);
      countLines(state, linesOf([{ time: T }]), T);
      const before = job.flush(state).outputs;
      // A line that came while the clock was wrong.
      countLines(state, linesOf([{ time: T + MIN }]), T + 400 * DAY);
      job.step(state, { type: 'tick', now: T + 400 * DAY + 1 });
      const wrong = job.flush(state).outputs;
      for (const input of ticksTo(state.now, T + 20 * MIN)) job.step(state, input);
      const { outputs, head } = job.flush(state);
      if (when === 'after a restart') state = restore(counting, head, [...before, ...wrong, ...outputs]);
      countLines(state, linesOf([{ time: T + 20 * MIN }]), T + 21 * MIN);
      expect(recordsOf(job.flush(state)).at(-1)).toMatchObject({ lines: 1, expired: 0, idle: false, complete: false });
      job.step(state, { type: 'tick', now: T + 36 * MIN });
      const { outputs: idle } = job.flush(state);
      expect(recordsOf({ outputs: idle }).at(-1)).toMatchObject({ idle: true, complete: true });
      expect(Math.max(...idle.map(({ timestamp }) => timestamp))).toBe(T + 36 * MIN);
      for (const input of ticksTo(state.now, T + 3 * DAY)) job.step(state, input);
      expect(state.windows.size).toBe(0);
    },
  );
});

describe('an evicted window', () => {
  it('leaves memory when it did not change for keepWindows; its lines are expired in the window of ingestion', () => {
    const { count, drain } = start({ keepWindowsMs: 60 * MIN, idleAfterMs: Infinity });
    count([{ time: T }]);
    count([{ time: T }], {}, T + 60 * MIN - 1);
    count([{ time: T }], {}, T + 120 * MIN);
    count(
      [
        { time: T, flags: LineFlag.AGAIN },
        { time: T, level: Level.ERROR, text: 'x' },
      ],
      {},
      T + 120 * MIN,
    );
    expect(
      drain().map(({ windowStart, lines, expired, again, samples }) => [windowStart, lines, expired, again, samples]),
    ).toEqual([
      ['2024-03-01T12:00:00.000Z', 2, 0, 0, []],
      ['2024-03-01T14:00:00.000Z', 0, 2, 1, []],
    ]);
  });

  it('is the least recently changed one when there are too many', () => {
    const { count, drain } = start({ maxWindows: 2 });
    count([{ time: T }, { time: T + MIN }, { time: T }, { time: T + 2 * MIN }, { time: T + MIN }]);
    expect(drain().map(({ windowStart, lines, expired }) => [windowStart.slice(11, 16), lines, expired])).toEqual([
      ['12:01', 1, 0],
      ['12:02', 1, 0],
      ['12:00', 2, 1],
    ]);
  });

  it('stays evicted after a restart when its record is still there', () => {
    const job = createCounting({ ...options, maxWindows: 1 });
    const state = job.open(null);
    const tail = [{ time: T }];
    countLines(state, linesOf([{ time: T }, { time: T + MIN }]), T + MIN);
    const { outputs, head } = job.flush(state);
    for (const at of [state, restore({ ...options, maxWindows: 1 }, head, outputs)]) {
      countLines(at, linesOf(tail), T + MIN);
      expect(
        recordsOf(job.flush(at)).map(({ windowStart, lines, expired, revision }) => [
          windowStart,
          lines,
          expired,
          revision,
        ]),
      ).toEqual([['2024-03-01T12:01:00.000Z', 1, 1, 2]]);
    }
  });

  it('evicts the windows between merged ranges, too', () => {
    const { count, drain, flushed } = start({ maxWindows: 2, windowMs: 10, disorderMs: 1e9 });
    // Windows far apart push each other out, until the gap around 5 005 is the smallest.
    count([{ time: 5_000 }, { time: 5_020 }, { time: 5_010 }], {}, 1);
    for (let i = 1; i <= 70; i++) count([{ time: 5_010 }, { time: i * 100_000 }], {}, 1);
    const written = drain();
    expect(written.filter(({ windowStart }) => windowStart.endsWith('05.010Z'))).toHaveLength(1);
    count([{ time: 5_010 }], {}, 1);
    const [origin] = flushed().filter(({ topic }) => topic === 'counting-state');
    const { evicted } = JSON.parse(String(origin?.value)) as { evicted: unknown[] };
    expect(evicted.length).toBeLessThanOrEqual(64);
  });
});

describe('an evicted origin', () => {
  const counting = { ...options, keepWindowsMs: 60 * MIN, keepOriginsMs: 180 * MIN };

  it('gets tombstones when its windows are gone and it was idle for keepOrigins', () => {
    const { count, tick, flushed, drain } = start(counting);
    count([{ time: T, level: Level.ERROR, text: 'ERROR x' }]);
    drain();
    tick(T + 195 * MIN - 1);
    expect(compacted('counting-state', flushed()).map(({ key }) => key.toString())).toEqual(['{"origin":"web-1"}']);
    tick(T + 195 * MIN);
    expect(flushed().map(({ key, value }) => [key.toString(), value])).toEqual([
      ['{"origin":"web-1"}', null],
      ['{"openErrorOf":"b/web-1/a.log"}', null],
    ]);
    tick(T + 500 * MIN);
    expect(flushed()).toEqual([]);
  });

  it('begins again with its next line, also when a restart still finds records of its windows', () => {
    const job = createCounting(counting);
    const state = job.open(null);
    countLines(state, linesOf([{ time: T }]), T);
    for (const input of ticksTo(T, T + 195 * MIN)) job.step(state, input);
    const { outputs, head } = job.flush(state);
    for (const at of [state, restore(counting, head, outputs)]) {
      countLines(at, linesOf([{ time: T + 1 }]), T + 200 * MIN);
      expect(recordsOf(job.flush(at))).toMatchObject([{ lines: 1, expired: 0, revision: 1 }]);
    }
  });

  it('counts a late line as the first one of its window when it began again before a restart', () => {
    const job = createCounting(counting);
    const state = job.open(null);
    countLines(state, linesOf([{ time: T }]), T);
    const before = job.flush(state);
    countLines(state, linesOf([{ time: T + 195 * MIN }]), T + 195 * MIN);
    const { outputs, head } = job.flush(state);
    for (const at of [state, restore(counting, head, [...before.outputs, ...outputs])]) {
      countLines(at, linesOf([{ time: T + 1 }]), T + 195 * MIN);
      expect(recordsOf(job.flush(at))).toMatchObject([
        { windowStart: '2024-03-01T12:00:00.000Z', lines: 1, expired: 0, idle: false, revision: 1 },
      ]);
    }
  });

  it('is not evicted when it had arrivals meanwhile', () => {
    const { count, tick, flushed, drain } = start(counting);
    count([{ time: T }]);
    count([{ time: T + 100 * MIN }], {}, T + 100 * MIN);
    drain();
    tick(T + 200 * MIN);
    expect(flushed().map(({ value }) => value)).not.toContain(null);
  });
});

describe('the end', () => {
  it('completes every window when no more input comes', () => {
    const { count, drain, end } = start();
    count([{ time: T }, { time: T + MIN }]);
    drain();
    end();
    expect(drain().map(({ complete, idle }) => [complete, idle])).toEqual([
      [true, false],
      [true, false],
    ]);
  });
});

describe('patterns and samples', () => {
  it.each<[string, (text: string) => string]>([
    ['Docker', (text) => JSON.stringify({ log: `${text}\n`, stream: 'stderr', time: '2024-03-01T12:00:00Z' })],
    ['containerd', (text) => `2024-03-01T12:00:00.000000000Z stderr F ${text}`],
    ['Compose', (text) => `web-1  | ${text}`],
    ['a terminal with colors', (text) => `\u001b[31m${text}\u001b[0m`],
  ])('include the stack trace that %s wrote', (_, wrap) => {
    const { count, drain } = start();
    const trace = [
      '2024-03-01 12:00:00 ERROR c.a.Pay - failed',
      'java.io.IOException: disk',
      '\tat com.acme.Pay.run(Pay.java:7)',
    ];
    count(trace.map((text, i) => ({ time: T, level: i === 0 ? Level.ERROR : Level.CONT, text: wrap(text) })));
    expect(drain()[0]?.patterns).toEqual([{ pattern: 'java.io.IOException at com.acme.Pay.run', count: 1 }]);
  });

  it('include the stack trace when it follows in a later batch, also after a restart', () => {
    const job = createCounting(options);
    let state = job.open(null);
    const error = { time: T, level: Level.ERROR, text: '12:00:00.000 [main] ERROR c.a.Pay - Payment 17 failed' };
    countLines(state, linesOf([error]), T);
    const first = job.flush(state);
    expect(recordsOf(first)[0]?.patterns).toEqual([{ pattern: 'c.a.Pay - Payment <n> failed', count: 1 }]);

    state = restore(options, first.head, first.outputs);
    const trace = [
      'java.lang.IllegalStateException: no',
      '\tat java.base/java.util.X.y(X.java:1)',
      '\tat c.a.Pay.run(Pay.java:7)',
      '\tat c.a.Main.main(Main.java:3)',
    ];
    countLines(state, linesOf(trace.map((text, i) => ({ time: T, level: Level.CONT, text, offset: 100 + i }))), T);
    expect(recordsOf(job.flush(state))).toEqual([
      expect.objectContaining({
        patterns: [{ pattern: 'java.lang.IllegalStateException at c.a.Pay.run', count: 1 }],
        continuation: 4,
        samples: [
          { source: 'b/web-1/a.log', at: '0:0', text: [error.text, trace[0], trace[2]].join('\n'), pattern: 0 },
        ],
      }),
    ]);
  });

  it('leave out a trace when it belongs to another record, generation or source', () => {
    const frames = [
      { time: T, level: Level.CONT, text: 'java.io.IOException: x' },
      { time: T, level: Level.CONT, text: ' at c.a.Pay.run(Pay.java:7)' },
    ];
    const { count, drain } = start();
    count([{ time: T, level: Level.ERROR, text: 'ERROR one' }, { time: T, level: Level.WARN }, ...frames]);
    count([{ time: T, level: Level.ERROR, text: 'ERROR two' }]);
    count(frames, { source: 'b/web-1/b.log' });
    count(frames, { generation: 1 });
    expect(drain()[0]?.patterns.map(({ pattern }) => pattern)).toEqual(['one', 'two']);
  });

  it('keep the first 256 patterns and count the others together when there are more', () => {
    const { count, drain } = start();
    const name = (i: number): string => String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26), 120);
    count(Array.from({ length: 300 }, (_, i) => ({ time: T, level: Level.ERROR, text: `ERROR failed ${name(i)}` })));
    count([{ time: T, level: Level.ERROR, text: 'ERROR failed aax' }]);
    const [record] = drain();
    expect(record?.patterns).toHaveLength(256);
    expect(record?.patterns[0]).toEqual({ pattern: 'failed aax', count: 2 });
    expect(record?.otherPatterns).toBe(44);
  });

  it('give the line to the pattern of its trace, and keep another line of the first pattern', () => {
    const { count, drain } = start();
    const failed = (offset: number): Line => ({ time: T, level: Level.ERROR, text: 'ERROR failed', offset });
    count([
      failed(10),
      { time: T, level: Level.CONT, text: 'java.io.IOException: x' },
      { time: T, level: Level.CONT, text: ' at c.a.Pay.run(Pay.java:7)' },
      failed(200),
    ]);
    const [window] = drain();
    expect(window?.patterns.map(({ pattern }) => pattern)).toEqual(['failed', 'java.io.IOException at c.a.Pay.run']);
    expect(window?.samples).toMatchObject([
      { at: '0:200', text: 'ERROR failed', pattern: 0 },
      { at: '0:10', pattern: 1 },
    ]);
  });

  it('are kept for the levels of the rules, also after a restart', () => {
    const warning: Line = { time: T, level: Level.WARN, text: 'WARN queue full' };
    expect(start().drain()).toEqual([]);
    const job = createCounting({ ...options, patternLevels: [Level.ERROR, Level.WARN] });
    let state = job.open(null);
    countLines(state, linesOf([warning]), T);
    const first = job.flush(state);
    state = restore({ ...options, patternLevels: [Level.ERROR, Level.WARN] }, first.head, first.outputs);
    countLines(state, linesOf([{ ...warning, offset: 300 }]), T);
    expect(recordsOf(job.flush(state))[0]).toMatchObject({
      patterns: [],
      levels: {
        warn: {
          patterns: [{ pattern: 'queue full', count: 2 }],
          samples: [{ at: '0:0', text: warning.text, pattern: 0 }],
        },
      },
    });
  });

  it('keep the lowest line of each pattern by source, generation and offset, cut at 512 bytes between characters', () => {
    const { count, drain } = start();
    const error = (offset: number, text = 'x'): Line => ({ time: T, level: Level.ERROR, offset, text });
    count([error(10), error(20)], { source: 'b/web-1/b.log' });
    count([error(9)], { source: 'b/web-1/b.log', generation: 1 });
    count([error(100, `${'x'.repeat(511)}€ and more`), error(1000)], { source: 'b/web-1/a.log' });
    expect(drain()[0]?.samples).toEqual([
      { source: 'b/web-1/a.log', at: '0:1000', text: 'x', pattern: 0 },
      { source: 'b/web-1/a.log', at: '0:100', text: 'x'.repeat(511), pattern: 1 },
    ]);
  });

  it('take bytes when they are not UTF-8', () => {
    const { count, drain } = start();
    count([
      { time: T, level: Level.ERROR, text: Buffer.from([0x45, 0xff, 0xfe, 0x00, 0x80, 0xc3]) },
      { time: T, level: Level.ERROR, text: Buffer.alloc(2000, 0x80) },
    ]);
    expect(drain()[0]).toMatchObject({ counts: { error: 2 }, samples: [{ at: '0:0' }] });
  });

  it('are left out when `patterns` is off', () => {
    const { count, drain } = start({ patternLevels: [] });
    count([{ time: T, level: Level.ERROR }]);
    expect(drain()[0]).toMatchObject({ counts: { error: 1 }, patterns: [], samples: [] });
  });
});

describe('createCounting', () => {
  it('folds the records of a batch from its start offset, and restores its windows after a restart', () => {
    const job = createCounting(options);
    const state = job.open(null);
    expect(job.restoreRanges(state)).toEqual([]);
    const lines = linesOf([{ time: T }, { time: T }, { time: T, level: Level.ERROR, text: 'ERROR x' }]);
    const batch = withBaseOffset(encodeLines(lines, T, crc32c), 40);
    job.step(state, { type: 'batch', topic: 'logs', partition: 3, batch, startOffset: 41 });
    const { outputs, head } = job.flush(state);
    expect(outputs.map(({ topic, timestamp }) => [topic, timestamp])).toEqual([
      ['windows', T],
      ['counting-state', T],
      ['counting-state', T],
    ]);
    const again = restore(options, head, outputs);
    expect(job.restoreRanges(again)).toEqual([
      { topic: 'counting-state', from: 0 },
      { topic: 'windows', from: 0 },
    ]);
    job.step(again, { type: 'batch', topic: 'logs', partition: 3, batch, startOffset: 43 });
    expect(job.flush(again)).toEqual({ outputs: [], head, doubts: [] });
    countLines(again, lines, T);
    expect(recordsOf(job.flush(again))[0]).toMatchObject({ lines: 5, counts: { error: 2 }, revision: 2 });
  });

  it.each(['{"v":3}', 'garbage', ''])('refuses the head %j when it cannot read it', (head) => {
    expect(() => createCounting(options).open(Buffer.from(head))).toThrow(
      /head record of counting .* run the version of Telltale that wrote it/,
    );
  });

  it.each<[string, number, number]>([
    ['7,000 hosts', 7_000, 0],
    ['400 hosts whose evicted windows are fragmented', 400, 64],
  ])('keeps its head and each record small when there are %s', (_, hosts, fragments) => {
    const job = createCounting({ ...options, maxWindows: 10 });
    const state = job.open(null);
    for (let host = 0; host < hosts; host++) {
      const lines = Array.from({ length: 1 + fragments }, (_, i) => ({ time: T + 2 * i * MIN }));
      countLines(state, linesOf(lines, { origin: `host-${host}.example.com`, source: `b/host-${host}/a.log` }), T);
    }
    const { outputs, head } = job.flush(state);
    expect(head?.length).toBeLessThan(100);
    expect(Math.max(...outputs.map(({ value }) => value?.length ?? 0))).toBeLessThan(5_000);
    expect(compacted('counting-state', outputs)).toHaveLength(hosts);
  });

  it('writes origins and open errors to counting-state when it continues from a head of version 1', () => {
    const error = (text: string): Line => ({ time: T, level: Level.ERROR, text });
    const origin = { origin: 'web-1', watermark: T - 5_000, lastArrival: T, idle: false };
    const head = {
      v: 1,
      now: T,
      offsets: { 3: 1 },
      origins: [
        { origin: 'web-0', watermark: null, lastArrival: T - 20 * MIN, idle: true, dropped: [] },
        { ...origin, dropped: [{ from: T - MIN, to: T }] },
      ],
      openErrors: [
        {
          source: 'b/web-1/a.log',
          generation: 0,
          windowStart: T,
          pattern: 'lost',
          guess: null,
          type: 'java.io.IOException',
          frame: null,
          python: false,
        },
      ],
    };
    const before = createCounting(options);
    const fresh = before.open(null);
    countLines(fresh, linesOf([error('ERROR lost')]), T);
    const windows = before.flush(fresh).outputs.filter(({ topic }) => topic === 'windows');
    const state = restore(options, Buffer.from(JSON.stringify(head)), windows);
    const migrated = before.flush(state);
    const keys = migrated.outputs.map(({ topic, key }) => [topic, key.toString()]);
    expect(keys).toEqual([
      ['counting-state', '{"origin":"web-0"}'],
      ['counting-state', '{"origin":"web-1"}'],
      ['counting-state', '{"openErrorOf":"b/web-1/a.log"}'],
    ]);
    const again = restore(options, migrated.head, [...windows, ...migrated.outputs]);
    for (const at of [state, again]) {
      const trace = { time: T, level: Level.CONT, text: '\tat com.acme.Pay.run(Pay.java:7)' };
      countLines(at, linesOf([trace, { time: T - MIN }]), T + 1);
      expect(recordsOf(before.flush(at))).toMatchObject([
        { windowStart: '2024-03-01T12:00:00.000Z', expired: 1, continuation: 1, revision: 2, watermark: T - 5_000 },
      ]);
    }
  });

  it('counts lines as expired when the window of their time has another length', () => {
    const job = createCounting(options);
    const state = job.open(null);
    countLines(state, linesOf([{ time: T }]), T);
    const { outputs, head } = job.flush(state);
    const changed = { ...options, windowMs: 5 * MIN };
    const again = restore(changed, head, outputs);
    countLines(again, linesOf([{ time: T }, { time: T + 5 * MIN }]), T);
    expect(
      recordsOf(createCounting(changed).flush(again)).map(({ windowStart, lines, expired }) => [
        windowStart,
        lines,
        expired,
      ]),
    ).toEqual([['2024-03-01T12:05:00.000Z', 1, 1]]);
  });
});

import { KeptWindows, type Place } from '../../../../src/pipelines/level-alerts/alerting/kept-windows';
import { checkRules, type CheckedRule } from '../../../../src/pipelines/level-alerts/alerting/rules';
import { thresholdRule } from '../../../support/rules';
import { minute, windowOf } from './runner';

function ruleOf(name: string, windowMs: number, origins: string, isEach: boolean): CheckedRule {
  const [rule] = checkRules(
    [thresholdRule({ name, level: 'error', threshold: 1, windowMs, origins, each: isEach, severity: 'error' })],
    minute,
  );
  if (rule === undefined) throw new Error('there is no rule');
  return rule;
}

const together = ruleOf('together', minute, 'a*', false);
const each = ruleOf('each', minute, '**', true);
const long = ruleOf('long', 5 * minute, '**', false);

const clock = { now: 100 * minute, ended: false };

/** Windows in the order of writing: `a1 5` is that of origin a1 at 00:05, one error each. */
class Kept extends KeptWindows {
  private offset = 0;

  constructor(partitions = 1, rules = [together, each, long], most?: number) {
    super(partitions, minute, rules, most);
  }

  add(name: string, changes: Parameters<typeof windowOf>[3] = {}, place: Partial<Place> = {}, errors = 1): this {
    const [origin = '', start] = name.split(' ');
    const record = windowOf(origin, Number(start) * minute, errors, changes);
    this.put(record, { partition: 0, offset: this.offset++, timestamp: 0, ...place });
    return this;
  }

  names(from = -Infinity, to = Infinity, origin: string | null = null): string[] {
    return this.between(from * minute, to * minute, origin).map((one) => `${one.origin} ${one.start / minute}`);
  }
}

const kept = (...names: string[]): Kept => names.reduce((windows, name) => windows.add(name), new Kept());

describe('KeptWindows', () => {
  it('gives a window with its place and times', () => {
    const record = windowOf('a1', 5 * minute, 1);
    const window = new Kept().put(record, { partition: 0, offset: 7, timestamp: 9 });
    const [start, end] = [5 * minute, 6 * minute];
    expect(window).toEqual({ record, origin: 'a1', start, end, partition: 0, offset: 7, changedAt: 9 });
  });

  it('keeps no window without a time', () => {
    const windows = new Kept();
    const record = { ...windowOf('a1', 0, 1), windowStart: 'yesterday' };
    expect(windows.put(record, { partition: 0, offset: 0, timestamp: 0 })).toBeNull();
    expect([windows.names(), windows.rulesOf('a1')]).toEqual([[], []]);
  });

  it.each<[string, [from: number, to: number, origin?: string], string[]]>([
    ['from a time on, in order of time and origin', [5, 8], ['a1 5', 'b1 5', 'a1 7']],
    ['before the end', [5, 7], ['a1 5', 'b1 5']],
    ['that start after the beginning of a span', [4.5, 7.5], ['a1 5', 'b1 5', 'a1 7']],
    ['of one origin', [0, 10, 'b1'], ['b1 5', 'b1 9']],
    ['of an unknown origin', [0, 10, 'c1'], []],
    ['in an empty span', [5, 5], []],
    ['in a span that is longer than the number of windows', [-1000, 1000, 'a1'], ['a1 5', 'a1 7']],
    ['in a long span that ends before the last', [-1000, 9], ['a1 5', 'b1 5', 'a1 7']],
    ['in a long span that begins at the first', [7, 1000], ['a1 7', 'b1 9']],
  ])('finds windows %s', (_, [from, to, origin], expected) => {
    expect(kept('b1 9', 'a1 7', 'b1 5', 'a1 5').names(from, to, origin)).toEqual(expected);
  });

  it('finds the windows of a group: of its origin, or of all that its rule matches', () => {
    const windows = kept('a1 5', 'a2 5', 'b1 5');
    const ofGroup = (rule: CheckedRule, group: string): string[] =>
      windows.ofGroup(rule, group, 0, 10 * minute).map(({ origin }) => origin);
    expect(ofGroup(together, 'all')).toEqual(['a1', 'a2']);
    expect(ofGroup(each, 'b1')).toEqual(['b1']);
    expect(ofGroup(each, 'c1')).toEqual([]);
  });

  it('finds the origins of a group', () => {
    const windows = kept('a1 5', 'b1 5', 'a2 5');
    expect(windows.members(together, 'all')).toEqual(['a1', 'a2']);
    expect(windows.members(each, 'b1')).toEqual(['b1']);
    expect(windows.members(each, 'c1')).toEqual([]);
    expect(windows.members({ ...together, each: true, severity: 'error' }, 'b1')).toEqual([]);
  });

  describe('a sum over a window of a rule', () => {
    const sum = (windows: Kept, rule: CheckedRule, group: string, start: number): number =>
      windows.evaluate(rule, group, start * minute).value;

    it('has the last revision of each of its windows', () => {
      const windows = kept('a1 5', 'a2 5', 'b1 5').add('a1 5', {}, {}, 4).add('a1 9', {}, {}, 10);
      expect(sum(windows, together, 'all', 5)).toBe(5);
      expect(sum(windows, each, 'a1', 5)).toBe(4);
      expect(sum(windows, long, 'all', 5)).toBe(16);
      expect(sum(windows, long, 'all', 0)).toBe(0);
      expect(sum(windows, each, 'c1', 5)).toBe(0);
    });

    it('exists while one of its windows is kept', () => {
      const windows = new Kept().add('a1 5', {}, { timestamp: 10 }).add('a2 6', {}, { timestamp: 20 });
      const groups = (rule: CheckedRule): string[] =>
        windows.groups(rule).map(({ group, first, last }) => `${group} ${first / minute}-${last / minute}`);
      expect([groups(each), groups(together), groups(long)]).toEqual([['a1 5-5', 'a2 6-6'], ['all 5-6'], ['all 5-6']]);
      windows.evict(10);
      expect([groups(each), groups(together), groups(long)]).toEqual([['a2 6-6'], ['all 6-6'], ['all 6-6']]);
      expect(sum(windows, long, 'all', 5)).toBe(1);
      windows.evict(20);
      expect([groups(each), groups(together), groups(long)]).toEqual([[], [], []]);
    });

    it('shows a rule the records of its window, or of another span', () => {
      const seen: string[][] = [];
      const evaluate: CheckedRule['evaluate'] = ({ start, end, level, lines, records }) => {
        const names = (from?: number, to?: number): string[] =>
          records(from, to).map(({ origin, windowStart }) => `${origin} ${Date.parse(windowStart) / minute}`);
        seen.push(
          [`${start / minute}-${end / minute}`, level],
          names(),
          names(start - minute),
          names(start, end + minute),
        );
        return { value: lines, breached: false };
      };
      const watching = { ...together, evaluate };
      const windows = ['a1 4', 'a1 5', 'a2 5', 'b1 5', 'a1 6'].reduce(
        (all, name) => all.add(name),
        new Kept(1, [watching]),
      );
      windows.evaluate(watching, 'all', 5 * minute);
      expect(seen).toEqual([
        ['5-6', 'error'],
        ['a1 5', 'a2 5'],
        ['a1 4', 'a1 5', 'a2 5'],
        ['a1 5', 'a2 5', 'a1 6'],
      ]);
    });
  });

  describe('the completeness of an origin', () => {
    it.each<[string, Parameters<typeof windowOf>[3][], number]>([
      ['its watermark', [{ watermark: 7 * minute }], 7],
      ['its highest watermark', [{ watermark: 9 * minute }, { watermark: 7 * minute }], 9],
      ['the end of its window, where that is complete without a watermark', [{ watermark: null }], 6],
      ['unknown, where neither is', [{ watermark: null, complete: false }], -Infinity],
      ['a watermark before the window', [{ watermark: 3 * minute, complete: false }], 3],
      ['the time, when it is idle', [{ watermark: 7 * minute, idle: true }], 100],
      ['its watermark, when it is no longer idle', [{ idle: true }, { watermark: 8 * minute, idle: false }], 8],
    ])('is %s', (_, revisions, expected) => {
      const windows = revisions.reduce((all, revision) => all.add('a1 5', revision), new Kept());
      expect(windows.completeUntil('a1', clock)).toBe(expected === -Infinity ? expected : expected * minute);
      expect(windows.completeUntil('a1', { ...clock, ended: true })).toBe(clock.now);
    });

    it('is unknown without a window, and ends with its last one', () => {
      const windows = new Kept().add('a1 5', {}, { timestamp: 10 }).add('a1 6', {}, { timestamp: 20 });
      expect(windows.completeUntil('b1', clock)).toBe(-Infinity);
      windows.evict(10);
      expect(windows.completeUntil('a1', clock)).toBe(7 * minute);
      windows.evict(20);
      expect(windows.completeUntil('a1', clock)).toBe(-Infinity);
      expect(windows.rulesOf('a1')).toEqual([]);
    });

    it('is, for a group, that of the last of its origins', () => {
      const windows = kept('a1 5', 'a2 7', 'b1 3');
      expect(windows.groupCompleteUntil(together, 'all', clock)).toBe(6 * minute);
      expect(windows.groupCompleteUntil(each, 'b1', clock)).toBe(4 * minute);
      expect(windows.groupCompleteUntil(each, 'c1', clock)).toBe(Infinity);
    });
  });

  describe('eviction', () => {
    const changed = (): Kept =>
      new Kept(2)
        .add('a1 5', {}, { timestamp: 30, partition: 0 })
        .add('b1 5', {}, { timestamp: 10, partition: 1 })
        .add('b2 5', {}, { timestamp: 20, partition: 1 })
        .add('b1 5', {}, { timestamp: 40, partition: 1 });

    it.each([
      [19, ['a1 5', 'b1 5', 'b2 5']],
      [20, ['a1 5', 'b1 5']],
      [30, ['b1 5']],
      [40, []],
    ])('takes windows of every partition that last changed at or before %d', (changedBy, left) => {
      const windows = changed();
      windows.evict(changedBy);
      expect(windows.names()).toEqual(left);
    });

    it('takes of too many those without lines at the level of a rule first, the least recently changed of them', () => {
      const windows = new Kept(2, [together, each, long], 3)
        .add('a1 5', {}, { timestamp: 10 })
        .add('b1 5', {}, { timestamp: 50, partition: 1 }, 0)
        .add('b2 5', { counts: { info: 9 } }, { timestamp: 40 }, 0)
        .add('b3 5', {}, { timestamp: 20, partition: 1 });
      windows.evict(0);
      expect(windows.names()).toEqual(['a1 5', 'b1 5', 'b3 5']);
      windows.add('b4 5', {}, { timestamp: 60 }).add('b5 5', {}, { timestamp: 70 }).evict(0);
      expect(windows.names()).toEqual(['b3 5', 'b4 5', 'b5 5']);
      windows.evict(60);
      expect(windows.names()).toEqual(['b5 5']);
    });

    it('moves the lowest offset that must be read again', () => {
      const windows = changed();
      const lowest = (): unknown[] => [0, 1, 2].map((partition) => windows.lowestOffset(partition));
      expect(lowest()).toEqual([0, 2, null]);
      windows.evict(20);
      expect(lowest()).toEqual([0, 3, null]);
      windows.evict(40);
      expect(lowest()).toEqual([null, null, null]);
    });

    it('has the lowest offset also where a window of a lower offset changed later', () => {
      const windows = new Kept()
        .add('a1 5', {}, { offset: 9 })
        .add('a1 6', {}, { offset: 4 })
        .add('a1 7', {}, { offset: 6 });
      expect(windows.lowestOffset(0)).toBe(4);
    });
  });

  it('gives all windows once, and knows nothing of them afterward', () => {
    const windows = kept('b1 9', 'a1 7', 'b1 5', 'a1 5');
    expect(windows.takeAll().map(({ origin, start }) => `${origin} ${start / minute}`)).toEqual([
      'a1 5',
      'b1 5',
      'a1 7',
      'b1 9',
    ]);
    expect(windows.takeAll()).toEqual([]);
    expect([windows.rulesOf('a1'), windows.groups(each), windows.lowestOffset(0)]).toEqual([[], [], null]);
    windows.evict(0);
    expect(windows.add('a1 7').evaluate(each, 'a1', 7 * minute).value).toBe(1);
  });
});

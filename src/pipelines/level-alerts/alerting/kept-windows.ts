import type { WindowRecord } from '../counting/window-record';
import { least } from './extremes';
import type { Evaluation } from './rule-kinds/rule-kind';
import { patternsOf } from './level-patterns';
import { breachesOf, type FoundBreach } from './find-breaches';
import type { CheckedRule } from './rules';
import { RuleSums } from './rule-sums';
import type { WindowSums } from './sliding-sums';

/** The last known revision of a window, and where it was read. Times are epoch milliseconds. */
export interface KeptWindow {
  readonly record: WindowRecord;
  readonly origin: string;
  readonly start: number;
  readonly end: number;
  readonly partition: number;
  readonly offset: number;
  /** Timestamp of its record. */
  readonly changedAt: number;
}

/** Where a window's record was read. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

/** How complete an origin's windows are, as its latest record says (`complete-windows`). */
interface Origin {
  windows: number;
  watermark: number | null;
  idle: boolean;
  readonly rules: readonly CheckedRule[];
}

/** Processing time. After the end of all input, each window that has ended is complete, even after its origin's watermark. */
export interface AlertingClock {
  /** False when lines may still be unread (`Backlog`); true when it is missing. */
  readonly isBacklogKnown?: boolean;
  readonly now: number;
  readonly ended: boolean;
}

/**
 * At most this many windows are kept, about 110 MiB (`bounded-memory`). Those without lines at the level of a rule go first,
 * then those that changed longest ago: the sums of incidents stay right for very many hosts.
 */
export const maxKeptWindows = 150_000;

/**
 * The latest revisions of the windows that alerting keeps, and sums over the windows of rules. All of it can be rebuilt from
 * topic `windows`. The order in which partitions are read does not matter.
 */
export class KeptWindows {
  private readonly byStart = new Map<number, Map<string, KeptWindow>>();
  private readonly origins = new Map<string, Origin>();
  private readonly sums = new RuleSums();
  /** Per partition in order of the last change: windows with lines at the level of a rule … */
  private readonly telling: readonly Set<KeptWindow>[];
  /** … and the others. */
  private readonly quiet: readonly Set<KeptWindow>[];

  constructor(
    partitions: number,
    private readonly baseWindowMs: number,
    private readonly rules: readonly CheckedRule[],
    private readonly most = maxKeptWindows,
  ) {
    this.telling = Array.from({ length: partitions }, () => new Set<KeptWindow>());
    this.quiet = Array.from({ length: partitions }, () => new Set<KeptWindow>());
  }

  /** Replaces the earlier revision. Null when its start is not a time. */
  put(record: WindowRecord, place: Place): KeptWindow | null {
    const start = Date.parse(record.windowStart);
    if (Number.isNaN(start)) return null;
    const { origin } = record;
    const { partition, offset, timestamp: changedAt } = place;
    const window = { record, origin, start, end: start + this.baseWindowMs, partition, offset, changedAt };

    this.noteProgress(window);
    const before = this.byStart.get(start)?.get(origin);
    if (before !== undefined) this.remove(before);
    entry(this.byStart, start, () => new Map<string, KeptWindow>()).set(origin, window);
    const isTelling = this.rulesOf(origin).some(({ level }) => record.counts[level] > 0);
    (isTelling ? this.telling : this.quiet)[partition]?.add(window);
    for (const rule of this.rulesOf(origin)) this.sums.add(rule, window);
    return window;
  }

  /** The rules whose globs match an origin of which a window is kept. */
  rulesOf(origin: string): readonly CheckedRule[] {
    return this.origins.get(origin)?.rules ?? [];
  }

  /** True when a window is kept of an origin that passes a test. */
  hasOrigin(fits: (origin: string) => boolean): boolean {
    return [...this.origins.keys()].some(fits);
  }

  isEmpty(): boolean {
    return this.origins.size === 0;
  }

  /** Evaluates one window of a rule as it is known now, without those before it that `for` needs. */
  evaluate(rule: CheckedRule, group: string, start: number): Evaluation {
    return this.evaluateSums(rule, group, start, this.sums.of(rule, group).sums.sum(start, start + rule.windowMs));
  }

  /**
   * The breaches of a rule and group among the windows that end from `first` to `last`, with the windows before them that `for`
   * needs; in order of time.
   */
  breaches(rule: CheckedRule, group: string, first: number, last: number): FoundBreach[] {
    return breachesOf(rule, this.sums.of(rule, group).sums, first, last, (start, sums) =>
      this.evaluateSums(rule, group, start, sums),
    );
  }

  /**
   * As `breaches`, without those that were found before, except the first one: so a new line costs one breach, however many windows
   * it lies in.
   */
  newBreaches(rule: CheckedRule, group: string, first: number, last: number): FoundBreach[] {
    const { sums } = this.sums.of(rule, group);
    const found = this.breaches(rule, group, first, last);
    return found.filter(({ start }, i) => sums.note(start + rule.windowMs) || i === 0);
  }

  /** The groups of a rule of which windows are kept, with the start of the first one and of the last one. */
  groups(rule: CheckedRule): { readonly group: string; readonly first: number; readonly last: number }[] {
    return this.sums.groups(rule);
  }

  private evaluateSums(
    rule: CheckedRule,
    group: string,
    start: number,
    { lines, records: all }: WindowSums,
  ): Evaluation {
    const end = start + rule.windowMs;
    return rule.evaluate({
      ...{ start, end, level: rule.level, lines, all },
      linesBefore: (ms) => this.linesBefore(rule, group, start - ms),
      newLines: () => this.newLines(rule, group, start, end),
      records: (from = start, to = end) => this.ofGroup(rule, group, from, to).map(({ record }) => record),
    });
  }

  private linesBefore(rule: CheckedRule, group: string, start: number): number | null {
    const { sums } = this.sums.of(rule, group);
    return start < (sums.span()?.first ?? Infinity) ? null : sums.sum(start, start + rule.windowMs).lines;
  }

  private newLines(rule: CheckedRule, group: string, start: number, end: number): number {
    const { sums, seen } = this.sums.of(rule, group);
    if (start <= (sums.span()?.first ?? Infinity)) return 0;
    const members = this.ofGroup(rule, group, start, end);
    const names = members.flatMap(({ record }) =>
      patternsOf(record, rule.level).patterns.map(({ pattern }) => pattern),
    );
    return seen.newLines(new Set(names), start, end);
  }

  /** Windows that start in [from, to), of one origin or of all, in order of (start, origin). */
  between(from: number, to: number, origin: string | null = null): KeptWindow[] {
    return this.startsBetween(from, to).flatMap((start) => {
      const siblings = this.byStart.get(start);
      if (siblings === undefined) return [];
      if (origin === null) return [...siblings.values()].sort((a, b) => (a.origin < b.origin ? -1 : 1));
      const window = siblings.get(origin);
      return window === undefined ? [] : [window];
    });
  }

  /** Windows that start in [from, to) and belong to a group of a rule, in order of (start, origin). */
  ofGroup(rule: CheckedRule, group: string, from: number, to: number): KeptWindow[] {
    const members = this.between(from, to, rule.each ? group : null);
    return members.filter(({ origin }) => this.rulesOf(origin).includes(rule));
  }

  /** Walks a short span window by window: its cost does not depend on the number of kept windows. */
  private startsBetween(from: number, to: number): number[] {
    const { baseWindowMs } = this;
    if (!((to - from) / baseWindowMs < this.byStart.size)) {
      return [...this.byStart.keys()].filter((start) => start >= from && start < to).sort((a, b) => a - b);
    }
    const starts: number[] = [];
    for (let start = Math.ceil(from / baseWindowMs) * baseWindowMs; start < to; start += baseWindowMs)
      starts.push(start);
    return starts;
  }

  /** Origins of which a window is kept and that belong to a group of a rule. */
  members(rule: CheckedRule, group: string): string[] {
    if (rule.each) return this.rulesOf(group).includes(rule) ? [group] : [];
    return [...this.origins].filter(([, { rules }]) => rules.includes(rule)).map(([origin]) => origin);
  }

  /** Until when an origin's windows are complete (`complete-windows`); -Infinity when it is unknown. */
  completeUntil(origin: string, clock: AlertingClock): number {
    const known = this.origins.get(origin);
    if (clock.ended || known?.idle === true) return clock.now;
    return known?.watermark ?? -Infinity;
  }

  /** Until when the windows of all origins of a group are complete; Infinity when none is kept. */
  groupCompleteUntil(rule: CheckedRule, group: string, clock: AlertingClock): number {
    return least(this.members(rule, group).map((origin) => this.completeUntil(origin, clock)));
  }

  /** Evicts windows that last changed at or before a time, and some of too many. */
  evict(changedBy: number): void {
    for (const windows of [this.quiet, this.telling]) {
      for (;;) {
        const oldest = leastRecentlyChanged(windows);
        if (oldest === null || (oldest.changedAt > changedBy && this.size() <= this.most)) break;
        this.remove(oldest);
      }
    }
  }

  /** Removes and returns all windows, in order of (start, origin). */
  takeAll(): KeptWindow[] {
    const all = this.between(-Infinity, Infinity);
    this.byStart.clear();
    this.origins.clear();
    this.sums.clear();
    for (const windows of [...this.quiet, ...this.telling]) windows.clear();
    return all;
  }

  /** The lowest offset of a partition that holds the last revision of a kept window; null when none is kept. */
  lowestOffset(partition: number): number | null {
    let lowest: number | null = null;
    for (const windows of [this.quiet[partition], this.telling[partition]]) {
      for (const { offset } of windows ?? []) lowest = Math.min(offset, lowest ?? offset);
    }
    return lowest;
  }

  private size(): number {
    return [...this.quiet, ...this.telling].reduce((sum, windows) => sum + windows.size, 0);
  }

  private remove(window: KeptWindow): void {
    for (const rule of this.rulesOf(window.origin)) this.sums.remove(rule, window);
    this.quiet[window.partition]?.delete(window);
    this.telling[window.partition]?.delete(window);
    const siblings = this.byStart.get(window.start);
    siblings?.delete(window.origin);
    if (siblings?.size === 0) this.byStart.delete(window.start);
    const origin = this.origins.get(window.origin);
    if (origin !== undefined && --origin.windows === 0) this.origins.delete(window.origin);
  }

  private noteProgress(window: KeptWindow): void {
    const origin = this.knownOrigin(window.origin);
    origin.windows++;
    origin.idle = window.record.idle;
    // Another engine may mark a window as complete without a watermark.
    const reached = window.record.watermark ?? (window.record.complete ? window.end : null);
    if (reached !== null) origin.watermark = Math.max(reached, origin.watermark ?? reached);
  }

  private knownOrigin(name: string): Origin {
    return entry(this.origins, name, () => ({
      windows: 0,
      watermark: null,
      idle: false,
      rules: this.rules.filter((rule) => rule.matches(name)),
    }));
  }
}

function leastRecentlyChanged(partitions: readonly ReadonlySet<KeptWindow>[]): KeptWindow | null {
  return partitions.reduce<KeptWindow | null>((oldest, windows) => {
    const candidate = first(windows);
    return candidate !== null && (oldest === null || candidate.changedAt < oldest.changedAt) ? candidate : oldest;
  }, null);
}

function first<T>(values: ReadonlySet<T> | undefined): T | null {
  for (const value of values ?? []) return value;
  return null;
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

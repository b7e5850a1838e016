import type { WindowRecord } from './counting/window-record';

/** A window, as far as totals and bars need it. */
export interface ShownWindow {
  readonly host: ShownHost;
  /** Epoch milliseconds. */
  readonly start: number;
  readonly lengthMs: number;
  readonly lines: number;
  readonly error: number;
  readonly warn: number;
  readonly info: number;
  readonly debug: number;
  readonly idle: boolean;
}

export interface ShownHost {
  readonly origin: string;
  /** Its latest windows by start, oldest first; at most {@link BARS}. */
  readonly latest: ShownWindow[];
  windows: number;
  /** Sums of its bars; null when they have changed since the last page. */
  sums: Sums | null;
}

export type Sums = Record<'lines' | 'error' | 'warn' | 'info' | 'debug', number>;

/** Latest windows of a host that are shown. */
export const BARS = 30;
/** About 30 MB: an hour of 2,500 hosts with windows of a minute. */
const MAX_WINDOWS = 150_000;
/** Newest windows of all hosts. */
const NEWEST = 25;

/** The latest revision of each window, kept in memory as sums: a page must not fold all of them at each request. */
export class ShownWindows {
  /** By key; the one whose last revision is oldest first. */
  private readonly windows = new Map<string, ShownWindow>();
  private readonly hosts = new Map<string, ShownHost>();
  /** Latest start first. */
  private newestFirst: (readonly [string, WindowRecord])[] = [];
  private sums: Sums = noLines();
  private hasEvicted = false;

  constructor(private readonly maxWindows = MAX_WINDOWS) {}

  get size(): number {
    return this.windows.size;
  }

  get hostCount(): number {
    return this.hosts.size;
  }

  /** True when older windows gave way: the totals are without them. */
  get isPartial(): boolean {
    return this.hasEvicted;
  }

  get totals(): Readonly<Sums> {
    return this.sums;
  }

  /** The newest windows of all hosts, the latest start first. */
  get newest(): readonly WindowRecord[] {
    return this.newestFirst.map(([, window]) => window);
  }

  /** @returns how many lines more this revision has than the one before */
  put(key: string, record: WindowRecord): number {
    const before = this.windows.get(key)?.lines ?? 0;
    this.delete(key);
    const host = this.hosts.get(record.origin) ?? { origin: record.origin, latest: [], windows: 0, sums: null };
    this.hosts.set(record.origin, host);
    const window = shownWindow(host, record);
    this.windows.set(key, window);
    host.windows += 1;
    host.sums = null;
    insert(host.latest, window);
    addTo(this.sums, window, 1);
    this.putNewest(key, record);
    for (const oldest of this.windows.keys()) {
      if (this.windows.size <= this.maxWindows) break;
      this.delete(oldest);
      this.hasEvicted = true;
    }
    return window.lines - before;
  }

  private putNewest(key: string, record: WindowRecord): void {
    const isBefore = ([, other]: readonly [string, WindowRecord]): boolean => latestFirst(record, other) < 0;
    const at = this.newestFirst.findLastIndex((other) => !isBefore(other)) + 1;
    if (at >= NEWEST) return;
    // Patterns and samples may be large, and are not shown.
    this.newestFirst.splice(at, 0, [key, { ...record, patterns: [], samples: [] }]);
    this.newestFirst.length = Math.min(this.newestFirst.length, NEWEST);
  }

  hasHost(fits: (origin: string) => boolean): boolean {
    return [...this.hosts.keys()].some(fits);
  }

  delete(key: string): void {
    const window = this.windows.get(key);
    if (window === undefined) return;
    const { host } = window;
    this.windows.delete(key);
    host.windows -= 1;
    host.sums = null;
    if (host.windows === 0) this.hosts.delete(host.origin);
    const at = host.latest.indexOf(window);
    if (at >= 0) host.latest.splice(at, 1);
    addTo(this.sums, window, -1);
    const newest = this.newestFirst.findIndex(([of]) => of === key);
    if (newest >= 0) this.newestFirst.splice(newest, 1);
  }

  /**
   * The hosts whose names contain a text, in any case: those with the most errors in their latest windows first, then warnings.
   */
  worstHosts(part: string): { readonly host: ShownHost; readonly sums: Sums }[] {
    const wanted = part.toLowerCase();
    const found = [...this.hosts.values()].filter(({ origin }) => origin.toLowerCase().includes(wanted));
    return found
      .map((host) => ({ host, sums: (host.sums ??= sumsOf(barsOf(host))) }))
      .sort(
        (a, b) => b.sums.error - a.sums.error || b.sums.warn - a.sums.warn || (a.host.origin < b.host.origin ? -1 : 1),
      );
  }
}

/** The windows of a host that its bars show: those that began within {@link BARS} window lengths. */
export function barsOf({ latest }: ShownHost): readonly ShownWindow[] {
  const newest = latest.at(-1);
  return newest === undefined ? [] : latest.filter((window) => ageOf(window, newest) < BARS);
}

/** In windows before the newest one. */
export function ageOf(window: ShownWindow, newest: ShownWindow): number {
  return Math.round((newest.start - window.start) / newest.lengthMs);
}

export function latestFirst(a: WindowRecord, b: WindowRecord): number {
  // As text: both are ISO 8601 in UTC with milliseconds.
  if (a.windowStart !== b.windowStart) return a.windowStart > b.windowStart ? -1 : 1;
  return a.origin < b.origin ? -1 : 1;
}

function shownWindow(host: ShownHost, { windowStart, windowEnd, lines, counts, idle }: WindowRecord): ShownWindow {
  const { error, warn, info, debug } = counts;
  const start = Date.parse(windowStart);
  return { host, start, lengthMs: Math.max(1, Date.parse(windowEnd) - start), lines, error, warn, info, debug, idle };
}

function insert(latest: ShownWindow[], window: ShownWindow): void {
  const at = latest.findLastIndex(({ start }) => start <= window.start) + 1;
  latest.splice(at, 0, window);
  if (latest.length > BARS) latest.shift();
}

function noLines(): Sums {
  return { lines: 0, error: 0, warn: 0, info: 0, debug: 0 };
}

function sumsOf(windows: readonly ShownWindow[]): Sums {
  const sums = noLines();
  for (const window of windows) addTo(sums, window, 1);
  return sums;
}

function addTo(sums: Sums, window: Readonly<Sums>, sign: 1 | -1): void {
  sums.lines += sign * window.lines;
  sums.error += sign * window.error;
  sums.warn += sign * window.warn;
  sums.info += sign * window.info;
  sums.debug += sign * window.debug;
}

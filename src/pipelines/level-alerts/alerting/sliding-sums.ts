/** The sums over one window of a rule. */
export interface WindowSums {
  /** Lines at the rule's level. */
  readonly lines: number;
  /** Records of any level, and without one. */
  readonly records: number;
  /** Latest timestamp of the records of its base windows; 0 without one. */
  readonly changedAt: number;
}

/** The part of one base window of one origin. */
export interface Addend {
  readonly lines: number;
  readonly records: number;
  readonly changedAt: number;
}

/** A base window, summed over the origins of a group. */
interface Slot {
  readonly start: number;
  lines: number;
  records: number;
  /** How many origins have it. */
  windows: number;
  changedAt: number;
  /** True when a breach that ends with this base window was noted. Only saves work: to note a breach again changes nothing. */
  isNoted: boolean;
}

/**
 * Sums over the base windows of one rule and group, from which the sums of windows that slide over them are computed. Its memory
 * follows the number of base windows, however far apart they are. Times are epoch milliseconds.
 */
export class SlidingSums {
  /** In order of time. */
  private readonly slots: Slot[] = [];

  /** @param slideMs length of a base window */
  constructor(private readonly slideMs: number) {}

  add(start: number, { lines, records, changedAt }: Addend): void {
    const i = this.indexOf(start);
    const known = this.slots[i];
    const slot =
      known?.start === start ? known : { start, lines: 0, records: 0, windows: 0, changedAt: 0, isNoted: false };
    if (slot !== known) this.slots.splice(i, 0, slot);
    slot.lines += lines;
    slot.records += records;
    slot.windows += 1;
    slot.changedAt = Math.max(slot.changedAt, changedAt);
  }

  /** Removes the addend of an origin. */
  remove(start: number, { lines, records }: Omit<Addend, 'changedAt'>): void {
    const i = this.indexOf(start);
    const slot = this.slots[i];
    if (slot?.start !== start) return;
    slot.lines -= lines;
    slot.records -= records;
    slot.windows -= 1;
    if (slot.windows === 0) this.slots.splice(i, 1);
  }

  /** Start of the first base window and of the last one; null without any. */
  span(): { readonly first: number; readonly last: number } | null {
    const [first] = this.slots;
    return first === undefined ? null : { first: first.start, last: (this.slots.at(-1) ?? first).start };
  }

  /** The sums over [from, to). */
  sum(from: number, to: number): WindowSums {
    const total = { lines: 0, records: 0, changedAt: 0 };
    for (let i = this.indexOf(from); ; i++) {
      const slot = this.slots[i];
      if (slot === undefined || slot.start >= to) return total;
      total.lines += slot.lines;
      total.records += slot.records;
      total.changedAt = Math.max(total.changedAt, slot.changedAt);
    }
  }

  /** The ends of base windows with lines at the level, from `first` to `last`. */
  endsWithLines(first: number, last: number): number[] {
    const ends: number[] = [];
    for (let i = this.indexOf(first - this.slideMs); ; i++) {
      const slot = this.slots[i];
      if (slot === undefined || slot.start + this.slideMs > last) return ends;
      if (slot.lines > 0) ends.push(slot.start + this.slideMs);
    }
  }

  /** Notes a breach that ends at a time. @returns false when it was noted before */
  note(end: number): boolean {
    const start = end - this.slideMs;
    const slot = this.slots[this.indexOf(start)];
    if (slot?.start !== start) return true;
    const isNew = !slot.isNoted;
    slot.isNoted = true;
    return isNew;
  }

  /**
   * The sums over the windows of a length that end at some times, which ascend. Each base window is added and subtracted
   * once, however long the windows are.
   */
  *slide(ends: Iterable<number>, windowMs: number): Generator<WindowSums & { readonly end: number }> {
    const { slots } = this;
    let next: number | null = null;
    let oldest = 0;
    let lines = 0;
    let records = 0;
    /** Slots of the window that no later one outdoes: their `changedAt` descends. */
    const newest: Slot[] = [];
    let dropped = 0;
    for (const end of ends) {
      next ??= oldest = this.indexOf(end - windowMs);
      for (let slot = slots[next]; slot !== undefined && slot.start < end; slot = slots[++next]) {
        lines += slot.lines;
        records += slot.records;
        while (newest.length > dropped && (newest.at(-1)?.changedAt ?? 0) <= slot.changedAt) newest.pop();
        newest.push(slot);
      }
      for (let slot = slots[oldest]; slot !== undefined && slot.start < end - windowMs; slot = slots[++oldest]) {
        lines -= slot.lines;
        records -= slot.records;
        if (newest[dropped] === slot) dropped++;
      }
      yield { end, lines, records, changedAt: newest[dropped]?.changedAt ?? 0 };
    }
  }

  /** Index of the first base window that starts at or after a time. */
  private indexOf(start: number): number {
    let [low, high] = [0, this.slots.length];
    // Most windows are the newest.
    if ((this.slots.at(-1)?.start ?? -Infinity) < start) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.slots[middle]?.start ?? Infinity) < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

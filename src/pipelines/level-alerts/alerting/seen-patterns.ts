import type { LevelPatterns } from '../counting/window-record';
import { SlidingSums } from './sliding-sums';

/** Where each pattern of one rule and group was seen: in base windows that are kept. Times are epoch milliseconds. */
export class SeenPatterns {
  private readonly byPattern = new Map<string, SlidingSums>();

  /** @param slideMs length of a base window */
  constructor(private readonly slideMs: number) {}

  add(start: number, { patterns }: LevelPatterns): void {
    for (const { pattern, count } of patterns) {
      const seen = this.byPattern.get(pattern) ?? new SlidingSums(this.slideMs);
      this.byPattern.set(pattern, seen);
      seen.add(start, { lines: count, records: 0, changedAt: 0 });
    }
  }

  remove(start: number, { patterns }: LevelPatterns): void {
    for (const { pattern, count } of patterns) {
      const seen = this.byPattern.get(pattern);
      seen?.remove(start, { lines: count, records: 0 });
      if (seen?.span() === null) this.byPattern.delete(pattern);
    }
  }

  /** Lines in [from, to) of patterns that are not seen before. @param names the patterns in this span */
  newLines(names: ReadonlySet<string>, from: number, to: number): number {
    let lines = 0;
    for (const name of names) {
      const seen = this.byPattern.get(name);
      if (seen !== undefined && (seen.span()?.first ?? 0) >= from) lines += seen.sum(from, to).lines;
    }
    return lines;
  }
}

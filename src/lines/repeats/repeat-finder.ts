import { Level, LineFlag, type LineBatch } from '../line-batch';
import { LEVELS, SLOTS, type SketchBlock, type SketchState } from './sketch';
import { SketchBuilder } from './sketch-builder';

/**
 * Records that were read before, as ascending numbers [from, to, from, to …] of records: 0 is the first record that is read
 * after the state in which the search began. Lines with a timestamp of their own are records; the others follow theirs.
 */
export type Repeats = readonly number[];

/** Tells for each record whether it is a repeat. */
export class RepeatCursor {
  private record = 0;
  private index = 0;

  constructor(private readonly repeats: Repeats) {}

  /** For the next record. */
  next(): boolean {
    const record = this.record++;
    while (record >= (this.repeats[this.index + 1] ?? Infinity)) this.index += 2;
    return record >= (this.repeats[this.index] ?? Infinity);
  }
}

/** Entries of earlier generations by level, each with the number of times that it occurred. */
export type KnownEntries = readonly Map<number, number>[];

/**
 * What a sketch knows of earlier generations.
 * @param blocks those that exist, in any order; some of them may have given way to newer ones
 * @returns and the number of blocks that should exist and do not
 */
export function knownEntries(
  { levels, earlierEnds }: SketchState,
  blocks: readonly SketchBlock[],
): { readonly known: KnownEntries; readonly missing: number } {
  const known = levels.map(() => new Map<number, number>());
  const found = levels.map(() => new Set<number>());
  const note = (level: number, from: number, entries: readonly number[]): void => {
    const counts = known[level];
    const earlier = Math.max(0, (earlierEnds[level] ?? 0) - from);
    for (const entry of entries.slice(0, earlier)) counts?.set(entry, (counts.get(entry) ?? 0) + 1);
  };
  for (const { level, number, from, entries } of blocks) {
    const written = levels[level]?.blocks ?? 0;
    if (number >= written || number < written - SLOTS || found[level]?.has(number) === true) continue;
    found[level]?.add(number);
    note(level, from, entries);
  }
  levels.forEach(({ end, recent }, level) => note(level, end - recent.length, recent));
  const missing = levels.reduce((sum, level, i) => sum + Math.min(level.blocks, SLOTS) - (found[i]?.size ?? 0), 0);
  return { known, missing };
}

/**
 * Finds the repeats among the lines of a new generation, before they are published: a run shows only at its end whether it was
 * read before. A record is a repeat when it lies in a run of any level that was read before, or stood beside the same neighbor.
 * An entry that was read once is recognized once.
 */
export class RepeatFinder {
  private readonly builder: SketchBuilder;
  private known: KnownEntries | null = null;
  /** Number of the first record of the open run of each level: the record after its newest entry. */
  private readonly starts = new Float64Array(LEVELS);
  private readonly ranges: number[][] = Array.from({ length: LEVELS }, () => []);

  /** @param earlierTime records of a later time (epoch milliseconds) are not repeats */
  constructor(
    state: SketchState,
    private readonly earlierTime: number,
  ) {
    this.builder = new SketchBuilder(state, (level, entry) => this.onEntry(level, entry));
  }

  /** True when a record of this batch is old enough to be a repeat: the entries must be known before it is added. */
  mayHaveRepeats({ count, levels, flags, times }: LineBatch): boolean {
    for (let i = 0; i < count; i++) {
      const isRecord = (levels[i] ?? Level.RAW) < Level.CONT && ((flags[i] ?? 0) & LineFlag.FUTURE) === 0;
      if (isRecord && (times[i] ?? Infinity) <= this.earlierTime) return true;
    }
    return false;
  }

  /** @param known is used up */
  learn(known: KnownEntries): void {
    this.known = known;
  }

  add(batch: LineBatch): void {
    this.builder.add(batch);
    // Only its entries matter, not its blocks.
    this.builder.takeBlocks();
  }

  /** The content ends here, and with it all runs. */
  finish(): Repeats {
    this.builder.endGeneration();
    return union(this.ranges);
  }

  private onEntry(level: number, entry: number): void {
    // At the end of the content, lines may follow that are too few for a run: they are in no entry.
    const to = level < 2 ? this.builder.records : (this.starts[level - 1] ?? 0);
    const from = level === 0 ? Math.max(0, to - 2) : (this.starts[level] ?? 0);
    this.starts[level] = to;
    const counts = this.known?.[level];
    const count = counts?.get(entry);
    if (count === undefined || from === to) return;
    if (count === 1) counts?.delete(entry);
    else counts?.set(entry, count - 1);
    const ranges = this.ranges[level];
    if (ranges === undefined) return;
    if (ranges.length > 0 && from <= (ranges.at(-1) ?? 0)) ranges[ranges.length - 1] = to;
    else ranges.push(from, to);
  }
}

/** One list of disjoint ranges from several. */
function union(lists: readonly (readonly number[])[]): Repeats {
  const pairs = lists.flatMap((list) =>
    Array.from({ length: list.length / 2 }, (_, i): [number, number] => [list[2 * i] ?? 0, list[2 * i + 1] ?? 0]),
  );
  pairs.sort(([a], [b]) => a - b);
  const merged: number[] = [];
  for (const [from, to] of pairs) {
    const last = merged.length - 1;
    if (last > 0 && from <= (merged[last] ?? 0)) merged[last] = Math.max(merged[last] ?? 0, to);
    else merged.push(from, to);
  }
  return merged;
}

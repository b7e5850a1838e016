import { Level, LineFlag, type LineBatch } from '../line-batch';
import { finished, LineHash } from './line-hash';
import {
  endsRun,
  FLUSH_ENTRIES,
  KEPT_ENTRIES,
  LEVELS,
  MAX_BLOCK_ENTRIES,
  minLength,
  type SketchBlock,
  type SketchState,
} from './sketch';

/** Called for each new entry of a level, after the record or line that completes it. */
export type OnEntry = (level: number, entry: number) => void;

/** Adds lines to the sketch of a source. The result does not depend on how the lines are cut into batches. */
export class SketchBuilder {
  /** Records so far: lines with a timestamp of their own. */
  records = 0;

  private readonly hash = new LineHash();
  private lastRecord: number;
  private readonly levels: OpenLevel[];
  /** Level 1. */
  private readonly lines: OpenLevel;
  private readonly earlierEnds: readonly number[];

  constructor(
    state: SketchState,
    private readonly onEntry: OnEntry | null = null,
  ) {
    this.lastRecord = state.lastRecord | 0;
    this.earlierEnds = state.earlierEnds;
    this.levels = state.levels.map(({ end, blocks, recent, open }) => ({
      end,
      blocks,
      recent: [...recent],
      ...open,
      low: open.low | 0,
    }));
    this.lines = this.levels[1] ?? { end: 0, blocks: 0, recent: [], low: 0, high: 0, length: 0 };
  }

  add({ bytes, count, starts, ends, levels, flags }: LineBatch): void {
    const { hash, lines } = this;
    hash.over(bytes);
    for (let i = 0; i < count; i++) {
      // The rest of a cut line belongs to a line that was added before.
      if (((flags[i] ?? 0) & LineFlag.CUT_REST) !== 0) continue;
      hash.hash(starts[i] ?? 0, ends[i] ?? 0);
      const { a, b } = hash;
      if ((levels[i] ?? Level.RAW) < Level.CONT) this.addRecord(a);
      extend(lines, a, b);
      if (endsRun(1, b, lines.length)) this.endRun(1);
    }
  }

  /** The generation ends: so do all runs. The next line begins another generation. */
  endGeneration(): void {
    for (let level = 1; level < LEVELS; level++) this.endRun(level);
    this.lastRecord = 0;
  }

  /**
   * Takes the entries that are to be written, once a level has enough of them. Entries that would at once give way to newer ones
   * are left out.
   * @param all takes every entry
   */
  takeBlocks(all = false): SketchBlock[] {
    const taken: SketchBlock[] = [];
    this.levels.forEach((open, level) => {
      if (open.recent.length < (all ? 1 : FLUSH_ENTRIES)) return;
      const kept = open.recent.slice(-KEPT_ENTRIES);
      const from = open.end - kept.length;
      for (let at = 0; at < kept.length; at += MAX_BLOCK_ENTRIES) {
        const entries = kept.slice(at, at + MAX_BLOCK_ENTRIES);
        taken.push({ level, number: open.blocks++, from: from + at, entries });
      }
      open.recent = [];
    });
    return taken;
  }

  state(): SketchState {
    return {
      lastRecord: this.lastRecord >>> 0,
      levels: this.levels.map(({ end, blocks, recent, low, high, length }) => ({
        end,
        blocks,
        recent: [...recent],
        open: { low: low >>> 0, high, length },
      })),
      earlierEnds: this.earlierEnds,
    };
  }

  private addRecord(hash: number): void {
    this.records += 1;
    this.put(0, finished(Math.imul(this.lastRecord, 31) ^ hash) >>> 0);
    this.lastRecord = hash;
  }

  private endRun(level: number): void {
    const open = this.levels[level];
    if (open === undefined) return;
    const { low, high, length } = open;
    open.low = open.high = open.length = 0;
    if (length < minLength(level)) return;
    const a = finished(low ^ Math.imul(high, 0x9e3779b1));
    this.put(level, ((high ^ a) & 0xffff) * 2 ** 32 + (a >>> 0));
    const above = this.levels[level + 1];
    if (above === undefined) return;
    const b = finished(a ^ high ^ level);
    extend(above, a, b);
    if (endsRun(level + 1, b, above.length)) this.endRun(level + 1);
  }

  private put(level: number, entry: number): void {
    const open = this.levels[level];
    if (open === undefined) return;
    open.recent.push(entry);
    open.end += 1;
    this.onEntry?.(level, entry);
  }
}

interface OpenLevel {
  end: number;
  blocks: number;
  recent: number[];
  low: number;
  high: number;
  length: number;
}

/** Adds a line, or an entry of the level before, to an open run. */
function extend(run: OpenLevel, a: number, b: number): void {
  run.low = Math.imul(run.low, 0x01000193) ^ a;
  run.high = (Math.imul(run.high, 0x0101) ^ b ^ (run.low >>> 16)) & 0xffff;
  run.length += 1;
}

/** The sketch at the start of the next generation. */
export function nextSketch(state: SketchState): SketchState {
  const builder = new SketchBuilder(state);
  builder.endGeneration();
  const ended = builder.state();
  return { ...ended, earlierEnds: ended.levels.map(({ end }) => end) };
}

/** The sketch with all of its entries in blocks, for a source that has not changed for long. */
export function inBlocks(state: SketchState): {
  readonly sketch: SketchState;
  readonly blocks: readonly SketchBlock[];
} {
  const builder = new SketchBuilder(state);
  const blocks = builder.takeBlocks(true);
  return { sketch: builder.state(), blocks };
}

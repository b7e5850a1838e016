/**
 * The sketch of a source: hashes of all its content, over all generations, by which the lines of a rewritten object are
 * recognized as repeats (`repeated-lines`). The decision is docs/adr/0019-repeats-are-recognized-by-content.md.
 *
 * Level 0 has an entry for each two neighboring records (lines with a timestamp of their own). Level 1 has an entry for each
 * *run* of about 8 lines, every further level for each run of about 8 entries of the level before. A run ends where a hash says
 * so, so that the runs after an edit are those before it. Each level keeps its newest 512 entries or more: the older a line
 * is, the longer is the shortest run that still holds it.
 *
 * Entries are numbered from 0 in each level. The checkpoint holds the newest ones; the others lie in *blocks*, records of their
 * own. Block `number` lies in slot `number % SLOTS` of its level, in place of the one that is SLOTS older.
 */
export interface SketchState {
  /** Hash of the last record, 32 bits unsigned; 0 before the first of a generation. */
  readonly lastRecord: number;
  /** {@link LEVELS} of them. */
  readonly levels: readonly SketchLevel[];
  /** Entries of each level when this generation began: only those before are of earlier ones. */
  readonly earlierEnds: readonly number[];
}

export interface SketchLevel {
  /** Number of entries so far. */
  readonly end: number;
  /** Number of blocks so far. */
  readonly blocks: number;
  /** The newest entries, which are in no block yet. */
  readonly recent: readonly number[];
  readonly open: OpenRun;
}

/** A run that has not ended. Level 0 has none. */
export interface OpenRun {
  /** 32 bits unsigned. */
  readonly low: number;
  /** 16 bits. */
  readonly high: number;
  /** Lines, or entries of the level before. */
  readonly length: number;
}

/** Entries of one level as a record: immutable. */
export interface SketchBlock {
  readonly level: number;
  readonly number: number;
  /** Number of its first entry. */
  readonly from: number;
  readonly entries: readonly number[];
}

/** Level 6 has runs of about 262,144 lines: its newest 512 cover 134 million. */
export const LEVELS = 7;
export const SLOTS = 16;
/** This number of entries goes into blocks. */
export const FLUSH_ENTRIES = 32;
export const MAX_BLOCK_ENTRIES = 64;
/** Each level keeps at least this number of its newest entries. */
export const KEPT_ENTRIES = SLOTS * FLUSH_ENTRIES;

/** A run of level 1 has this many lines; one of fewer lines shows too little to be recognized. */
const MIN_LINES = 4;
const MAX_LINES = 64;
/** A run of a higher level has this many entries of the level before. */
const MIN_ENTRIES = 2;
const MAX_ENTRIES = 64;
const ONE_IN = 8;

export const noRun: OpenRun = { low: 0, high: 0, length: 0 };

const emptyLevel: SketchLevel = { end: 0, blocks: 0, recent: [], open: noRun };

export const emptySketch: SketchState = {
  lastRecord: 0,
  levels: Array.from({ length: LEVELS }, () => emptyLevel),
  earlierEnds: Array.from({ length: LEVELS }, () => 0),
};

/** Minimal length of a recorded run. */
export function minLength(level: number): number {
  return level === 1 ? MIN_LINES : MIN_ENTRIES;
}

/** True when a run ends after a line or entry with this (well mixed) hash. */
export function endsRun(level: number, hash: number, length: number): boolean {
  if (length >= (level === 1 ? MAX_LINES : MAX_ENTRIES)) return true;
  return length >= minLength(level) && (hash >>> 0) % ONE_IN === 0;
}

export function isEmptySketch({ lastRecord, levels, earlierEnds }: SketchState): boolean {
  return (
    lastRecord === 0 &&
    levels.every(({ end, open }) => end === 0 && open.length === 0) &&
    earlierEnds.every((end) => end === 0)
  );
}

/** True when the checkpoint holds no entry: all are in blocks. */
export function isInBlocks({ levels }: SketchState): boolean {
  return levels.every(({ recent }) => recent.length === 0);
}

/** The slots that hold blocks of this sketch. */
export function slotsOf({ levels }: SketchState): { level: number; slot: number }[] {
  return levels.flatMap(({ blocks }, level) =>
    Array.from({ length: Math.min(blocks, SLOTS) }, (_, slot) => ({ level, slot })),
  );
}

/** True when there are entries of earlier generations. */
export function hasEarlier({ earlierEnds }: SketchState): boolean {
  return earlierEnds.some((end) => end > 0);
}

/** The newest block of each slot: what topic `sketches` keeps of those added. */
export class NewestBlocks {
  private readonly slots = new Map<number, SketchBlock>();

  add(block: SketchBlock): void {
    const slot = block.level * SLOTS + (block.number % SLOTS);
    const other = this.slots.get(slot);
    if (other === undefined || other.number <= block.number) this.slots.set(slot, block);
  }

  clear(): void {
    this.slots.clear();
  }

  get all(): readonly SketchBlock[] {
    return [...this.slots.values()];
  }
}

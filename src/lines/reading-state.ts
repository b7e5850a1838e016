import { initialRecognition, type Recognition } from './recognition';
import { emptySketch, hasEarlier, isInBlocks, type SketchBlock, type SketchState } from './repeats/sketch';
import { inBlocks } from './repeats/sketch-builder';

/**
 * State of a source's earlier lines that continuing needs, so that splits into uploads never change the result
 * (`split-independence`, `repeated-lines`). Plain JSON, kept in the checkpoint. Times are epoch milliseconds, days are
 * days since the epoch.
 */
export interface ReadingState {
  /**
   * Name of the format that matched last; null before a generation's first record; always `own` for a custom format.
   */
  readonly format: string | null;
  /** The current day, in the source's zone, of time-only timestamps; null before the first one. */
  readonly day: number | null;
  /** The last time-only timestamp on its day: wall time, as epoch milliseconds if the source's zone were UTC. */
  readonly lastTime: number | null;
  /**
   * The last midnight crossing of time-only timestamps: the day that began and the wall time of its first timestamp.
   * For an hour, a forward jump may return to the day before.
   */
  readonly crossing: { readonly day: number; readonly time: number } | null;
  /**
   * What the lines have shown, which decides how later ones are read. Null stands for nothing but timestamps when there
   * is a record, and for nothing when there is none.
   */
  readonly shown: ShownState | null;
  /**
   * LastModified of the object in which time-only timestamps were read last; null before the first one. A timestamp of
   * a later object was written after it.
   */
  readonly uploaded: number | null;
  /** The record that continuations belong to; null while lines are RAW. */
  readonly record: { readonly time: number; readonly again: boolean; readonly future: boolean } | null;
  /**
   * First time-only timestamp of this generation as `HH:mm:ss.SSS`. It identifies a rewritten log whose file name has
   * no date.
   */
  readonly firstTimestamp: string | null;
  /** Day assigned to the first timestamp of this generation. */
  readonly firstDay: number | null;
  /** Newest parsed timestamp of this generation. */
  readonly newest: number | null;
  /** The newest parsed timestamp of all earlier generations: newer lines are not repeats. */
  readonly earlierNewest: number | null;
  /** Hashes of all that was read, by which repeats are recognized. */
  readonly sketch: SketchState;
  /**
   * The newest timestamp of the lines of this generation that a version without sketches has read, with hashes of up to 1,024
   * lines that bear it.
   */
  readonly unsketched: DedupMark | null;
  /** The same of all earlier generations: lines up to this mark are repeats. */
  readonly earlier: DedupMark | null;
  /** First timestamp and day of the previous generation, by which a rewritten log gets its date (`repeated-lines`). */
  readonly before: { readonly firstTimestamp: string; readonly firstDay: number } | null;
  /** The columns that the last header named; null without one. */
  readonly columns: W3cState | null;
  /** How many lines of this generation were understood. */
  readonly recognition: Recognition;
  /**
   * Set when the head of an overlong line, or a held tail, was published: bytes up to the next terminator belong to it.
   * `hole`: NULs before a line were dropped, and those that follow are dropped, too.
   */
  readonly openCut: 'head' | 'tail' | 'hole' | null;
}

/** Columns as the last `#Fields` names them, counted from 0; -1 for one that is missing. */
export interface W3cState {
  readonly date: number;
  readonly time: number;
  /** A column with date and time, or with seconds since the epoch. */
  readonly timestamp: number;
  readonly status: number;
  /** Times are in the source's zone, not in UTC (`#Time Format: Local`). */
  readonly isLocal: boolean;
  /** What `#Date` says, in days since the epoch; null without it. It dates lines that have only a time. */
  readonly day: number | null;
}

/** See {@link ReadingState.shown}. */
export interface ShownState {
  /** What the records have: once a source has shown timestamps, a line without one continues a record. */
  readonly evidence: Evidence;
  /** The order of day, month and year, once a date has shown it. */
  readonly dateOrder: DateOrder | null;
  /** Streams whose last wrapped line continues in the next one, as bits: 1 standard output, 2 standard error. */
  readonly partialStreams: number;
  /** The streams of the wrapped lines above, as `StreamOrder.bits`; 0 without any. */
  readonly streamOrder: number;
  /** True when the line above is the first of the two of a record, of which the second tells the level. */
  readonly awaitsLevel: boolean;
  /** True when a line had a level in small letters in a column of its own: `error` in it is a level, too. */
  readonly hasLevelColumn: boolean;
}

/** `mdy` is month, day, year. A year of two digits may also come first. */
export const dateOrders = ['ymd', 'mdy', 'dmy'] as const;
export type DateOrder = (typeof dateOrders)[number];

export const evidences = ['nothing', 'levels', 'timestamps'] as const;
export type Evidence = (typeof evidences)[number];

export interface DedupMark {
  readonly time: number;
  /** 32-bit hashes of at most 1,024 lines with this timestamp. */
  readonly hashes: readonly number[];
}

/** The state before the first byte of generation 0. */
export const initialReadingState: ReadingState = {
  format: null,
  day: null,
  lastTime: null,
  crossing: null,
  shown: null,
  uploaded: null,
  record: null,
  firstTimestamp: null,
  firstDay: null,
  newest: null,
  earlierNewest: null,
  sketch: emptySketch,
  unsketched: null,
  earlier: null,
  before: null,
  columns: null,
  recognition: initialRecognition,
  openCut: null,
};

/** Reading continues after bytes that were skipped or cut off. */
export function withOpenCut(state: ReadingState, openCut: ReadingState['openCut']): ReadingState {
  return { ...state, openCut };
}

/** Lines of earlier generations count again. */
export function withoutEarlier(state: ReadingState): ReadingState {
  return { ...state, earlier: null, earlierNewest: null };
}

/**
 * True when the next lines may be repeats. Once a generation has a line that is newer than all earlier ones, the lines appended
 * later are new.
 */
export function mayRepeat({ newest, earlierNewest, sketch }: ReadingState): boolean {
  return earlierNewest !== null && (newest === null || newest <= earlierNewest) && hasEarlier(sketch);
}

/** A trimmed state tells lines of exactly the stamp of a mark apart by 2 hashes instead of 1,024. */
const TRIMMED_HASHES = 2;

/** A state that holds little. The blocks hold what it no longer has: they must be written with it. */
export function trimReadingState(state: ReadingState): {
  readonly reading: ReadingState;
  readonly blocks: readonly SketchBlock[];
} {
  const trim = (mark: DedupMark | null): DedupMark | null =>
    mark === null ? null : { ...mark, hashes: mark.hashes.slice(0, TRIMMED_HASHES) };
  const { sketch, blocks } = inBlocks(state.sketch);
  const [unsketched, earlier] = [trim(state.unsketched), trim(state.earlier)];
  return { reading: { ...state, sketch, unsketched, earlier }, blocks };
}

/** True when {@link trimReadingState} would change nothing. */
export function isTrimmedReadingState({ sketch, unsketched, earlier }: ReadingState): boolean {
  const isShort = (mark: DedupMark | null): boolean => (mark?.hashes.length ?? 0) <= TRIMMED_HASHES;
  return isInBlocks(sketch) && isShort(unsketched) && isShort(earlier);
}

/**
 * What reading a source on needs to know of the lines before: so that how uploads split a file never changes what is
 * read. Plain JSON, kept in the checkpoint (rules 6 and 7). Times are epoch milliseconds, days are days since the epoch.
 */
export interface ReadingState {
  /** Name of the format that fitted last, null before a generation's first record; `own` for the user's own throughout. */
  readonly format: string | null;
  /** The day (in the source's zone) that time-only stamps belong to at this place; null until one was seen. */
  readonly day: number | null;
  /** The last time-only stamp on its day: wall time, as epoch milliseconds if the source's zone were UTC. */
  readonly lastTime: number | null;
  /**
   * The last midnight crossing of time-only stamps: the day that began and the wall time of its first stamp. For an hour
   * a forward jump may mean "the day before again".
   */
  readonly crossing: { readonly day: number; readonly time: number } | null;
  /** The record that continuations belong to, null when lines here are RAW. */
  readonly record: { readonly time: number; readonly again: boolean; readonly future: boolean } | null;
  /** First time-only stamp of this generation as text `HH:mm:ss.SSS`, to recognise a rewritten log whose file name has no date. */
  readonly firstTimestamp: string | null;
  /** Day given to the first stamp of this generation. */
  readonly firstDay: number | null;
  /** Newest own stamp of this generation, with hashes of up to 1,024 lines of exactly that stamp. */
  readonly newest: DedupMark | null;
  /** The same of all earlier generations together. */
  readonly earlier: DedupMark | null;
  /** First stamp and day of the generation before (see rule 7). */
  readonly before: { readonly firstTimestamp: string; readonly firstDay: number } | null;
  /** The head of an overlong line, or a tail, was published; bytes up to the next terminator belong to it. */
  readonly openCut: 'head' | 'tail' | null;
}

export interface DedupMark {
  readonly time: number;
  /** 32-bit hashes of lines with exactly this stamp, at most 1,024. */
  readonly hashes: readonly number[];
}

/** The state before the first byte of generation 0. */
export const initialReadingState: ReadingState = {
  format: null,
  day: null,
  lastTime: null,
  crossing: null,
  record: null,
  firstTimestamp: null,
  firstDay: null,
  newest: null,
  earlier: null,
  before: null,
  openCut: null,
};

/** Reading continues after bytes that were skipped or cut off. */
export function withOpenCut(state: ReadingState, openCut: ReadingState['openCut']): ReadingState {
  return { ...state, openCut };
}

/** Lines of earlier generations count again. */
export function withoutEarlier(state: ReadingState): ReadingState {
  return { ...state, earlier: null };
}

/** A trimmed state tells lines of exactly its newest stamp apart by 2 hashes instead of 1,024. */
const TRIMMED_HASHES = 2;

export function trimReadingState(state: ReadingState): ReadingState {
  const trim = (mark: DedupMark | null): DedupMark | null =>
    mark === null ? null : { ...mark, hashes: mark.hashes.slice(0, TRIMMED_HASHES) };
  return { ...state, newest: trim(state.newest), earlier: trim(state.earlier) };
}

/** True when {@link trimReadingState} would change nothing. */
export function isTrimmedReadingState({ newest, earlier }: ReadingState): boolean {
  return (newest?.hashes.length ?? 0) <= TRIMMED_HASHES && (earlier?.hashes.length ?? 0) <= TRIMMED_HASHES;
}

/** How many lines of a generation were understood: counted as they are read, and kept in the checkpoint. */
export interface Recognition {
  readonly lines: number;
  /** Lines that match no form, and continue no record (level RAW). */
  readonly unparsed: number;
  /** The first of these; null without one. */
  readonly first: UnparsedLine | null;
  /** Lines that continue a record so far below it that they are probably not understood. */
  readonly distant: number;
  /** Other lines without indent that continue a record, and belong to no stack trace: perhaps they are not understood. */
  readonly stray: number;
  /** The first distant or stray line; null without one. */
  readonly firstStray: UnparsedLine | null;
  /** The lines after the last record; null when there are none. */
  readonly run: ContinuationRun | null;
}

export interface UnparsedLine {
  /** Its number in the generation, from 1 on. */
  readonly line: number;
  /** Its beginning: at most {@link SHOWN_BYTES} bytes, as UTF-8. It may hold control characters. */
  readonly text: string;
}

/** Lines that continue a record, up to the last line. */
export interface ContinuationRun {
  readonly lines: number;
  /** The last of them that have no indent; blank lines among them do not count. */
  readonly streak: number;
  /** True when a line of a stack trace precedes the streak. */
  readonly followsTrace: boolean;
  /** The first line of the streak; null without one. */
  readonly first: UnparsedLine | null;
}

export const initialRecognition: Recognition = {
  lines: 0,
  unparsed: 0,
  first: null,
  distant: 0,
  stray: 0,
  firstStray: null,
  run: null,
};

export const SHOWN_BYTES = 120;

/** More lines than this share of a source's lines are a reason to warn. */
const LOUD_SHARE = 0.2;
/** At least this many stray lines are perhaps records of another form, if their share is above the other. */
const LOUD_STRAY = 20;
/** A stack trace has at most this many lines without indent beside the others: messages of several lines, causes. */
const TRACE_STREAK = 8;

/** The number of stray lines among those of a streak without indent. */
export function strayIn(streak: number, isBesideTrace: boolean): number {
  return isBesideTrace && streak <= TRACE_STREAK ? 0 : streak;
}

/** The recognition of a file that ends here: the lines after the last record are judged as before another record. */
export function endedRecognition(recognition: Recognition): Recognition {
  const { stray, firstStray, run } = recognition;
  if (run === null) return recognition;
  const more = strayIn(run.streak, run.followsTrace);
  return { ...recognition, stray: stray + more, firstStray: firstStray ?? (more > 0 ? run.first : null), run: null };
}

/** True when no line is in doubt. */
export function isAllUnderstood({ unparsed, distant, stray }: Recognition): boolean {
  return unparsed + distant + stray === 0;
}

/** Lines that are not understood, or probably not. */
export function notUnderstood({ unparsed, distant }: Pick<Recognition, 'unparsed' | 'distant'>): number {
  return unparsed + distant;
}

export function isPoorlyUnderstood(recognition: Pick<Recognition, 'lines' | 'unparsed' | 'distant'>): boolean {
  return isLoudShare(notUnderstood(recognition), recognition.lines);
}

/** True when the stray lines are a reason to warn: perhaps they are records of another form. */
export function mayBePoorlyUnderstood({ lines, stray }: Pick<Recognition, 'lines' | 'stray'>): boolean {
  return stray >= LOUD_STRAY && isLoudShare(stray, lines);
}

/** True when more than a fifth of the lines is affected. */
export function isLoudShare(affected: number, lines: number): boolean {
  return affected > LOUD_SHARE * lines;
}

/** The recognition of several files together; first lines are those of the first file that has one. Without runs. */
export function mergeRecognitions(a: Recognition, b: Recognition): Recognition {
  return {
    lines: a.lines + b.lines,
    unparsed: a.unparsed + b.unparsed,
    first: a.first ?? b.first,
    distant: a.distant + b.distant,
    stray: a.stray + b.stray,
    firstStray: a.firstStray ?? b.firstStray,
    run: null,
  };
}

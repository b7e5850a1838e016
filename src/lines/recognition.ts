import { Level, LineFlag, type LineBatch } from './line-batch';

/** How many lines of a generation were understood: counted as they are read, and kept in the checkpoint. */
export interface Recognition {
  /** A trimmed checkpoint of a source with none that is unparsed starts at 0 again: after a record, no line is unparsed. */
  readonly lines: number;
  /** Lines that match no form, and continue no record (level RAW). */
  readonly unparsed: number;
  /** The first of these; null without one. */
  readonly first: UnparsedLine | null;
}

export interface UnparsedLine {
  /** Its number in the generation, from 1 on. */
  readonly line: number;
  /** Its beginning: at most {@link SHOWN_BYTES} bytes, as UTF-8. It may hold control characters. */
  readonly text: string;
}

export const initialRecognition: Recognition = { lines: 0, unparsed: 0, first: null };

const SHOWN_BYTES = 120;

/** More unparsed lines than this share of a source's lines are a reason to warn. */
const LOUD_SHARE = 0.2;

export function isPoorlyUnderstood({ lines, unparsed }: Recognition): boolean {
  return unparsed > LOUD_SHARE * lines;
}

/** The recognition after a batch of the same generation. The rest of a cut line is not a line. */
export function recognized(before: Recognition, { count, bytes, starts, ends, levels, flags }: LineBatch): Recognition {
  let { lines, unparsed, first } = before;
  for (let i = 0; i < count; i++) {
    if (((flags[i] ?? 0) & LineFlag.CUT_REST) !== 0) continue;
    lines++;
    if (levels[i] !== Level.RAW) continue;
    unparsed++;
    const start = starts[i] ?? 0;
    first ??= { line: lines, text: bytes.toString('utf8', start, Math.min(ends[i] ?? 0, start + SHOWN_BYTES)) };
  }
  return { lines, unparsed, first };
}

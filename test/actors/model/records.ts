import { stampOf } from './contents';

/**
 * The records of topic `logs` for a content, by the rules alone: an implementation independent of the scanner. Which lines are
 * repeats is not in it: `lookAt` checks that they were read before.
 */

/** The bytes read of a generation, and how. */
export interface Reading {
  readonly generation: number;
  /** Bytes from the generation's start. */
  readonly bytes: Buffer;
  /** Positions at which an unterminated last line was published. */
  readonly cuts: readonly number[];
  /** True when lines before the first one may be missing. */
  readonly isBehindGap: boolean;
}

export interface Records {
  /** As {@link recordName} writes them, in order. */
  readonly names: readonly string[];
  /** Offset of each. */
  readonly offsets: readonly number[];
  /** Start of the held bytes; the end when nothing is held. */
  readonly heldFrom: number;
}

/** Everything in a record. Lines of unknown time have none. */
export function recordName(
  at: string,
  level: string,
  time: number | null,
  line: string,
  marks: readonly string[],
): string {
  // The model does not tell blank lines before the first record from those after it.
  if (line.trim() === '') return [at, 'BLANK', JSON.stringify(line), ...marks].join(' ');
  return [at, level, ...(time === null ? [] : [time]), JSON.stringify(line), ...marks].join(' ');
}

const BOM = Buffer.from('\ufeff');

export function recordsOf({ generation, bytes, cuts, isBehindGap }: Reading, maxLineBytes: number): Records {
  const names: string[] = [];
  const offsets: number[] = [];
  let record: { readonly time: number } | null = null;
  /** The result of the line that has begun. */
  let open: 'nothing' | 'tail' | 'head' = 'nothing';

  const add = (start: number, end: number, cut: 'TAIL' | null): void => {
    const length = Math.min(end - start, maxLineBytes);
    const line = bytes.toString('latin1', start, start + length);
    const time = open === 'tail' ? null : stampOf(line);
    if (time !== null) record = { time };
    const level = time !== null ? 'INFO' : record === null ? 'RAW' : 'CONT';
    const whole = open === 'tail' ? 'REST' : end - start > maxLineBytes ? 'HEAD' : cut;
    const marks = [...(whole === null ? [] : [`CUT_${whole}`]), ...(isBehindGap && names.length === 0 ? ['GAP'] : [])];
    names.push(recordName(`${generation}:${start}`, level, record?.time ?? null, line, marks));
    offsets.push(start);
  };

  let position = bytes.subarray(0, 3).equals(BOM) && !cuts.some((cut) => cut < 3) ? 3 : 0;
  for (;;) {
    const from = position;
    const isOver: boolean = open === 'head';
    const lineFeed = bytes.indexOf(10, from);
    const cut = cuts.find((at) => at > from && (lineFeed === -1 || at <= lineFeed));
    if (cut !== undefined) {
      if (!isOver) add(from, cut, 'TAIL');
      open = isOver || cut - from > maxLineBytes ? 'head' : 'tail';
      position = cut;
    } else if (lineFeed !== -1) {
      const end = lineFeed > from && bytes[lineFeed - 1] === 13 ? lineFeed - 1 : lineFeed;
      if (open === 'nothing' || (open === 'tail' && end > from)) add(from, end, null);
      open = 'nothing';
      position = lineFeed + 1;
    } else {
      // A CR at the end may be half of a terminator.
      const isLong = bytes.length - from > maxLineBytes + (bytes[bytes.length - 1] === 13 ? 1 : 0);
      if (!isOver && isLong) add(from, bytes.length, null);
      // A lone BOM is held, too.
      const held = from === BOM.length && cuts.length === 0 ? 0 : from;
      return { names, offsets, heldFrom: isOver || isLong ? bytes.length : held };
    }
  }
}

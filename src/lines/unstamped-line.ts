import { readUnstamped } from './formats/unstamped';
import type { UnstampedForm } from './formats/unstamped-form';
import type { Level } from './line-batch';
import { setsLevelOff } from './stream-order';
import { escape, plainHead, stripColors } from './wrappers';

/**
 * Reads a line without a timestamp, in bytes [start, end), with or without colors. Its level is `out.level`.
 * @param mustSetOff true when only a level in capitals before a colon or in brackets counts
 * @returns its form; null when it has none
 */
export function readUnstampedLine(
  bytes: Buffer,
  start: number,
  end: number,
  out: { level: Level },
  mustSetOff: boolean,
): UnstampedForm | null {
  const isColored = bytes !== plainHead && hasEscape(bytes, start, Math.min(end, start + maxColored));
  const text = isColored ? plainHead : bytes;
  const from = isColored ? 0 : start;
  const to = isColored ? stripColors(bytes, start, end) : end;
  return mustSetOff && !setsLevelOff(text, from, to) ? null : readUnstamped(text, from, to, out);
}

/** The level of a line without a timestamp is colored within this number of bytes. */
const maxColored = 64;

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let pos = start; pos < end; pos++) if (bytes[pos] === escape) return true;
  return false;
}

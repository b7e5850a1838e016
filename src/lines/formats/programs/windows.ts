import { Level } from '../../line-batch';
import { TimestampKind, addDay, byteAt, epochDay, readClock, readYear, twoDigits } from '../../timestamps';
import { findLastText, findText, startsWith } from '../scan-text';
import type { ProgramFormat } from './program-format';

/** Formats of Windows. */

/** The fields after the message have at most this many bytes. */
const maxFields = 512;

/**
 * Configuration Manager, Intune and Windows setup (CMTrace):
 * `<![LOG[message]LOG]!><time="10:00:00.123-60" date="11-29-2026" component="x" context="" type="3" thread="1">`. The
 * offset after the time says how far UTC is ahead, but not every program writes it with the same sign.
 */
export const cmTrace: ProgramFormat = {
  name: 'cmtrace',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 60,
  parse(bytes, start, end, out) {
    if (!startsWith(bytes, start, end, '<![LOG[')) return false;
    const message = findLastText(bytes, Math.max(start, end - maxFields), end, ']LOG]!><time="');
    if (message === -1) return false;
    out.kind = TimestampKind.WALL;
    out.time = 0;
    const clock = message + 14;
    if (readClock(bytes, clock, end, out) === -1) return false;
    const date = valueOf(bytes, clock, end, ' date="');
    if (date === -1 || date + 10 > end) return false;
    const day = epochDay(readYear(bytes, date + 6, end), twoDigits(bytes, date), twoDigits(bytes, date + 3));
    if (!addDay(day, out)) return false;
    const type = valueOf(bytes, date, end, ' type="');
    out.level = type === -1 ? Level.NONE : (types.get(byteAt(bytes, type)) ?? Level.NONE);
    return true;
  },
  samples: [
    [
      '<![LOG[refused]LOG]!><time="10:00:00.123+000" date="11-29-2026" component="x" context="" type="3" thread="1" file="y">',
      'ERROR',
      '2026-11-29T10:00:00.123Z',
    ],
    [
      '<![LOG[slow]LOG]!><time="10:00:00.123-000" date="11-29-2026" component="x" context="" type="2" thread="1" file="y">',
      'WARN',
      '2026-11-29T10:00:00.123Z',
    ],
  ],
};

const types: ReadonlyMap<number, Level> = new Map([
  [49, Level.INFO],
  [50, Level.WARN],
  [51, Level.ERROR],
]);

/** The position after the name and quote; -1 without them. */
function valueOf(bytes: Buffer, pos: number, end: number, name: string): number {
  const at = findText(bytes, pos, end, end, name);
  return at === -1 || at + name.length >= end ? -1 : at + name.length;
}

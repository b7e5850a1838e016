import { formatsFor } from '../formats';
import { Level } from '../line-batch';
import { TimestampKind } from '../timestamps';
import type { ParsedLine } from './format';
import { readUnstamped } from './unstamped';

const parsed: ParsedLine = { level: Level.NONE, kind: TimestampKind.NONE, time: 0, status: 0 };

const openBrace = 123;

/** Levels stand within this many bytes. */
const maxHead = 240;

/**
 * The end of a line's head, which holds timestamp and level: of its shortest beginning that is read as the whole line is. -1
 * for a line in whose head no level is found. It reads the line some 20 times, so use it for ERROR lines only.
 */
export function headEnd(line: Buffer): number {
  // The fields of an object have no order: any may be its message.
  if (line[0] === openBrace) return -1;
  const level = levelOf(line, line.length);
  if (level === Level.NONE) return -1;
  const { kind, time } = parsed;
  const limit = Math.min(line.length, maxHead);
  for (let end = 1; end < limit; end++) {
    if (!endsToken(line, end)) continue;
    if (levelOf(line, end) === level && parsed.kind === kind && parsed.time === time) return end;
  }
  return -1;
}

function levelOf(line: Buffer, end: number): Level {
  for (const format of formatsFor(line[0])) {
    if (format.parse(line, 0, end, parsed) && parsed.level !== Level.NONE) return parsed.level;
  }
  if (readUnstamped(line, 0, end, parsed) === null) return Level.NONE;
  parsed.kind = TimestampKind.NONE;
  parsed.time = 0;
  return parsed.level;
}

/** True after a blank or a mark that ends a token. */
function endsToken(line: Buffer, end: number): boolean {
  switch (line[end - 1]) {
    case 32:
    case 41:
    case 58:
    case 62:
    case 93:
    case 124:
    case 125:
      return true;
    default:
      return false;
  }
}

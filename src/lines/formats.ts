import type { LineFormat } from './formats/format';
import { jsonLines, logfmt } from './formats/fields';
import { apacheError, compactDate, dateTime, openStack, shortDate, timeOnly } from './formats/plain';
import { syslog3164, syslog5424 } from './formats/syslog';

/**
 * Every known format, in the order in which a line is tried against them. A level is the token at the level's place,
 * never the word elsewhere in the message.
 */
const formats: readonly LineFormat[] = [
  timeOnly,
  dateTime,
  shortDate,
  compactDate,
  apacheError,
  openStack,
  syslog3164,
  syslog5424,
  jsonLines,
  logfmt,
];

/** The format of a name that a checkpoint keeps; null for an unknown one. */
export function formatNamed(name: string | null): LineFormat | null {
  return formats.find((format) => format.name === name) ?? null;
}

const byFirstByte = Array.from({ length: 256 }, (_, byte) => formats.filter((format) => format.mayBeginWith(byte)));
const none: readonly LineFormat[] = [];

/** The formats that a line may fit, by its first byte, in the order of the table; none for an empty line. */
export function formatsFor(byte: number | undefined): readonly LineFormat[] {
  return byte === undefined ? none : (byFirstByte[byte] ?? none);
}

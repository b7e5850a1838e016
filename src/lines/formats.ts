import { head } from './formats/head';
import { programs } from './formats/programs';
import type { LineFormat } from './formats/format';
import { accessLog, iisLog, loadBalancer } from './formats/access/access-log';
import { jsonLines } from './formats/fields/json';
import { pythonDict } from './formats/fields/python-dict';
import { logfmt } from './formats/fields/logfmt';
import { apacheError, compactDate, dateTime, openStack, shortDate, timeOnly } from './formats/plain';
import { syslog3164, syslog5424 } from './formats/syslog';

/**
 * Every known format, in the order of trial. A level is the token at the level's place, never a word in the message.
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
  pythonDict,
  logfmt,
  loadBalancer,
  ...programs,
  head,
  iisLog,
  accessLog,
];

/** The format with the name that a checkpoint keeps; null when unknown. */
export function formatNamed(name: string | null): LineFormat | null {
  return formats.find((format) => format.name === name) ?? null;
}

const byFirstByte = Array.from({ length: 256 }, (_, byte) => formats.filter((format) => format.mayBeginWith(byte)));
const precedingHead = byFirstByte.map((some) => some.filter((format) => format.precedesHead === true));
const none: readonly LineFormat[] = [];

/** The formats that a line may match, by its first byte, in table order; an empty list for an empty line. */
export function formatsFor(byte: number | undefined): readonly LineFormat[] {
  return byte === undefined ? none : (byFirstByte[byte] ?? none);
}

/** Those of {@link formatsFor} that come before the head scan even while it is the current format. */
export function formatsBeforeHead(byte: number): readonly LineFormat[] {
  return precedingHead[byte] ?? none;
}

import { Level } from '../../line-batch';
import { TimestampKind, byteAt, dayMs, isDigit, readClock, readDate, twoDigits } from '../../timestamps';
import { readFieldTime } from '../fields/field-times';
import type { ParsedLine } from '../format';
import type { W3cState } from '../../reading-state';
import { startsWith } from '../scan-text';

/**
 * Logs whose header names their columns: the W3C Extended Log File Format of IIS, CloudFront, WebLogic, Exchange and the
 * Windows firewall, and the tab-separated logs of Zeek.
 * https://www.w3.org/TR/WD-logfile
 */

const noColumns: W3cState = { date: -1, time: -1, timestamp: -1, status: -1, isLocal: false, day: null };

/** Columns beyond it are not looked at (`bounded-memory`). */
const maxColumns = 250;

/** Reads lines by their columns. */
export class W3cColumns {
  private columns: W3cState;

  constructor(state: W3cState | null) {
    this.columns = state ?? noColumns;
  }

  /** Null before the first directive that says something about columns. */
  state(): W3cState | null {
    return this.columns === noColumns ? null : this.columns;
  }

  /** True when the header names a time: lines may match. */
  get areKnown(): boolean {
    return this.columns.time !== -1 || this.columns.timestamp !== -1;
  }

  /** Reads a line that begins with `#`; returns false unless it is a directive. */
  readDirective(bytes: Buffer, start: number, end: number): boolean {
    const directive = directives.find((word) => startsWith(bytes, start + 1, end, word));
    if (directive === undefined) return false;
    const value = start + 1 + directive.length;
    if (directive === fields || directive === zeekFields) this.readFields(bytes, value, end);
    else if (directive === timeFormat)
      this.columns = { ...this.columns, isLocal: startsWith(bytes, value, end, local) };
    else if (directive === date) this.readDay(bytes, value, end);
    return true;
  }

  /** Matches the line in bytes [start, end) by its columns. */
  parse(bytes: Buffer, start: number, end: number, out: ParsedLine): boolean {
    const { columns } = this;
    const separator = separatorOf(bytes, start, end);
    const last = Math.max(columns.date, columns.time, columns.timestamp, columns.status);
    let date = -1;
    let clock = -1;
    let hasTime = false;
    out.kind = columns.isLocal ? TimestampKind.WALL : TimestampKind.ABSOLUTE;
    out.time = 0;
    out.status = 0;
    let pos = start;
    for (let column = 0; column <= last && pos < end; column++) {
      const isQuoted = bytes[pos] === 34;
      const value = isQuoted ? pos + 1 : pos;
      while (pos < end && (bytes[pos] !== separator || (isQuoted && bytes[pos - 1] !== 34))) pos++;
      const valueEnd = isQuoted ? Math.max(value, pos - 1) : pos;
      if (column === columns.date) date = value;
      else if (column === columns.time) clock = value;
      else if (column === columns.timestamp) hasTime = readFieldTime(bytes, value, valueEnd, out);
      else if (column === columns.status) out.status = codeOf(bytes, value, valueEnd);
      pos++;
      // Spaces may align the columns.
      while (separator === 32 && pos < end && bytes[pos] === 32) pos++;
    }
    if (!hasTime && !this.readTime(bytes, date, clock, end, out)) return false;
    out.level = Level.NONE;
    return true;
  }

  /** Date and time of two columns, or a time of the day that `#Date` names. */
  private readTime(bytes: Buffer, date: number, clock: number, end: number, out: ParsedLine): boolean {
    const { day } = this.columns;
    if (clock === -1 || (date === -1 && day === null)) return false;
    if (date === -1) out.time = (day ?? 0) * dayMs;
    else if (readDate(bytes, date, end, out) === -1) return false;
    return readClock(bytes, clock, end, out) !== -1;
  }

  private readFields(bytes: Buffer, start: number, end: number): void {
    const { isLocal, day } = this.columns;
    const found = { date: -1, time: -1, timestamp: -1, status: -1 };
    let pos = start;
    for (let column = 0; column < maxColumns && pos < end; column++) {
      while (pos < end && isSeparator(byteAt(bytes, pos))) pos++;
      const name = pos;
      while (pos < end && !isSeparator(byteAt(bytes, pos))) pos++;
      if (pos === name) break;
      const role =
        pos - name > maxName ? undefined : columnNames.get(bytes.toString('latin1', name, pos).toLowerCase());
      if (role !== undefined && found[role] === -1) found[role] = column;
    }
    this.columns = { ...found, isLocal, day };
  }

  private readDay(bytes: Buffer, start: number, end: number): void {
    const out = { kind: TimestampKind.WALL, time: 0 };
    while (start < end && !isDigit(byteAt(bytes, start))) start++;
    if (readDate(bytes, start, end, out) !== -1) this.columns = { ...this.columns, day: out.time / dayMs };
  }
}

const maxName = 30;

const columnNames: ReadonlyMap<string, 'date' | 'time' | 'timestamp' | 'status'> = new Map([
  ['date', 'date'],
  ['time', 'time'],
  ['date-time', 'timestamp'],
  ['datetime', 'timestamp'],
  ['timestamp', 'timestamp'],
  ['x-timestamp', 'timestamp'],
  ['ts', 'timestamp'],
  ['sc-status', 'status'],
  ['status', 'status'],
  ['status_code', 'status'],
]);

const fields = 'Fields:';
const zeekFields = 'fields\t';
const timeFormat = 'Time Format:';
const date = 'Date:';
const local = ' Local';
const others = [
  ...['Software:', 'Version:', 'Remark:', 'Start-Date:', 'End-Date:', 'Log-type:'],
  ...['separator ', 'set_separator\t', 'empty_field\t', 'unset_field\t', 'path\t', 'open\t', 'types\t', 'close\t'],
];
const directives = [fields, zeekFields, timeFormat, date, ...others];

/** Space, tab or comma. */
function isSeparator(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 44;
}

/** The byte between a line's columns: the first that may be one. CloudFront's header has spaces, its lines have tabs. */
function separatorOf(bytes: Buffer, start: number, end: number): number {
  for (let pos = start; pos < end; pos++) if (isSeparator(byteAt(bytes, pos))) return byteAt(bytes, pos);
  return 32;
}

/** The status code in bytes [start, end); 0 for anything but three digits. */
function codeOf(bytes: Buffer, start: number, end: number): number {
  const first = byteAt(bytes, start) - 48;
  const rest = twoDigits(bytes, start + 1);
  return end - start === 3 && first >= 1 && first <= 9 && rest >= 0 ? first * 100 + rest : 0;
}

import { Level } from '../../line-batch';
import { headLevelOf, levelOf } from '../../levels';
import { readAnyTimestamp } from '../../timestamp-forms';
import {
  TimestampKind,
  addClock,
  addDay,
  byteAt,
  epochDay,
  isDigit,
  isLetter,
  readOffset,
  readYear,
  twoDigits,
} from '../../timestamps';
import { findText, spells, startsWith } from '../scan-text';
import type { ProgramFormat } from './program-format';

/** Formats of applications that separate fields by marks. */

/** SAP NetWeaver's list format: `#2.0 #2026 11 29 10:00:00:123#+0100#Error#/System/Server#…`. */
export const sapList: ProgramFormat = {
  name: 'sap-list',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 35,
  parse(bytes, start, end, out) {
    let pos = start + 1;
    if (!isDigit(byteAt(bytes, pos)) || bytes[pos + 1] !== 46 || !isDigit(byteAt(bytes, pos + 2))) return false;
    pos += bytes[pos + 3] === 32 ? 4 : 3;
    if (bytes[pos] !== 35 || pos + 26 > end || bytes[pos + 24] !== 35) return false;
    out.kind = TimestampKind.WALL;
    out.time = 0;
    const date = pos + 1;
    const day = epochDay(readYear(bytes, date, end), twoDigits(bytes, date + 5), twoDigits(bytes, date + 8));
    const hour = twoDigits(bytes, date + 11);
    if (!addDay(day, out) || !addClock(hour, twoDigits(bytes, date + 14), twoDigits(bytes, date + 17), out))
      return false;
    out.time += (byteAt(bytes, date + 20) - 48) * 100 + twoDigits(bytes, date + 21);
    const zoneEnd = readOffset(bytes, date + 24, end, out);
    const severity = findText(bytes, zoneEnd, zoneEnd + 2, end, '#');
    let wordEnd = severity + 1;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    out.level = (severity === -1 ? undefined : levelOf(bytes, severity + 1, wordEnd)) ?? Level.NONE;
    return true;
  },
  samples: [
    ['#2.0 #2026 11 29 11:00:00:123#+0100#Error#/System/Server#', 'ERROR', '2026-11-29T10:00:00.123Z'],
    ['#2.0#2026 11 29 10:00:00:123#+0000#Path#/Applications#', 'NONE', '2026-11-29T10:00:00.123Z'],
  ],
};

/** Eclipse: `!ENTRY org.eclipse.ui 4 0 2026-11-29 10:00:00.123`, where the first number is the severity. */
export const eclipse: ProgramFormat = {
  name: 'eclipse',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 33,
  parse(bytes, start, end, out) {
    if (!startsWith(bytes, start, end, '!ENTRY ')) return false;
    let pos = start + 7;
    while (pos < end && bytes[pos] !== 32) pos++;
    const severity = byteAt(bytes, pos + 1);
    if (bytes[pos + 2] !== 32) return false;
    out.level = eclipseLevels.get(severity) ?? Level.NONE;
    for (pos += 3; pos < end && isDigit(byteAt(bytes, pos));) pos++;
    return bytes[pos] === 32 && readAnyTimestamp(bytes, pos + 1, end, out) !== -1;
  },
  samples: [
    ['!ENTRY org.eclipse.ui 4 0 2026-11-29 10:00:00.123', 'ERROR', '2026-11-29T10:00:00.123Z'],
    ['!ENTRY org.eclipse.core.net 1 0 2026-11-29 10:00:00.123', 'INFO', '2026-11-29T10:00:00.123Z'],
  ],
};

/** `org.eclipse.core.runtime.IStatus`: 1 info, 2 warning, 4 error, 8 cancel. */
const eclipseLevels: ReadonlyMap<number, Level> = new Map([
  [49, Level.INFO],
  [50, Level.WARN],
  [52, Level.ERROR],
]);

/** Columns before the date. */
const maxColumns = 120;

/** ColdFusion: `"Error","http-1","11/29/26","10:00:00","shop","refused"`. */
export const coldFusion: ProgramFormat = {
  name: 'coldfusion',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 34,
  parse(bytes, start, end, out) {
    let wordEnd = start + 1;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    const level = startsWith(bytes, wordEnd, end, '","') ? headLevelOf(bytes, start + 1, wordEnd) : undefined;
    const date = findText(bytes, wordEnd + 3, start + maxColumns, end, '","');
    if (level === undefined || date === -1 || !startsWith(bytes, date + 11, end, '","')) return false;
    bytes.copy(dateAndTime, 0, date + 3, date + 11);
    bytes.copy(dateAndTime, 9, date + 14, Math.min(end, date + 22));
    out.level = level;
    return readAnyTimestamp(dateAndTime, 0, dateAndTime.length, out) === dateAndTime.length;
  },
  samples: [
    ['"Error","http-1","11/29/26","10:00:00","shop","refused"', 'ERROR', '2026-11-29T10:00:00.000Z'],
    ['"Information","main","11/29/26","10:00:00","","started"', 'INFO', '2026-11-29T10:00:00.000Z'],
  ],
};

const dateAndTime = Buffer.from('11/29/26 10:00:00');

/** Work processes of SAP: `M Sun Nov 29 10:00:00 2026`, alone in its line, after the letter of the component. */
export const sapTrace: ProgramFormat = {
  name: 'sap-trace',
  precedesHead: true,
  mayBeginWith: (byte) => byte >= 65 && byte <= 90,
  parse(bytes, start, end, out) {
    if (bytes[start + 1] !== 32 || !isLetter(byteAt(bytes, start + 2)) || end - start > 40) return false;
    out.level = Level.NONE;
    const after = readAnyTimestamp(bytes, start + 2, end, out);
    return after === end && out.kind === TimestampKind.WALL && spells(bytes, start + 5, start + 6, ' ');
  },
  samples: [['M Sun Nov 29 10:00:00 2026', 'NONE', '2026-11-29T10:00:00.000Z']],
};

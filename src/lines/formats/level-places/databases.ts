import { Level } from '../../line-batch';
import { levelOf } from '../../levels';
import { byteAt, isDigit, isLetter } from '../../timestamps';
import { startsWith } from '../scan-text';
import type { LevelPlace } from './level-place';

/** Places of databases. */

export const redis: LevelPlace = {
  name: 'Redis',
  firstBytes: '.-*#',
  form: 'day-and-month-name',
  read: (bytes, pos, end) => {
    if (pos + 1 < end && bytes[pos + 1] !== 32) return undefined;
    // Node-RED's level follows; Oracle's listener has dashes in its date.
    if (bytes[pos + 2] === 91 || bytes[pos - 15] === 45) return undefined;
    if (bytes[pos] === 35) return Level.WARN;
    return bytes[pos] === 42 ? Level.INFO : Level.DEBUG;
  },
  samples: [
    ['1:M 29 Nov 2026 10:00:00.123 * Ready to accept connections', 'INFO'],
    ["1:M 29 Nov 2026 10:00:05.000 # Can't save in background: fork: out of memory", 'WARN'],
    ['1:S 29 Nov 2026 10:01:00.000 - DB 0: 12 keys', 'DEBUG'],
    ['[4711] 29 Nov 10:01:00.100 . timer', 'DEBUG'],
  ],
};

export const mysql: LevelPlace = {
  name: 'MySQL',
  firstBytes: '0123456789[',
  read: (bytes, pos, end) => {
    let at = pos;
    while (at < end && (isDigit(byteAt(bytes, at)) || bytes[at] === 32)) at++;
    if (startsWith(bytes, at, end, '[System]')) return Level.INFO;
    return startsWith(bytes, at, end, '[Note]') ? Level.INFO : undefined;
  },
  samples: [
    ['2026-11-29T10:00:00.123456Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready', 'INFO'],
    ['2026-11-29 10:00:00 140 [Note] InnoDB: 5.6.51 started', 'INFO'],
    ['261129 10:00:00 [ERROR] Fatal error: Cannot open table', 'ERROR'],
  ],
};

export const sqlServer: LevelPlace = {
  name: 'SQL Server',
  firstBytes: 'sSLB',
  read: (bytes, pos, end) => {
    if (!['spid', 'Server', 'Logon', 'Backup'].some((word) => startsWith(bytes, pos, end, word))) return undefined;
    let at = pos;
    while (at < end && bytes[at] !== 32) at++;
    if (at + 2 > end || bytes[at + 1] !== 32) return undefined;
    while (at < end && bytes[at] === 32) at++;
    if (startsWith(bytes, at, end, 'Error: ')) return Level.ERROR;
    return startsWith(bytes, at, end, 'Warning:') ? Level.WARN : Level.NONE;
  },
  samples: [
    ['2026-11-29 10:00:00.12 spid51      Error: 9002, Severity: 17, State: 2.', 'ERROR'],
    ['2026-11-29 10:00:00.12 Logon       Login failed for user "sa". [CLIENT: 10.0.0.7]', 'NONE'],
  ],
};

export const db2: LevelPlace = {
  name: 'DB2',
  firstBytes: 'IE',
  read: (bytes, pos, end) => {
    let at = pos + 1;
    if (!isDigit(byteAt(bytes, at))) return undefined;
    while (at < end && bytes[at] !== 32) at++;
    while (at < end && bytes[at] === 32) at++;
    if (!startsWith(bytes, at, end, 'LEVEL: ')) return undefined;
    let wordEnd = at + 7;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return levelOf(bytes, at + 7, wordEnd) ?? Level.NONE;
  },
  samples: [
    ['2026-11-29-10.00.00.123456+060 I4711E567           LEVEL: Error (OS)', 'ERROR'],
    ['2026-11-29-10.00.00.123456+060 E4711E567           LEVEL: Event', 'NONE'],
  ],
};

export const mongo: LevelPlace = {
  name: 'MongoDB before 4.4',
  firstBytes: 'D',
  form: 'year-first',
  read: (bytes, pos, end) => {
    const digit = byteAt(bytes, pos + 1);
    if (pos + 4 > end || digit < 49 || digit > 53 || bytes[pos + 2] !== 32) return undefined;
    const next = byteAt(bytes, pos + 3);
    return next === 45 || (next >= 65 && next <= 90) ? Level.DEBUG : undefined;
  },
  samples: [
    ['2026-11-29T10:00:00.123+0000 D2 COMMAND  [conn12] run command', 'DEBUG'],
    ['2026-11-29T10:00:00.123+0000 E -        [conn12] Assertion: 13', 'ERROR'],
  ],
};

/** https://www.postgresql.org/docs/current/runtime-config-logging.html: the severity is the twelfth column. */
const severityColumn = 11;

export const postgresCsv: LevelPlace = {
  name: 'PostgreSQL, CSV',
  firstBytes: ',',
  form: 'year-first',
  read: (bytes, pos, end) => {
    const next = byteAt(bytes, pos + 1);
    if (next !== 34 && next !== 44) return undefined;
    let column = 0;
    for (let at = pos; at < end && column < severityColumn; at++) {
      if (bytes[at] === 44) column++;
      else if (bytes[at] === 34) for (at++; at < end && bytes[at] !== 34;) at++;
      if (column < severityColumn) continue;
      let wordEnd = at + 1;
      while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
      return bytes[wordEnd] === 44 ? levelOf(bytes, at + 1, wordEnd) : undefined;
    }
    return undefined;
  },
  samples: [
    [
      '2026-11-29 10:00:00.123 UTC,"shop","shop",31,"10.0.0.1:5432",6a,3,"SELECT",2026-11-29 09:59:00 UTC,3/12,0,ERROR,42P01,"relation ""x"" does not exist"',
      'ERROR',
    ],
    [
      '2026-11-29 10:00:00.123 UTC,,,31,,6a,3,,2026-11-29 09:59:00 UTC,,0,LOG,00000,"checkpoint starting: time"',
      'INFO',
    ],
  ],
};

export const pgpool: LevelPlace = {
  name: 'Pgpool-II',
  firstBytes: ':',
  form: 'year-first',
  read: (bytes, pos, end) => {
    let at = pos + 1;
    if (bytes[at] !== 32) return undefined;
    // The process may have a name: `: main pid 4711: LOG:  `
    const limit = Math.min(end, pos + 40);
    while (at < limit && !startsWith(bytes, at, end, ' pid ')) at++;
    if (at >= limit) return undefined;
    for (at += 5; at < end && isDigit(byteAt(bytes, at));) at++;
    if (!startsWith(bytes, at, end, ': ')) return undefined;
    let wordEnd = at + 2;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return bytes[wordEnd] === 58 ? levelOf(bytes, at + 2, wordEnd) : undefined;
  },
  samples: [
    ['2026-11-29 10:00:00: pid 31: LOG:  Setting up socket', 'INFO'],
    ['2026-11-29 10:00:00.123: child pid 31: FATAL:  no backend', 'ERROR'],
    ['2026-11-29 10:00:00: pid 31: DETAIL:  no backend', 'NONE'],
  ],
};

import { Level } from '../line-batch';
import { levelOf, levelOfLetter } from '../levels';
import { byteAt, isDigit, isLetter } from '../timestamps';
import { startsWith } from './scan-text';

/** Where programs put the level that no general rule finds: places after the timestamp, each of one program. */
export interface LevelPlace {
  readonly name: string;
  /** The first bytes after the timestamp and spaces. */
  readonly firstBytes: string;
  /** Notation of the timestamp, where only one is meant. */
  readonly form?: string;
  /** The level; NONE when the program writes no level here, undefined when the line is another program's. */
  readonly read: (bytes: Buffer, pos: number, end: number) => Level | undefined;
  readonly samples: readonly (readonly [line: string, level: string])[];
}

const redis: LevelPlace = {
  name: 'Redis',
  firstBytes: '.-*#',
  form: 'day-and-month-name',
  read: (bytes, pos, end) => {
    if (pos + 1 < end && bytes[pos + 1] !== 32) return undefined;
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

const mysql: LevelPlace = {
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

const samba: LevelPlace = {
  name: 'Samba',
  firstBytes: ',',
  read: (bytes, pos, end) => {
    let at = pos + 1;
    while (at < end && bytes[at] === 32) at++;
    const digit = byteAt(bytes, at) - 48;
    if (at + 1 >= end || digit < 0 || digit > 9) return undefined;
    const next = bytes[at + 1];
    if (next !== 93 && next !== 44)
      return isDigit(byteAt(bytes, at + 1)) && bytes[at + 2] === 93 ? Level.DEBUG : undefined;
    // The map of its own debug levels to those of syslog.
    if (digit === 0) return Level.ERROR;
    if (digit === 1) return Level.WARN;
    return digit <= 5 ? Level.INFO : Level.DEBUG;
  },
  samples: [
    ['[2026/11/29 10:00:00.123456,  0] ../../source3/smbd/oplock.c:329(oplock_timeout_handler)', 'ERROR'],
    ['[2026/11/29 10:00:00.123456,  1, pid=4711] ../../source3/smbd/service.c:1114(make_connection)', 'WARN'],
    ['[2026/11/29 10:00:00, 10] lib/util.c:12(dump)', 'DEBUG'],
  ],
};

const webSphere: LevelPlace = {
  name: 'WebSphere',
  firstBytes: ']',
  read: (bytes, pos, end) => {
    let at = pos + 1;
    while (at < end && bytes[at] === 32) at++;
    for (let i = at; i < at + 8; i++) if (i >= end || !isHex(byteAt(bytes, i))) return undefined;
    at += 8;
    if (bytes[at] !== 32) return undefined;
    while (at < end && bytes[at] === 32) at++;
    while (at < end && bytes[at] !== 32) at++;
    while (at < end && bytes[at] === 32) at++;
    if (at + 1 >= end || bytes[at + 1] !== 32) return undefined;
    return webSphereLevel(byteAt(bytes, at));
  },
  samples: [
    ['[29/11/26 10:00:00:123 CET] 00000001 WsServerImpl  A   WSVR0001I: Server server1 open', 'INFO'],
    ['[11/29/26 10:00:00:123 EST] 0000002a ServletWrappe E   SRVE0068E: An exception was thrown', 'ERROR'],
    ['[29/11/26, 10:00:00:123 CET] 0000002a com.ibm.ws.ssl   W CWPKI0041W: no keystore', 'WARN'],
    ['[29/11/26 10:00:00:123 CET] 0000002a SystemOut     O hello', 'NONE'],
  ],
};

const sqlServer: LevelPlace = {
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

const db2: LevelPlace = {
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

const macOs: LevelPlace = {
  name: 'macOS unified log',
  firstBytes: '0',
  read: (bytes, pos, end) => {
    if (!startsWith(bytes, pos, end, '0x')) return undefined;
    let at = pos;
    while (at < end && bytes[at] !== 32) at++;
    while (at < end && bytes[at] === 32) at++;
    let wordEnd = at;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    if (startsWith(bytes, at, wordEnd, 'Default')) return Level.INFO;
    if (startsWith(bytes, at, wordEnd, 'Activity')) return Level.NONE;
    return wordEnd < end && bytes[wordEnd] === 32 ? levelOf(bytes, at, wordEnd) : undefined;
  },
  samples: [
    ['2026-11-29 10:00:00.123456+0100 0x1a2b     Default     0x0     123    0    shop: started', 'INFO'],
    ['2026-11-29 10:00:00.123456+0100 0x1a2b     Fault       0x0     123    0    shop: broken', 'ERROR'],
  ],
};

const ceph: LevelPlace = {
  name: 'Ceph',
  firstBytes: '0123456789abcdef',
  read: (bytes, pos, end) => {
    let at = pos;
    while (at < end && isHex(byteAt(bytes, at))) at++;
    if (at - pos < 10 || bytes[at] !== 32) return undefined;
    while (at < end && bytes[at] === 32) at++;
    return startsWith(bytes, at, end, '-1 ') ? Level.ERROR : undefined;
  },
  samples: [
    ['2026-11-29T10:00:00.123+0000 7f2b1c5d7700 -1 osd.3 12 heartbeat_check: no reply', 'ERROR'],
    ['2026-11-29T10:00:00.123+0000 7f2b1c5d7700  0 log_channel(cluster) log [WRN] : slow', 'NONE'],
  ],
};

const logcat: LevelPlace = {
  name: 'logcat',
  firstBytes: '0123456789',
  form: 'month-and-day',
  read: (bytes, pos, end) => {
    let at = pos;
    while (at < end && (isDigit(byteAt(bytes, at)) || bytes[at] === 32)) at++;
    return at + 1 < end && bytes[at + 1] === 32 ? levelOfLetter(byteAt(bytes, at)) : undefined;
  },
  samples: [
    ['11-29 10:00:00.123  1702  2395 D WindowManager: printFreezingDisplayLogs', 'DEBUG'],
    ['11-29 10:00:00.123  1702  2395 F libc    : Fatal signal 11', 'ERROR'],
  ],
};

/** All of them, in the order of trial. */
export const levelPlaces: readonly LevelPlace[] = [redis, mysql, samba, webSphere, sqlServer, db2, macOs, ceph, logcat];

function isHex(byte: number): boolean {
  return isDigit(byte) || ((byte | 32) >= 97 && (byte | 32) <= 102);
}

/** https://www.ibm.com/docs/en/was/9.0.5?topic=SSEQTP_9.0.5/com.ibm.websphere.base.doc/ae/rtrb_readmsglogs.htm */
function webSphereLevel(letter: number): Level {
  switch (String.fromCharCode(letter)) {
    case 'F':
    case 'E':
      return Level.ERROR;
    case 'W':
      return Level.WARN;
    case 'A':
    case 'I':
    case 'C':
      return Level.INFO;
    case 'D':
    case '1':
    case '2':
    case '3':
      return Level.DEBUG;
    default:
      return Level.NONE;
  }
}

const byFirstByte = Array.from({ length: 128 }, (_, byte) =>
  levelPlaces.filter(({ firstBytes }) => firstBytes.includes(String.fromCharCode(byte))),
);
const none: readonly LevelPlace[] = [];

/** The level at a program's own place after the timestamp, which is of the notation `form`. */
export function levelAtPlace(bytes: Buffer, start: number, end: number, form: string): Level | undefined {
  let pos = start;
  while (pos < end && bytes[pos] === 32) pos++;
  if (pos >= end) return undefined;
  for (const place of byFirstByte[byteAt(bytes, pos)] ?? none) {
    if (place.form !== undefined && place.form !== form) continue;
    const level = place.read(bytes, pos, end);
    if (level !== undefined) return level;
  }
  return undefined;
}

import { Level } from '../../line-batch';
import { readAnyTimestamp } from '../../timestamp-forms';
import {
  TimestampKind,
  byteAt,
  epochDay,
  isDigit,
  isLetter,
  readClock,
  readCompactClock,
  twoDigits,
} from '../../timestamps';
import { scanLevel } from '../head-level';
import { isHex, startsWith } from '../scan-text';
import { groupLevel } from '../level-tokens';
import type { ProgramFormat } from './program-format';

/** Formats of servers and daemons. */

/** auditd: `type=SYSCALL msg=audit(1364481363.243:24287): …`, optionally after `node=`. */
export const auditd: ProgramFormat = {
  name: 'auditd',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 116 || byte === 110,
  parse(bytes, start, end, out) {
    let pos = start;
    for (let pair = 0; pair < 2; pair++) {
      if (!startsWith(bytes, pos, end, 'type=') && !startsWith(bytes, pos, end, 'node=')) return false;
      while (pos < end && bytes[pos] !== 32) pos++;
      pos++;
      if (startsWith(bytes, pos, end, 'msg=audit(')) break;
    }
    out.level = Level.NONE;
    return startsWith(bytes, pos, end, 'msg=audit(') && readAnyTimestamp(bytes, pos + 10, end, out) !== -1;
  },
  samples: [
    ['type=SYSCALL msg=audit(1795946400.243:24287): arch=c000003e syscall=2', 'NONE', '2026-11-29T10:00:00.243Z'],
    ['node=web-1 type=CWD msg=audit(1795946400.243:24287):  cwd="/"', 'NONE', '2026-11-29T10:00:00.243Z'],
  ],
};

/** Zabbix: `  4711:20261129:100000.123 message`. */
export const zabbix: ProgramFormat = {
  name: 'zabbix',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 32 || isDigit(byte),
  parse(bytes, start, end, out) {
    let pos = start;
    while (pos < end && bytes[pos] === 32) pos++;
    const digits = pos;
    while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
    if (pos === digits || pos - digits > 8 || pos + 20 > end || bytes[pos] !== 58 || bytes[pos + 9] !== 58)
      return false;
    out.level = Level.NONE;
    return readAnyTimestamp(bytes, pos + 1, end, out) !== -1;
  },
  samples: [['  4711:20261129:100000.123 server #1 started [main process]', 'NONE', '2026-11-29T10:00:00.123Z']],
};

/** HAProxy on standard error: `[WARNING] 332/100000 (4711) : message`. The first number is the day of the year, from 0. */
export const haproxy: ProgramFormat = {
  name: 'haproxy',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 91,
  parse(bytes, start, end, out) {
    let pos = start + 1;
    while (pos < end && isLetter(byteAt(bytes, pos))) pos++;
    if (pos + 15 > end || bytes[pos] !== 93 || bytes[pos + 1] !== 32 || bytes[pos + 5] !== 47) return false;
    const level = groupLevel(bytes, start + 1, pos);
    const day = (byteAt(bytes, pos + 2) - 48) * 100 + twoDigits(bytes, pos + 3);
    if (level === undefined || day < 0 || day > 365 || bytes[pos + 12] !== 32 || bytes[pos + 13] !== 40) return false;
    out.level = level;
    out.kind = TimestampKind.YEARLESS;
    // Counted in a year of 365 days. In a leap year, dates after February are a day late.
    out.time = (epochDay(2000, 1, 1) + day + (day >= 59 ? 1 : 0)) * 86_400_000;
    return readCompactClock(bytes, pos + 6, end, out) !== -1;
  },
  samples: [
    ['[WARNING] 332/100000 (4711) : Server web/1 is DOWN', 'WARN', '2026-11-29T10:00:00.000Z'],
    ['[ALERT] 332/100000 (4711) : cannot bind socket', 'ERROR', '2026-11-29T10:00:00.000Z'],
  ],
};

/** uWSGI: `[pid: 7|app: 0|req: 1/1] 10.0.0.7 () {32 vars in 400 bytes} [Sun Nov 29 10:00:00 2026] GET / => …`. */
export const uwsgi: ProgramFormat = {
  name: 'uwsgi',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 91,
  parse(bytes, start, end, out) {
    if (!startsWith(bytes, start, end, '[pid: ')) return false;
    const limit = Math.min(end, start + 512);
    for (let pos = start; pos + 3 < limit; pos++) {
      if (bytes[pos] !== 125 || bytes[pos + 1] !== 32 || bytes[pos + 2] !== 91) continue;
      out.level = Level.NONE;
      return readAnyTimestamp(bytes, pos + 3, end, out) !== -1;
    }
    return false;
  },
  samples: [
    [
      '[pid: 7|app: 0|req: 1/1] 10.0.0.7 () {32 vars in 400 bytes} [Sun Nov 29 10:00:00 2026] GET / => generated 9 bytes',
      'NONE',
      '2026-11-29T10:00:00.000Z',
    ],
  ],
};

/** Unbound: `[1795946400] unbound[4711:0] error: message`. */
export const unbound: ProgramFormat = {
  name: 'unbound',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 91,
  parse(bytes, start, end, out) {
    if (start + 12 > end || bytes[start + 11] !== 93 || bytes[start + 12] !== 32) return false;
    if (readAnyTimestamp(bytes, start + 1, end, out) !== start + 11) return false;
    let pos = start + 13;
    if (!isLetter(byteAt(bytes, pos))) return false;
    while (pos < end && bytes[pos] !== 32) pos++;
    if (bytes[pos - 1] !== 93) return false;
    out.level = startsWith(bytes, pos, end, ' fatal error: ') ? Level.ERROR : scanLevel(bytes, pos, end, false);
    return true;
  },
  samples: [
    ['[1795946400] unbound[4711:0] error: bind: address already in use', 'ERROR', '2026-11-29T10:00:00.000Z'],
    ['[1795946400] unbound[4711:0] fatal error: could not open ports', 'ERROR', '2026-11-29T10:00:00.000Z'],
    ['[1795946400] unbound[4711:0] info: start of service', 'INFO', '2026-11-29T10:00:00.000Z'],
  ],
};

/** TAI64N labels of daemontools and s6: `@400000006a1b2c3d12345678 message`. The seconds are 10 ahead of UTC. */
export const tai64n: ProgramFormat = {
  name: 'tai64n',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 64,
  parse(bytes, start, end, out) {
    if (
      start + 25 > end ||
      !startsWith(bytes, start, end, '@40000000') ||
      (start + 25 < end && bytes[start + 25] !== 32)
    ) {
      return false;
    }
    const seconds = hexNumber(bytes, start + 9);
    const nanos = hexNumber(bytes, start + 17);
    if (Number.isNaN(seconds + nanos)) return false;
    out.kind = TimestampKind.ABSOLUTE;
    out.time = (seconds - 10) * 1000 + Math.floor(nanos / 1_000_000);
    out.level = scanLevel(bytes, start + 25, end, false);
    return true;
  },
  samples: [
    ['@400000006b0bf7aa075bca00 listening on :8080', 'NONE', '2026-11-29T10:00:00.123Z'],
    ['@400000006b0bf7aa075bca00 [ERROR] refused', 'ERROR', '2026-11-29T10:00:00.123Z'],
  ],
};

/** The number in eight hexadecimal digits; NaN for anything else. */
function hexNumber(bytes: Buffer, pos: number): number {
  let value = 0;
  for (let at = pos; at < pos + 8; at++) {
    const byte = byteAt(bytes, at);
    if (!isHex(byte)) return Number.NaN;
    value = value * 16 + (isDigit(byte) ? byte - 48 : (byte | 32) - 87);
  }
  return value;
}

/** Salesforce's debug log: `10:00:00.123 (123456789)|USER_DEBUG|[12]|ERROR|message`. */
export const apex: ProgramFormat = {
  name: 'apex',
  precedesHead: true,
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    out.kind = TimestampKind.TIME_OF_DAY;
    out.time = 0;
    let pos = readClock(bytes, start, end, out);
    if (pos === -1 || bytes[pos] !== 32 || bytes[pos + 1] !== 40) return false;
    for (pos += 2; pos < end && isDigit(byteAt(bytes, pos));) pos++;
    if (pos + 3 > end || bytes[pos] !== 41 || bytes[pos + 1] !== 124) return false;
    out.level = startsWith(bytes, pos + 2, end, 'FATAL_ERROR|') ? Level.ERROR : scanLevel(bytes, pos + 1, end, false);
    return true;
  },
  samples: [
    ['10:00:00.123 (123456789)|USER_DEBUG|[12]|ERROR|refused', 'ERROR', '2026-11-29T10:00:00.123Z'],
    ['10:00:00.123 (123456789)|FATAL_ERROR|System.NullPointerException', 'ERROR', '2026-11-29T10:00:00.123Z'],
    ['10:00:00.123 (123456789)|CODE_UNIT_STARTED|[EXTERNAL]|01p', 'NONE', '2026-11-29T10:00:00.123Z'],
  ],
};

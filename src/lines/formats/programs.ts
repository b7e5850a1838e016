import { Level } from '../line-batch';
import { headLevelOf, levelOfLetter } from '../levels';
import { readAnyTimestamp } from '../timestamp-forms';
import {
  TimestampKind,
  addDay,
  byteAt,
  epochDay,
  isDigit,
  isLetter,
  readClock,
  readCompactClock,
  readFraction,
  twoDigits,
} from '../timestamps';
import type { LineFormat } from './format';
import { scanLevel } from './head-level';
import { startsWith } from './level-places';
import { groupLevel } from './level-tokens';

/** Formats of single programs, whose timestamp is not where the head scan looks for one. */

/** A format of this table, with lines that tests read, and their level and time. */
export interface ProgramFormat extends LineFormat {
  readonly samples: readonly (readonly [line: string, level: string, time: string])[];
}

/** glog, klog, CockroachDB: `I1129 10:00:00.123456 1 x.go:87] message`; newer ones with a year, gRPC with an epoch. */
const glog: ProgramFormat = {
  name: 'glog',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 73 || byte === 87 || byte === 69 || byte === 70 || byte === 68,
  parse(bytes, start, end, out) {
    let digits = start + 1;
    while (digits < end && isDigit(byteAt(bytes, digits))) digits++;
    if (digits + 9 > end || bytes[digits] !== 32) return false;
    out.level = levelOfLetter(byteAt(bytes, start)) ?? Level.NONE;
    if (digits - start !== 5)
      return isDayWithYear(digits - start) && readAnyTimestamp(bytes, start + 1, end, out) !== -1;
    if (startsWith(bytes, start + 1, end, '0000 00:00:')) return readAnyTimestamp(bytes, start + 12, end, out) !== -1;
    out.kind = TimestampKind.YEARLESS;
    out.time = 0;
    const month = twoDigits(bytes, start + 1);
    if (!addDay(epochDay(2000, month, twoDigits(bytes, start + 3)), out)) return false;
    return readClock(bytes, digits + 1, end, out) !== -1;
  },
  samples: [
    ['I1129 10:00:00.123456       1 controller.go:87] starting', 'INFO', '2026-11-29T10:00:00.123Z'],
    ['F1129 10:00:00.123456       1 main.go:12] cannot go on', 'ERROR', '2026-11-29T10:00:00.123Z'],
    ['W20261129 10:00:00.123456 4711 shop.cc:12] slow', 'WARN', '2026-11-29T10:00:00.123Z'],
    ['E261129 10:00:00.123456 1 server/node.go:12 ⋮ [n1] failed', 'ERROR', '2026-11-29T10:00:00.123Z'],
    ['E0000 00:00:1795946400.123456    4711 socket.cc:12] refused', 'ERROR', '2026-11-29T10:00:00.123Z'],
  ],
};

function isDayWithYear(length: number): boolean {
  return length === 7 || length === 9;
}

/** Erlang/OTP and RabbitMQ before 3.7: `=ERROR REPORT==== 29-Nov-2026::10:00:00 ===`, then the text. */
const erlang: ProgramFormat = {
  name: 'erlang',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 61,
  parse(bytes, start, end, out) {
    let wordEnd = start + 1;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    if (!startsWith(bytes, wordEnd, end, ' REPORT==== ')) return false;
    const isSupervisor = startsWith(bytes, start + 1, wordEnd, 'SUPERVISOR');
    out.level = isSupervisor ? Level.ERROR : (headLevelOf(bytes, start + 1, wordEnd) ?? Level.NONE);
    return readAnyTimestamp(bytes, wordEnd + 12, end, out) !== -1;
  },
  samples: [
    ['=ERROR REPORT==== 29-Nov-2026::10:00:00 ===', 'ERROR', '2026-11-29T10:00:00.000Z'],
    ['=INFO REPORT==== 29-Nov-2026::10:00:00.123456 ===', 'INFO', '2026-11-29T10:00:00.123Z'],
    ['=CRASH REPORT==== 29-Nov-2026::10:00:00 ===', 'ERROR', '2026-11-29T10:00:00.000Z'],
    ['=SUPERVISOR REPORT==== 29-Nov-2026::10:00:00 ===', 'ERROR', '2026-11-29T10:00:00.000Z'],
    ['=WARNING REPORT==== 29-Nov-2026::10:00:00 ===', 'WARN', '2026-11-29T10:00:00.000Z'],
  ],
};

/** auditd: `type=SYSCALL msg=audit(1364481363.243:24287): …`, optionally after `node=`. */
const auditd: ProgramFormat = {
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

/** Supercomputers (BGL, Thunderbird, Spirit): `- 1117838570 2005.06.03 host …`, the first word is a label of alerts. */
const superComputer: ProgramFormat = {
  name: 'epoch-and-day',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 45 || isLetter(byte),
  parse(bytes, start, end, out) {
    let pos = start;
    while (pos < end && bytes[pos] !== 32) pos++;
    if (pos === start || pos - start > 24 || pos + 22 > end || !isDigit(byteAt(bytes, pos + 1))) return false;
    if (bytes[pos + 11] !== 32 || bytes[pos + 16] !== 46 || bytes[pos + 19] !== 46) return false;
    const after = readAnyTimestamp(bytes, pos + 1, end, out);
    if (after !== pos + 11) return false;
    out.level = fieldLevel(bytes, after, end, 7);
    return true;
  },
  samples: [
    [
      '- 1795946400 2026.11.29 R02-M1-N0-C:J12-U11 2026-11-29-10.00.00.363779 R02-M1-N0-C:J12-U11 RAS KERNEL FATAL data',
      'ERROR',
      '2026-11-29T10:00:00.000Z',
    ],
    [
      'APPREAD 1795946400 2026.11.29 R04-M1 2026-11-29-10.00.00.363779 R04-M1 RAS APP INFO x',
      'INFO',
      '2026-11-29T10:00:00.000Z',
    ],
    [
      '- 1795946400 2026.11.29 dn228 Nov 29 10:00:01 dn228/dn228 crond(pam_unix)[2915]: session closed',
      'NONE',
      '2026-11-29T10:00:00.000Z',
    ],
  ],
};

/** The level that is the whole of the field after `fields` others, where a field before is `RAS`. */
function fieldLevel(bytes: Buffer, pos: number, end: number, fields: number): Level {
  let isRas = false;
  for (let field = 0; pos < end; field++) {
    while (pos < end && bytes[pos] === 32) pos++;
    let fieldEnd = pos;
    while (fieldEnd < end && bytes[fieldEnd] !== 32) fieldEnd++;
    if (field === fields - 1) return (isRas ? headLevelOf(bytes, pos, fieldEnd) : undefined) ?? Level.NONE;
    isRas ||= fieldEnd - pos === 3 && startsWith(bytes, pos, end, 'RAS');
    pos = fieldEnd;
  }
  return Level.NONE;
}

/** LANL's HPC logs: `134681 node-246 unix.hw state_change.unavailable 1077804742 1 message`. */
const hpc: ProgramFormat = {
  name: 'epoch-after-component',
  precedesHead: true,
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    let pos = start;
    for (let field = 0; field < 4; field++) {
      const fieldStart = pos;
      const limit = Math.min(end, pos + 64);
      if (field === 0) while (pos < limit && isDigit(byteAt(bytes, pos))) pos++;
      else while (pos < limit && bytes[pos] !== 32) pos++;
      if (pos === fieldStart || pos >= limit || bytes[pos] !== 32) return false;
      pos++;
    }
    out.level = Level.NONE;
    if (pos + 12 > end || bytes[pos + 10] !== 32 || !isDigit(byteAt(bytes, pos + 11))) return false;
    return readAnyTimestamp(bytes, pos, end, out) === pos + 10;
  },
  samples: [
    [
      '134681 node-246 unix.hw state_change.unavailable 1795946400 1 Component State Change: failed',
      'NONE',
      '2026-11-29T10:00:00.000Z',
    ],
  ],
};

/** Zabbix: `  4711:20261129:100000.123 message`. */
const zabbix: ProgramFormat = {
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

/** Chromium: `[4711:4711:1129/100000.123456:ERROR:file.cc(12)] message`. */
const chromium: ProgramFormat = {
  name: 'chromium',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 91,
  parse(bytes, start, end, out) {
    let pos = start + 1;
    for (let number = 0; number < 2; number++) {
      const digits = pos;
      while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
      if (pos >= end) return false;
      if (bytes[pos] === 47) {
        pos = digits;
        break;
      }
      if (pos === digits || bytes[pos] !== 58) return false;
      pos++;
    }
    if (pos + 12 > end || bytes[pos + 4] !== 47) return false;
    out.kind = TimestampKind.YEARLESS;
    out.time = 0;
    if (!addDay(epochDay(2000, twoDigits(bytes, pos), twoDigits(bytes, pos + 2)), out)) return false;
    const clockEnd = readCompactClock(bytes, pos + 5, end, out);
    if (clockEnd === -1) return false;
    pos = readFraction(bytes, clockEnd, end, out);
    if (pos >= end || bytes[pos] !== 58) return false;
    let wordEnd = pos + 1;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    out.level = headLevelOf(bytes, pos + 1, wordEnd) ?? Level.NONE;
    return true;
  },
  samples: [
    ['[4711:4712:1129/100000.123456:ERROR:gpu_init.cc(12)] no display', 'ERROR', '2026-11-29T10:00:00.123Z'],
    ['[1129/100000.123456:WARNING:x.cc(12)] slow', 'WARN', '2026-11-29T10:00:00.123Z'],
    ['[4711:4712:1129/100000.123456:VERBOSE1:x.cc(12)] y', 'DEBUG', '2026-11-29T10:00:00.123Z'],
  ],
};

/** HAProxy on standard error: `[WARNING] 332/100000 (4711) : message`. The first number is the day of the year, from 0. */
const haproxy: ProgramFormat = {
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

/** A timestamp after fixed words: MySQL's slow log, the start of uWSGI, `-- Boot … --`. */
const introduced: ProgramFormat = {
  name: 'introduced',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 35 || byte === 42 || byte === 83,
  parse(bytes, start, end, out) {
    out.level = Level.NONE;
    for (const text of introductions) {
      if (!startsWith(bytes, start, end, text)) continue;
      let pos = start + text.length;
      if (text.startsWith('***')) while (pos < end && bytes[pos - 1] !== 91) pos++;
      while (pos < end && bytes[pos] === 32) pos++;
      return readAnyTimestamp(bytes, pos, end, out) !== -1 && out.kind !== TimestampKind.TIME_OF_DAY;
    }
    return false;
  },
  samples: [
    ['# Time: 2026-11-29T10:00:00.123456Z', 'NONE', '2026-11-29T10:00:00.123Z'],
    ['# Time: 261129 10:00:00', 'NONE', '2026-11-29T10:00:00.000Z'],
    ['Start-Date: 2026-11-29  10:00:00', 'NONE', '2026-11-29T10:00:00.000Z'],
    ['*** Starting uWSGI 2.0.21 (64bit) on [Sun Nov 29 10:00:00 2026] ***', 'NONE', '2026-11-29T10:00:00.000Z'],
  ],
};

const introductions = ['# Time: ', 'Start-Date: ', '*** Starting uWSGI ', '*** Operational MODE'];

/** uWSGI: `[pid: 7|app: 0|req: 1/1] 10.0.0.7 () {32 vars in 400 bytes} [Sun Nov 29 10:00:00 2026] GET / => …`. */
const uwsgi: ProgramFormat = {
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
const unbound: ProgramFormat = {
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
    out.level = scanLevel(bytes, pos, end, false);
    return true;
  },
  samples: [
    ['[1795946400] unbound[4711:0] error: bind: address already in use', 'ERROR', '2026-11-29T10:00:00.000Z'],
    ['[1795946400] unbound[4711:0] info: start of service', 'INFO', '2026-11-29T10:00:00.000Z'],
  ],
};

/** All of them, in the order of trial. */
export const programs: readonly ProgramFormat[] = [
  glog,
  erlang,
  auditd,
  superComputer,
  hpc,
  zabbix,
  chromium,
  haproxy,
  introduced,
  uwsgi,
  unbound,
];

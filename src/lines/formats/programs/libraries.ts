import { Level } from '../../line-batch';
import { headLevelOf, levelOfLetter } from '../../levels';
import { readAnyTimestamp } from '../../timestamp-forms';
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
} from '../../timestamps';
import { startsWith } from '../scan-text';
import { scanLevel } from '../head-level';
import type { ProgramFormat } from './program-format';

/** Formats of libraries that programs log with. */

/** glog, klog, CockroachDB: `I1129 10:00:00.123456 1 x.go:87] message`; newer ones with a year, gRPC with an epoch. */
export const glog: ProgramFormat = {
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
export const erlang: ProgramFormat = {
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

/** Chromium: `[4711:4711:1129/100000.123456:ERROR:file.cc(12)] message`. */
export const chromium: ProgramFormat = {
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

/** Couchbase: `[ns_server:error,2026-11-29T10:00:00.123Z,ns_1@127.0.0.1:<0.1.0>:x:y:12]message`. */
export const couchbase: ProgramFormat = {
  name: 'couchbase',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 91,
  parse(bytes, start, end, out) {
    let pos = start + 1;
    while (pos < end && (isLetter(byteAt(bytes, pos)) || bytes[pos] === 95)) pos++;
    if (pos === start + 1 || bytes[pos] !== 58) return false;
    let wordEnd = pos + 1;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    const level = bytes[wordEnd] === 44 ? headLevelOf(bytes, pos + 1, wordEnd) : undefined;
    if (level === undefined) return false;
    out.level = level;
    const after = readAnyTimestamp(bytes, wordEnd + 1, end, out);
    return after !== -1 && after < end && bytes[after] === 44;
  },
  samples: [
    [
      '[ns_server:error,2026-11-29T10:00:00.123Z,ns_1@127.0.0.1:<0.1.0>:x:y:12]down',
      'ERROR',
      '2026-11-29T10:00:00.123Z',
    ],
  ],
};

/** VDSM: `Thread-13::ERROR::2026-11-29 10:00:00,123::vm::486::vm.Vm::(stop) message`. */
export const vdsm: ProgramFormat = {
  name: 'vdsm',
  precedesHead: true,
  mayBeginWith: isLetter,
  parse(bytes, start, end, out) {
    const limit = Math.min(end, start + 80);
    let pos = start;
    while (pos < limit && bytes[pos] !== 58 && bytes[pos] !== 32) pos++;
    if (bytes[pos] !== 58 || bytes[pos + 1] !== 58) return false;
    let wordEnd = pos + 2;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    const level = bytes[wordEnd] === 58 && bytes[wordEnd + 1] === 58 ? headLevelOf(bytes, pos + 2, wordEnd) : undefined;
    if (level === undefined) return false;
    out.level = level;
    const after = readAnyTimestamp(bytes, wordEnd + 2, end, out);
    return after !== -1 && after < end && bytes[after] === 58;
  },
  samples: [
    ['Thread-13::ERROR::2026-11-29 10:00:00,123::vm::486::vm.Vm::(stop) lost', 'ERROR', '2026-11-29T10:00:00.123Z'],
  ],
};

/** dbt, and the other tools that write a time and two spaces: `10:00:00  Running with dbt=1.8.0`. */
export const timeAndSpaces: ProgramFormat = {
  name: 'time-and-spaces',
  precedesHead: true,
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    if (bytes[start + 8] !== 32 || bytes[start + 9] !== 32 || bytes[start + 10] === 32 || start + 10 >= end)
      return false;
    out.kind = TimestampKind.TIME_OF_DAY;
    out.time = 0;
    if (readClock(bytes, start, end, out) !== start + 8) return false;
    out.level = scanLevel(bytes, start + 8, end, false);
    return true;
  },
  samples: [
    ['10:00:00  Running with dbt=1.8.0', 'NONE', '2026-11-29T10:00:00.000Z'],
    ['10:00:00  [ERROR]: no such model', 'ERROR', '2026-11-29T10:00:00.000Z'],
  ],
};

/** Go's Fiber: `10:00:00 | 200 | 12.3µs | 10.0.0.7 | GET | / | -`. */
export const fiber: ProgramFormat = {
  name: 'fiber',
  precedesHead: true,
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    if (
      start + 16 > end ||
      bytes[start + 9] !== 124 ||
      bytes[start + 15] !== 124 ||
      !isDigit(byteAt(bytes, start + 11))
    )
      return false;
    out.kind = TimestampKind.TIME_OF_DAY;
    out.time = 0;
    out.level = Level.NONE;
    return readClock(bytes, start, end, out) === start + 8;
  },
  samples: [['10:00:00 | 500 |      12.3µs | 10.0.0.7 | GET | /carts | -', 'NONE', '2026-11-29T10:00:00.000Z']],
};

/** Kibana 7: `  log   [10:00:00.123] [error][plugins-service] message`. */
export const kibana: ProgramFormat = {
  name: 'kibana',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 32,
  parse(bytes, start, end, out) {
    if (!startsWith(bytes, start, end, '  log   [')) return false;
    const after = readAnyTimestamp(bytes, start + 9, end, out);
    if (after === -1 || after >= end || bytes[after] !== 93) return false;
    out.level = scanLevel(bytes, after + 1, end, false);
    return true;
  },
  samples: [['  log   [10:00:00.123] [error][plugins-service] refused', 'ERROR', '2026-11-29T10:00:00.123Z']],
};

import { Level } from '../../line-batch';
import { readAnyTimestamp } from '../../timestamp-forms';
import { levelOf } from '../../levels';
import { TimestampKind, byteAt, isDigit, isLetter } from '../../timestamps';
import { findText, skipWord, startsWith } from '../scan-text';
import { syslog5424 } from '../syslog';
import type { ProgramFormat } from './program-format';

/** Formats of networks: flows, leases, and forwarded syslog. */

/** The start of a flow stands within this many bytes. */
const maxFlow = 400;

/**
 * Flows of an Amazon VPC: `2 123456789012 eni-1a2b 10.0.0.7 10.0.0.8 443 … 1795946400 1795946460 ACCEPT OK`, also with
 * fields of one's own after the version. The first number of ten digits is the start.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */
export const vpcFlow: ProgramFormat = {
  name: 'vpc-flow',
  precedesHead: true,
  mayBeginWith: (byte) => byte >= 50 && byte <= 57,
  parse(bytes, start, end, out) {
    if (bytes[start + 1] !== 32 || findText(bytes, start, start + maxFlow, end, ' eni-') === -1) return false;
    out.level = Level.NONE;
    const limit = Math.min(end - 10, start + maxFlow);
    for (let pos = skipWord(bytes, start, end); pos < limit; pos = skipWord(bytes, pos, end)) {
      if (bytes[pos + 10] === 32 && readAnyTimestamp(bytes, pos, end, out) === pos + 10) return true;
    }
    return false;
  },
  samples: [
    [
      '2 123456789012 eni-1a2b 10.0.0.7 10.0.0.8 20641 22 6 20 4249 1795946400 1795946460 REJECT OK',
      'NONE',
      '2026-11-29T10:00:00.000Z',
    ],
    [
      '3 vpc-1 subnet-1 i-1 123456789012 IPv4 eni-1a2b 10.0.0.7 10.0.0.8 443 51234 6 10 840 1795946400 1795946459 ACCEPT OK',
      'NONE',
      '2026-11-29T10:00:00.000Z',
    ],
    ['2 123456789012 eni-1a2b - - - - - - - 1795946400 1795946460 - NODATA', 'NONE', '2026-11-29T10:00:00.000Z'],
  ],
};

/** Microsoft's DHCP server: `10,11/29/26,10:00:00,Assign,10.0.0.7,…`, the number is the kind of the event. */
export const windowsDhcp: ProgramFormat = {
  name: 'windows-dhcp',
  precedesHead: true,
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    let pos = start;
    while (pos < end && pos < start + 6 && isDigit(byteAt(bytes, pos))) pos++;
    if (bytes[pos] !== 44 || bytes[pos + 3] !== 47 || bytes[pos + 9] !== 44) return false;
    out.level = Level.NONE;
    return readAnyTimestamp(bytes, pos + 1, end, out) === pos + 18 && pos + 18 < end && bytes[pos + 18] === 44;
  },
  samples: [
    ['10,11/29/26,10:00:00,Assign,10.0.0.7,web-1.example.org,001122334455,,123,0', 'NONE', '2026-11-29T10:00:00.000Z'],
  ],
};

/** RFC 5424 as some relays store it, without a priority: `1 2026-11-29T10:00:00.123Z host app 4711 ID47 - message`. */
export const bareSyslog5424: ProgramFormat = {
  name: 'syslog-5424-bare',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 49,
  parse(bytes, start, end, out) {
    if (bytes[start + 1] !== 32 || bytes[start + 12] !== 84) return false;
    out.level = Level.NONE;
    const after = readAnyTimestamp(bytes, start + 2, end, out);
    return after !== -1 && after < end && out.kind === TimestampKind.ABSOLUTE && bytes[after] === 32;
  },
  samples: [['1 2026-11-29T10:00:00.123Z web-1 shop 4711 ID47 - failed', 'NONE', '2026-11-29T10:00:00.123Z']],
};

/** The severity follows this many pipes. */
const severityPipes = 6;

/**
 * The severity of the Common Event Format, whose `CEF:0|vendor|product|version|id|name|severity|` begins at `pos`: 0–3 low, 4–6
 * medium, 7–10 high and very high, or a word. NONE without one.
 * https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors/pdfdoc/common-event-format-v25/common-event-format-v25.pdf
 */
export function cefLevel(bytes: Buffer, pos: number, end: number): Level {
  let pipes = 0;
  let at = pos;
  for (; at < end && pipes < severityPipes; at++) {
    if (bytes[at] === 92) at++;
    else if (bytes[at] === 124) pipes++;
  }
  const first = byteAt(bytes, at);
  if (pipes < severityPipes || at >= end) return Level.NONE;
  if (isDigit(first)) {
    const severity = isDigit(byteAt(bytes, at + 1)) ? 10 : first - 48;
    if (severity >= 7) return Level.ERROR;
    return severity >= 4 ? Level.WARN : Level.INFO;
  }
  let wordEnd = at;
  while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
  return cefWords.get(bytes.toString('latin1', at, wordEnd).toLowerCase()) ?? levelOf(bytes, at, wordEnd) ?? Level.NONE;
}

const cefWords: ReadonlyMap<string, Level> = new Map([
  ['low', Level.INFO],
  ['medium', Level.WARN],
  ['high', Level.ERROR],
]);

/** Names of the times of an event, in the order of trial. */
const cefTimes = [' rt=', '|rt=', ' end=', '|end=', ' start=', '|start='];

/** The Common Event Format without a header of syslog: its time is a field, if it has one. */
export const cef: ProgramFormat = {
  name: 'cef',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 67,
  parse(bytes, start, end, out) {
    if (!startsWith(bytes, start, end, 'CEF:') || !isDigit(byteAt(bytes, start + 4))) return false;
    out.level = cefLevel(bytes, start, end);
    for (const name of cefTimes) {
      const at = findText(bytes, start, end, end, name);
      if (at !== -1 && readAnyTimestamp(bytes, at + name.length, end, out) !== -1) return true;
    }
    out.kind = TimestampKind.NONE;
    out.time = 0;
    return true;
  },
  samples: [
    [
      'CEF:0|Security|threatmanager|1.0|100|worm stopped|10|src=10.0.0.1 rt=1795946400123 dst=10.0.0.2',
      'ERROR',
      '2026-11-29T10:00:00.123Z',
    ],
    ['CEF:0|Sec|fw|1.0|100|a \\| b|Medium|rt=Nov 29 2026 10:00:00 src=10.0.0.1', 'WARN', '2026-11-29T10:00:00.000Z'],
  ],
};

/** Syslog with the length of each message before it (RFC 6587), as Heroku's drains have it: `83 <190>1 2026-11-29T10:00:00+00:00 …`. */
export const countedSyslog: ProgramFormat = {
  name: 'syslog-counted',
  precedesHead: true,
  mayBeginWith: isDigit,
  parse(bytes, start, end, out) {
    let pos = start;
    while (pos < end && pos < start + 6 && isDigit(byteAt(bytes, pos))) pos++;
    return bytes[pos] === 32 && bytes[pos + 1] === 60 && syslog5424.parse(bytes, pos + 1, end, out);
  },
  samples: [['83 <187>1 2026-11-29T10:00:00+00:00 host app web.1 - failed', 'ERROR', '2026-11-29T10:00:00.000Z']],
};

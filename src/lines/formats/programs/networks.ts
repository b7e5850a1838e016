import { Level } from '../../line-batch';
import { readAnyTimestamp } from '../../timestamp-forms';
import { TimestampKind, byteAt, isDigit } from '../../timestamps';
import { skipWord, startsWith } from '../scan-text';
import type { ProgramFormat } from './program-format';

/** Formats of networks: flows, leases, and forwarded syslog. */

/**
 * Flows of an Amazon VPC in the default format: `2 123456789012 eni-1a2b 10.0.0.7 10.0.0.8 443 … 1795946400 1795946460
 * ACCEPT OK`. The eleventh field is the start.
 * https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
 */
export const vpcFlow: ProgramFormat = {
  name: 'vpc-flow',
  precedesHead: true,
  mayBeginWith: (byte) => byte === 50,
  parse(bytes, start, end, out) {
    if (bytes[start + 1] !== 32 || bytes[start + 14] !== 32 || !startsWith(bytes, start + 15, end, 'eni-')) {
      return false;
    }
    let pos = start;
    for (let field = 0; field < 10; field++) pos = skipWord(bytes, pos, end);
    out.level = Level.NONE;
    return readAnyTimestamp(bytes, pos, end, out) === pos + 10;
  },
  samples: [
    [
      '2 123456789012 eni-1a2b 10.0.0.7 10.0.0.8 20641 22 6 20 4249 1795946400 1795946460 REJECT OK',
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

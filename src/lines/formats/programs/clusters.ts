import { Level } from '../../line-batch';
import { headLevelOf } from '../../levels';
import { readAnyTimestamp } from '../../timestamp-forms';
import { byteAt, isDigit, isLetter } from '../../timestamps';
import { startsWith } from '../scan-text';
import type { ProgramFormat } from './program-format';

/** Formats of supercomputers, as research data sets have them. */

/** Supercomputers (BGL, Thunderbird, Spirit): `- 1117838570 2005.06.03 host …`, the first word is a label of alerts. */
export const superComputer: ProgramFormat = {
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
      '- 1795946400 2026.11.29 UNKNOWN_LOCATION 2026-11-29-10.00.00.363779 UNKNOWN_LOCATION NULL DISCOVERY ERROR x',
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
    // Some lines have NULL for RAS.
    isRas ||=
      (fieldEnd - pos === 3 && startsWith(bytes, pos, end, 'RAS')) ||
      (fieldEnd - pos === 4 && startsWith(bytes, pos, end, 'NULL'));
    pos = fieldEnd;
  }
  return Level.NONE;
}

/** LANL's HPC logs: `134681 node-246 unix.hw state_change.unavailable 1077804742 1 message`. */
export const hpc: ProgramFormat = {
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

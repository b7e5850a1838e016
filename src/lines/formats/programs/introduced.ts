import { Level } from '../../line-batch';
import { readAnyTimestamp } from '../../timestamp-forms';
import { TimestampKind } from '../../timestamps';
import { startsWith } from '../scan-text';
import type { ProgramFormat } from './program-format';

/** Lines whose timestamp follows fixed words. */

/** A timestamp after fixed words: MySQL's slow log, the start of uWSGI, `-- Boot … --`. */
export const introduced: ProgramFormat = {
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

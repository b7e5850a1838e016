import { Level } from '../../line-batch';
import { readAnyTimestamp } from '../../timestamp-forms';
import { TimestampKind, isDigit, byteAt } from '../../timestamps';
import { findText, startsWith } from '../scan-text';
import type { ProgramFormat } from './program-format';

/** A timestamp after fixed words. */
interface Introduction {
  readonly text: string;
  /** What precedes the timestamp, where the text is not followed by it. */
  readonly mark?: string;
  /** Nothing may follow the timestamp. */
  readonly isLast?: true;
  /** The timestamp has no date. */
  readonly hasNoDate?: true;
}

const introductions: readonly Introduction[] = [
  { text: '# Time: ' },
  { text: 'Start-Date: ' },
  { text: 'Log started: ' },
  { text: '>>>  Section start ' },
  { text: '*** Starting uWSGI ', mark: '[' },
  { text: '*** Operational MODE', mark: '[' },
  { text: 'Cloud-init v. ', mark: ' at ' },
  { text: 'Started ', mark: ' at ', isLast: true },
  { text: 'MSI (', mark: ' [', hasNoDate: true },
  { text: 'L ' },
];

const firstBytes = new Set(introductions.map(({ text }) => text.charCodeAt(0)));

/** The mark stands within this many bytes. */
const maxMark = 128;
/** A timestamp that ends its line is at most this long, with its mark. */
const maxTimestamp = 40;

/** MySQL's slow log, apt, uWSGI, cloud-init, Rails, Windows Installer and the game servers of Valve. */
export const introduced: ProgramFormat = {
  name: 'introduced',
  precedesHead: true,
  mayBeginWith: (byte) => firstBytes.has(byte),
  parse(bytes, start, end, out) {
    out.level = Level.NONE;
    for (const { text, mark, isLast, hasNoDate } of introductions) {
      if (!startsWith(bytes, start, end, text)) continue;
      let pos = start + text.length;
      if (mark !== undefined) {
        const from = isLast ? Math.max(pos, end - maxTimestamp) : pos;
        const at = findText(bytes, from, from + maxMark, end, mark);
        if (at === -1) return false;
        pos = at + mark.length;
      }
      while (pos < end && bytes[pos] === 32) pos++;
      if (mark === undefined && !isDigit(byteAt(bytes, pos))) return false;
      const after = readAnyTimestamp(bytes, pos, end, out);
      if (after === -1 || (isLast && after !== end)) return false;
      return (out.kind === TimestampKind.TIME_OF_DAY) === (hasNoDate ?? false);
    }
    return false;
  },
  samples: [
    ['# Time: 2026-11-29T10:00:00.123456Z', 'NONE', '2026-11-29T10:00:00.123Z'],
    ['# Time: 261129 10:00:00', 'NONE', '2026-11-29T10:00:00.000Z'],
    ['Start-Date: 2026-11-29  10:00:00', 'NONE', '2026-11-29T10:00:00.000Z'],
    ['Log started: 2026-11-29  10:00:00', 'NONE', '2026-11-29T10:00:00.000Z'],
    ['>>>  Section start 2026/11/29 10:00:00.123', 'NONE', '2026-11-29T10:00:00.123Z'],
    ['*** Starting uWSGI 2.0.21 (64bit) on [Sun Nov 29 10:00:00 2026] ***', 'NONE', '2026-11-29T10:00:00.000Z'],
    [
      "Cloud-init v. 23.1 running 'init' at Sun, 29 Nov 2026 10:00:00 +0000. Up 5.00 seconds.",
      'NONE',
      '2026-11-29T10:00:00.000Z',
    ],
    ['Started GET "/carts" for 10.0.0.7 at 2026-11-29 10:00:00 +0000', 'NONE', '2026-11-29T10:00:00.000Z'],
    ['MSI (s) (1C:2C) [10:00:00:123]: Resetting cached policy values', 'NONE', '2026-11-29T10:00:00.123Z'],
    ['L 11/29/2026 - 10:00:00: "Anna<1><STEAM_1:0:1><CT>" connected', 'NONE', '2026-11-29T10:00:00.000Z'],
  ],
};

import { levelOf } from '../../levels';
import { byteAt, isLetter } from '../../timestamps';
import { groupEnd, groupLevel } from '../level-tokens';
import { skipWord, startsWith } from '../scan-text';
import type { LevelPlace } from './level-place';

/** Places of hosting services. */

export const azure: LevelPlace = {
  name: 'Azure App Service',
  firstBytes: 'P',
  form: 'year-first',
  read: (bytes, pos, end) => {
    if (!startsWith(bytes, pos, end, 'PID[')) return undefined;
    const word = skipWord(bytes, pos, end);
    let wordEnd = word;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return bytes[wordEnd] === 32 ? levelOf(bytes, word, wordEnd) : undefined;
  },
  samples: [['2026-11-29T10:00:00  PID[4711] Error       Unhandled exception', 'ERROR']],
};

export const fly: LevelPlace = {
  name: 'Fly.io',
  firstBytes: 'apr',
  form: 'year-first',
  read: (bytes, pos, end) => {
    const region = skipWord(bytes, pos, end);
    if (bytes[region - 2] !== 93) return undefined;
    const open = skipWord(bytes, region, end);
    const close = bytes[open] === 91 && open === region + 4 ? groupEnd(bytes, open, Math.min(end, open + 16)) : -1;
    return close === -1 ? undefined : groupLevel(bytes, open + 1, close);
  },
  samples: [['2026-11-29T10:00:00Z app[17812ab] ams [error]refused', 'ERROR']],
};

export const gitHubActions: LevelPlace = {
  name: 'GitHub Actions, Azure Pipelines',
  firstBytes: '#',
  form: 'year-first',
  read: (bytes, pos, end) => {
    if (!startsWith(bytes, pos, end, '##[')) return undefined;
    const close = groupEnd(bytes, pos + 2, Math.min(end, pos + 24));
    return close === -1 ? undefined : groupLevel(bytes, pos + 3, close);
  },
  samples: [
    ['2026-11-29T10:00:00.1234567Z ##[error]Process completed with exit code 1.', 'ERROR'],
    ['2026-11-29T10:00:00.1234567Z ##[group]Run tests', 'NONE'],
  ],
};

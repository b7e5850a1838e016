import { Level } from '../line-batch';
import { levelOf, levelOfLetter } from '../levels';
import { byteAt, isDigit } from '../timestamps';
import { localLevelAt } from './local-levels';
import { lettersEnd, startsWith } from './scan-text';
import type { UnstampedForm } from './unstamped-form';

/** Forms without a timestamp of single programs and libraries. */

export const localLevel: UnstampedForm = {
  name: 'java.util.logging in other languages',
  read: localLevelAt,
  samples: [
    ['严重: no such class', 'ERROR'],
    ['情報: started', 'INFO'],
    ['경고: slow', 'WARN'],
    ['ADVERTENCIA: slow', 'WARN'],
    ['INFORMACIÓN: started', 'INFO'],
  ],
};

/** Julia: `[ Info: started`, and `┌ Error: refused` before more lines. */
export const julia: UnstampedForm = {
  name: 'Julia',
  read(bytes, start, end) {
    const isBox = startsWith(bytes, start, end, '\xe2\x94\x8c ');
    if (!isBox && !startsWith(bytes, start, end, '[ ')) return undefined;
    const word = isBox ? start + 4 : start + 2;
    const wordEnd = lettersEnd(bytes, word, end);
    return bytes[wordEnd] === 58 && bytes[wordEnd + 1] === 32 && wordEnd + 1 < end
      ? levelOf(bytes, word, wordEnd)
      : undefined;
  },
  samples: [
    ['[ Info: started', 'INFO'],
    ['┌ Error: refused', 'ERROR'],
  ],
};

/** Microcontrollers with ESP-IDF: `E (1234) wifi: refused`, the number is of milliseconds since the start. */
export const espIdf: UnstampedForm = {
  name: 'ESP-IDF',
  read(bytes, start, end) {
    if (bytes[start + 1] !== 32 || bytes[start + 2] !== 40) return undefined;
    let pos = start + 3;
    while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
    const isTimed = pos > start + 3 && bytes[pos] === 41 && bytes[pos + 1] === 32 && pos + 1 < end;
    return isTimed ? levelOfLetter(byteAt(bytes, start)) : undefined;
  },
  samples: [['E (1234) wifi: refused', 'ERROR']],
};

/** Work processes of SAP, after a line with a timestamp alone: `M  *** ERROR => refused`. */
export const sapError: UnstampedForm = {
  name: 'SAP',
  read(bytes, start, end) {
    let pos = start + 1;
    while (pos < end && bytes[pos] === 32) pos++;
    if (lettersEnd(bytes, start, end) !== start + 1 || pos === start + 1) return undefined;
    if (startsWith(bytes, pos, end, '*** ERROR => ')) return Level.ERROR;
    return startsWith(bytes, pos, end, '*** WARNING => ') ? Level.WARN : undefined;
  },
  samples: [['M  *** ERROR => refused [thxxhead.c 12]', 'ERROR']],
};

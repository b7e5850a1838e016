import { Level } from '../line-batch';
import { levelOf, levelOfLetter } from '../levels';
import { byteAt, isDigit } from '../timestamps';
import { lettersEnd, startsWith } from './scan-text';
import type { UnstampedForm } from './unstamped-form';

/** Forms without a timestamp of single programs and libraries. */

/** The levels of java.util.logging in other languages, before a colon. */
const localLevels: readonly (readonly [Buffer, Level])[] = (
  [
    ['严重', Level.ERROR],
    ['嚴重', Level.ERROR],
    ['重大', Level.ERROR],
    ['심각', Level.ERROR],
    ['警告', Level.WARN],
    ['경고', Level.WARN],
    ['ADVERTENCIA', Level.WARN],
    ['ADVERTÊNCIA', Level.WARN],
    ['AVVERTENZA', Level.WARN],
    ['信息', Level.INFO],
    ['資訊', Level.INFO],
    ['情報', Level.INFO],
    ['정보', Level.INFO],
    ['INFORMACIÓN', Level.INFO],
    ['INFORMAÇÕES', Level.INFO],
    ['INFORMAZIONI', Level.INFO],
  ] as const
).map(([text, level]) => [Buffer.from(`${text}:`), level]);

const firstBytesOfLocalLevels = new Set(localLevels.map(([text]) => text[0]));

export const localLevel: UnstampedForm = {
  name: 'java.util.logging in other languages',
  read(bytes, start, end) {
    if (!firstBytesOfLocalLevels.has(bytes[start])) return undefined;
    return localLevels.find(([text]) => bytes.subarray(start, Math.min(end, start + text.length)).equals(text))?.[1];
  },
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

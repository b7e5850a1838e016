import { Level } from './line-batch';
import { byteAt } from './timestamps';

/** Level words in lower case. Logs may use any case. */
const synonyms: readonly (readonly [Level, readonly string[]])[] = [
  [Level.ERROR, ['error', 'fatal', 'severe', 'critical', 'emerg', 'alert', 'err', 'crit', 'emergency', 'panic']],
  [Level.WARN, ['warn', 'warning']],
  [Level.INFO, ['info', 'notice']],
  [Level.DEBUG, ['debug', 'trace']],
];

interface Word {
  readonly letters: Buffer;
  readonly level: Level;
}

const wordsByLength: readonly (readonly Word[])[] = Array.from({ length: 10 }, (_, length) =>
  synonyms.flatMap(([level, words]) =>
    words.filter((word) => word.length === length).map((word) => ({ letters: Buffer.from(word), level })),
  ),
);

const noWords: readonly Word[] = [];

/** The level named by the word in bytes [start, end); undefined for other words. */
export function levelOf(bytes: Buffer, start: number, end: number): Level | undefined {
  for (const { letters, level } of wordsByLength[end - start] ?? noWords) {
    if (isWord(bytes, start, letters)) return level;
  }
  return undefined;
}

function isWord(bytes: Buffer, start: number, letters: Buffer): boolean {
  for (let i = 0; i < letters.length; i++) if ((byteAt(bytes, start + i) | 32) !== letters[i]) return false;
  return true;
}

/** Level of a syslog severity, 0–7 (RFC 5424, table 2). */
export function levelOfSeverity(severity: number): Level {
  if (severity <= 3) return Level.ERROR;
  if (severity === 4) return Level.WARN;
  return severity <= 6 ? Level.INFO : Level.DEBUG;
}

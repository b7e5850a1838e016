import { Level } from './line-batch';
import { byteAt } from './timestamps';

/** The words and letters that name a level. */

/** Words that name a level in any case. The last are those of java.util.logging in German and French. */
export const levelWords: readonly (readonly [Level, readonly string[]])[] = [
  [
    Level.ERROR,
    [
      ...['error', 'err', 'eror', 'erro', 'fatal', 'fata', 'fatl', 'ftl', 'severe', 'critical', 'crit', 'crt'],
      ...['emergency', 'emerg', 'alert', 'alrt', 'panic', 'pani', 'pnc', 'dpanic', 'schwerwiegend'],
    ],
  ],
  [Level.WARN, ['warn', 'warning', 'wrn', 'warnung', 'avertissement']],
  [Level.INFO, ['info', 'inf', 'information', 'informational', 'notice', 'ntc']],
  [
    Level.DEBUG,
    [
      'debug',
      'debu',
      'debg',
      'dbug',
      'dbg',
      'ddebug',
      'subdebug',
      'trace',
      'trac',
      'trce',
      'trc',
      'verbose',
      'verb',
      'vrb',
    ],
  ],
];

/** ERROR, FATAL and PANIC of PostgreSQL and others in German, French, Italian, Turkish, Czech and Swedish. */
const localErrors = ['fehler', 'erreur', 'errore', 'hata', 'chyba', 'panik', 'panico', 'fatale', 'fatalt'];

/** Words that are ordinary English too, or words of other languages: in the head of a text line they name a level only in capitals. */
export const capitalWords: readonly (readonly [Level, readonly string[]])[] = [
  [Level.ERROR, ['fail', 'failure', 'fault', 'grave', 'crash', 'sever', ...localErrors]],
  [Level.WARN, ['deprecation', 'warni', 'attention', 'attenzione', 'advertencia', 'aviso', 'uyari', 'varning']],
  [Level.INFO, ['hinweis', 'log', 'success', 'note', 'infos', 'progress', 'audit']],
  [Level.DEBUG, ['fine', 'finer', 'finest', 'config', 'fein', 'feiner', 'silly']],
];

/** Words of the first table that begin English sentences too: `error rate is 0`. */
const sentenceWords = new Set([
  ...['error', 'fatal', 'severe', 'critical', 'emergency', 'alert', 'panic', 'warning', 'information', 'notice'],
  ...['debug', 'trace', 'verbose'],
]);

/** Single letters, of formats that write one: `E`, `W`, `I`. */
export const levelLetters: readonly (readonly [Level, string])[] = [
  [Level.ERROR, 'EFCA'],
  [Level.WARN, 'W'],
  [Level.INFO, 'IN'],
  [Level.DEBUG, 'DTV'],
];

interface Word {
  readonly letters: Buffer;
  readonly level: Level;
  readonly onlyInCapitals: boolean;
  readonly beginsSentences: boolean;
}

const longest = 13;

/** Words by length and first letter: most words of a log share neither with a level. */
const wordsByShape: readonly (readonly Word[])[] = shapeTable();
const noWords: readonly Word[] = [];

function shapeTable(): Word[][] {
  const table = Array.from({ length: (longest + 1) * 32 }, (): Word[] => []);
  const add = (level: Level, words: readonly string[], onlyInCapitals: boolean): void => {
    for (const word of words) {
      const letters = Buffer.from(word);
      table[shapeOf(letters, 0, letters.length)]?.push({
        letters,
        level,
        onlyInCapitals,
        beginsSentences: onlyInCapitals || sentenceWords.has(word),
      });
    }
  };
  for (const [level, words] of levelWords) add(level, words, false);
  for (const [level, words] of capitalWords) add(level, words, true);
  return table;
}

function shapeOf(bytes: Buffer, start: number, end: number): number {
  return (end - start) * 32 + (byteAt(bytes, start) & 31);
}

/** The level named by the word in bytes [start, end), in any case; undefined for other words. */
export function levelOf(bytes: Buffer, start: number, end: number): Level | undefined {
  return wordOf(bytes, start, end)?.level;
}

/** Like {@link levelOf}, for the head of a text line: words that are ordinary English too count only in capitals. */
export function headLevelOf(bytes: Buffer, start: number, end: number): Level | undefined {
  const word = wordOf(bytes, start, end);
  return word === undefined || (word.onlyInCapitals && !isCapitals(bytes, start, end)) ? undefined : word.level;
}

/** True for a level word that is an ordinary word of English too: it may begin a sentence. */
export function mayBeginSentence(bytes: Buffer, start: number, end: number): boolean {
  return wordOf(bytes, start, end)?.beginsSentences ?? false;
}

/** True for a word that names a level in capitals only. */
export function isOnlyInCapitals(bytes: Buffer, start: number, end: number): boolean {
  return wordOf(bytes, start, end)?.onlyInCapitals ?? false;
}

function wordOf(bytes: Buffer, start: number, end: number): Word | undefined {
  if (end - start > longest || end - start < 3) return undefined;
  for (const word of wordsByShape[shapeOf(bytes, start, end)] ?? noWords) {
    if (isWord(bytes, start, word.letters)) return word;
  }
  return undefined;
}

function isWord(bytes: Buffer, start: number, letters: Buffer): boolean {
  for (let i = 0; i < letters.length; i++) if ((byteAt(bytes, start + i) | 32) !== letters[i]) return false;
  return true;
}

/** True when bytes [start, end) are capital letters only. */
export function isCapitals(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (byteAt(bytes, i) < 65 || byteAt(bytes, i) > 90) return false;
  return end > start;
}

const byLetter: readonly (Level | undefined)[] = Array.from(
  { length: 128 },
  (_, byte) => levelLetters.find(([, letters]) => letters.includes(String.fromCharCode(byte)))?.[0],
);

/** The level that a single capital letter names; undefined for other bytes. */
export function levelOfLetter(byte: number): Level | undefined {
  return byLetter[byte];
}

/** Level of a syslog severity, 0–7 (RFC 5424, table 2). */
export function levelOfSeverity(severity: number): Level {
  if (severity <= 3) return Level.ERROR;
  if (severity === 4) return Level.WARN;
  return severity <= 6 ? Level.INFO : Level.DEBUG;
}

import { fittingReading } from './dates';
import { epochDay } from './timestamps';

/** A run of digits in a name. */
interface Digits {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Epoch day of the last date in a key's base name, null without one. These are dates:
 *
 * - `2021-10-17`, `2021_10_17`, `2021.10.17`;
 * - `17-10-2021` and `10-17-2021` with the same separators; where both fit, the later one that is not after `latest`;
 * - `20211017`, also with the hour, minute, second and millisecond after it, as logrotate and log4j write them.
 *
 * Other numbers are not dates: parts of longer numbers, versions (`1.2021.10.17`, `v20211017`), parts of a UUID or of
 * another word of letters and digits, seconds since the epoch.
 * @param latest epoch day of the upload
 */
export function fileDayOf(key: string, latest: number): number | null {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const runs = [...name.matchAll(/\d+/g)].map((match): Digits => {
    const [text] = match;
    return { text, start: match.index, end: match.index + text.length };
  });
  const days = runs
    .map((_, i) => {
      const parts = runs.slice(i, i + 3);
      return parts.length === 3 && isSeparated(name, parts) ? separatedDay(parts, latest) : compactDay(name, runs[i]);
    })
    .filter((day) => !Number.isNaN(day));
  return days.at(-1) ?? null;
}

/** True for three numbers with the same separator between, unless a number and the separator precede them. */
function isSeparated(name: string, parts: readonly Digits[]): boolean {
  const [first, second, third] = parts;
  if (first === undefined || second === undefined || third === undefined) return false;
  const separator = name.slice(first.end, second.start);
  if (!separators.has(separator) || name.slice(second.end, third.start) !== separator) return false;
  const isVersion = separator === '.' || first.text.length !== 4;
  return !isVersion || !/\d/.test(name.charAt(first.start - 2)) || name.charAt(first.start - 1) !== separator;
}

const separators = new Set(['-', '_', '.']);

function separatedDay(parts: readonly Digits[], latest: number): number {
  const [a = '', b = '', c = ''] = parts.map(({ text }) => text);
  const lengths = `${a.length}-${b.length}-${c.length}`;
  if (lengths === '4-2-2') return epochDay(Number(a), Number(b), Number(c));
  if (lengths !== '2-2-4' || !isLikelyYear(Number(c))) return Number.NaN;
  const dayFirst = epochDay(Number(c), Number(b), Number(a));
  return fittingReading(dayFirst, epochDay(Number(c), Number(a), Number(b)), latest);
}

/** Lengths of `yyyyMMdd` with nothing, `HH`, `HHmm`, `HHmmss` or `HHmmssSSS` after it. */
const compactLengths = new Set([8, 10, 12, 14, 17]);

function compactDay(name: string, run: Digits | undefined): number {
  if (run === undefined || !compactLengths.has(run.text.length) || !standsAlone(name, run)) return Number.NaN;
  const part = (from: number, to: number): number => Number(run.text.slice(from, to));
  if (!isLikelyYear(part(0, 4)) || part(8, 10) > 23 || part(10, 12) > 59 || part(12, 14) > 60) return Number.NaN;
  return epochDay(part(0, 4), part(4, 6), part(6, 8));
}

/** True unless the number is part of a word such as `v20211017`, `0a20211017` or `20211017f`, or of a UUID. */
function standsAlone(name: string, { start, end }: Digits): boolean {
  if (/[a-z]/i.test(name.charAt(end)) && !/^T\d/i.test(name.slice(end, end + 2))) return false;
  if (/^-[\da-f]{4}-[\da-f]{4}-/i.test(name.slice(end, end + 11))) return false;
  let word = start;
  while (word > 0 && /[a-z\d]/i.test(name.charAt(word - 1))) word--;
  const letters = name.slice(word, start);
  return letters.toLowerCase() !== 'v' && !/\d/.test(letters);
}

function isLikelyYear(year: number): boolean {
  return year >= 1990 && year < 2100;
}

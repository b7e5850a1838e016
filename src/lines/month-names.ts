import { byteAt, isLetter, monthAt } from './timestamps';

/**
 * The beginnings of the names of each month in English, German, French, Spanish, Italian, Portuguese and Dutch, without
 * accents.
 */
const monthNames: readonly (readonly string[])[] = [
  ['jan', 'ene', 'gen'],
  ['feb', 'fev'],
  ['mar', 'mrz', 'mrt', 'maa', 'mae'],
  ['apr', 'avr', 'abr'],
  ['may', 'mai', 'mei', 'mag'],
  ['jun', 'juin', 'giu'],
  ['jul', 'juil', 'lug'],
  ['aug', 'aou', 'ago'],
  ['sep', 'set'],
  ['oct', 'okt', 'ott', 'out'],
  ['nov'],
  ['dec', 'dez', 'dic'],
];

/** Month 1–12 by at least three letters of a name in any of these languages; -1 for anything else. */
export function monthOf(name: string): number {
  const plain = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const index = monthNames.findIndex((names) => names.some((one) => plain.startsWith(one)));
  return index === -1 ? -1 : index + 1;
}

/** The longest name, with accents. */
const longest = 12;

/** Month 1–12 by the name at `pos`, which a point, a blank or a separator of dates follows; -1 for anything else. */
export function anyMonthAt(bytes: Buffer, pos: number, end: number): number {
  const english = monthAt(bytes, pos);
  if (english !== -1) return english;
  const wordEnd = monthNameEnd(bytes, pos, Math.min(end, pos + longest));
  if (wordEnd < pos + 3 || wordEnd >= end) return -1;
  const after = byteAt(bytes, wordEnd);
  if (after !== 32 && after !== 45 && after !== 46 && after !== 47) return -1;
  return monthOf(bytes.toString('utf8', pos, wordEnd));
}

/** The position after the letters at `pos`, with or without accents. */
export function monthNameEnd(bytes: Buffer, pos: number, end: number): number {
  while (pos < end && (isLetter(byteAt(bytes, pos)) || byteAt(bytes, pos) > 127)) pos++;
  return pos;
}

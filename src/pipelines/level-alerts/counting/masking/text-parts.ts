import { Char, charOf, closingsOf } from './chars';

/** Where the parts of a text end that are more than a word. All take linear time. */

export function isLetter(code: number): boolean {
  return code >= 128 || (charOf(code) & (Char.LOWER | Char.UPPER)) !== 0;
}

/** True when a letter, a digit or `_` stands before an index. */
export function isWordEnd(text: string, at: number): boolean {
  if (at === 0) return false;
  const code = text.charCodeAt(at - 1);
  return code >= 128
    ? charOf(code) === Char.OTHER
    : (charOf(code) & (Char.LOWER | Char.UPPER | Char.DIGIT)) !== 0 || code === 0x5f;
}

/** The closing quote: `''` inside single quotes is one of SQL's, and an apostrophe stands between letters. */
export function closingIndex(text: string, open: number, quote: string): number {
  const closings = closingsOf(quote);
  for (let at = open + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (!closings.includes(char)) continue;
    if (char === "'" || char === '’') {
      if (char === "'" && at > open + 1 && text.charAt(at + 1) === "'") at++;
      else if (!isLetter(text.charCodeAt(at + 1)) || at + 1 === text.length) return at;
    } else return at;
  }
  return -1;
}

/** True for a word that begins a URL, or a path with a query. */
export function isUrlLike(text: string, start: number, end: number): boolean {
  if (end === text.length) return false;
  const word = text.slice(start, end);
  return word.includes('://') || (word.startsWith('/') && word.includes('?'));
}

/** URLs have `=`, `,` and brackets in their queries; a bracket or sentence mark at the end is not theirs. */
export function urlEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && !/[\s"'<>`|]/.test(text.charAt(end))) end++;
  while (end > at && /[),.;\]}]/.test(text.charAt(end - 1))) end--;
  return end;
}

/** The end of a number that has groups of three digits: `1,234,567`. */
export function thousandsEnd(text: string, at: number): number {
  if (text.charAt(at) !== ',') return at;
  thousands.lastIndex = at;
  return at + (thousands.exec(text)?.[0].length ?? 0);
}

const thousands = /(?:,\d{3})*(?![\d])(?:\.\d+)?/y;

/** True when a space and the first letter of a unit follow. */
export function mayHaveUnit(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0x20 && at + 1 < text.length && 'numsµhdkKMGTBb'.includes(text.charAt(at + 1));
}

/** `12 ms` is a time and `12 kB` a size, so that `1.2 s` and `3 MB` are of the same pattern. */
export function unitEnd(text: string, at: number): { end: number; mask: string } | null {
  unit.lastIndex = at;
  const found = unit.exec(text);
  if (found === null) return null;
  return { end: at + found[0].length, mask: found[1] === undefined ? '<size>' : '<time>' };
}

const unit =
  /(?: (?:(ns|us|µs|ms|msecs?|milliseconds?|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?)|[kKMGT]i?B|B|bytes))(?![\w-])/y;

/** At most this many characters of a key are read. */
const maxKey = 40;

const inKey = Char.LOWER | Char.UPPER | Char.DIGIT | Char.DOT | Char.JOINER;

/** The name before `=`, in small letters. */
export function keyBefore(text: string, equals: number): string {
  let start = equals;
  while (start > 0 && equals - start < maxKey && (charOf(text.charCodeAt(start - 1)) & inKey) !== 0) start--;
  return text.slice(start, equals).toLowerCase();
}

/** True at the end, before a separator, and where the next word is a key itself: `ruser= rhost=10.0.0.1`. */
export function isEmptyValue(text: string, from: number): boolean {
  if (from === text.length) return true;
  const next = text.charAt(from);
  if (next !== ' ') return ',;)]}'.includes(next);
  nextKey.lastIndex = from;
  return nextKey.test(text);
}

const nextKey = / {1,2}[\w.-]{1,40}=/y;

/** Up to the next separator; brackets that follow a word belong to the value: `WorkSource{10113}`. */
export function valueEnd(text: string, from: number): number {
  value.lastIndex = from;
  return from + (value.exec(text)?.[0].length ?? 0);
}

const value = /[^\s,;|=()[\]{}<>"']*(?:\([^()]*\)|\[[^[\]]*\]|\{[^{}]*\})?/y;

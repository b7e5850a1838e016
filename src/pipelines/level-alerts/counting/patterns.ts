import { messagePart } from './message-part';

/**
 * The pattern of an error line: logger and message with each part masked that differs between occurrences.
 *
 * Stateless, so that patterns sum over windows and hosts, and NEW means new; linear in any text.
 * Masks: `<str>` quoted text, `<id>` UUIDs and words of mixed letters and digits, `<ip>`, `<time>`, `<email>`, `<url>`,
 * `<path>`, `<hex>`, `<n>` numbers. A message that is mostly noise becomes `<random>` (see {@link isRandom}).
 * @param line a whole line as text; the message is found by `messagePart`
 * @returns at most {@link maxPatternLength} UTF-16 units, without control characters
 */
export function maskMessage(line: string): string {
  const { logger, message } = messagePart(oneLine(line));
  const name = mask(logger);
  const pattern = mask(message);
  if (isRandom(pattern)) return cutPattern(name === '' ? '<random>' : `${name} <random>`);
  return cutPattern(name === '' ? pattern : `${name} - ${pattern}`);
}

/** Longer patterns are cut. */
export const maxPatternLength = 200;

/** Bounds a pattern, and makes control characters and runs of spaces one space. */
export function cutPattern(pattern: string): string {
  const clean = oneLine(pattern);
  if (clean.length <= maxPatternLength) return clean;
  // Not between the halves of a character.
  return clean.slice(0, maxPatternLength).replace(/[\ud800-\udbff]$/, '');
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

function mask(text: string): string {
  return maskQuoted(text)
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>')
    .replace(word, (found) => maskWord(found));
}

/** A run without brackets, quotes, separators and white space. */
const word = /[^\s,;()[\]{}<>="'|]+/g;

/** A whole word is one mask or keeps its letters; sentence marks at its end stay. */
function maskWord(found: string): string {
  // Most words have nothing to mask.
  if (!/[\d/\\@]/.test(found)) return found;
  const body = found.slice(0, found.length - (/[.:!?]{1,3}$/.exec(found)?.[0].length ?? 0));
  const whole = wholeWords.find(({ fits }) => fits.test(body));
  return (whole?.mask ?? (isMixedId(body) ? '<id>' : maskNumbers(body))) + found.slice(body.length);
}

/** In order; each is anchored and has no two ways to match the same text, so it takes linear time. */
const wholeWords: readonly { mask: string; fits: RegExp }[] = [
  { mask: '<url>', fits: /^[a-z][a-z0-9+.-]{1,20}:\/\//i },
  { mask: '<email>', fits: /^[\w.+-]{1,64}@[\w-]+\.[\w.-]+$/ },
  { mask: '<time>', fits: /^(?:\d{4}-\d\d-\d\d[T_])?\d\d?:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/ },
  { mask: '<ip>', fits: /^\/?\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:[:/]\d{1,5})?$/ },
  { mask: '<ip>', fits: /^(?=[^:]*:[^:]*:)[0-9a-f:]{3,39}(?:%\w+)?$/i },
  { mask: '<path>', fits: /^(?:[~.]{0,2}\/|[A-Za-z]:[\\/]|\\\\)[\w.~%+@:$\\/-]+$/ },
  { mask: '<path>', fits: /^[\w.~%+@-]+\/[\w.~%+@-]*\/[\w.~%+@:$/-]*$/ },
  { mask: '<hex>', fits: /^0x[0-9a-f]+$/i },
  { mask: '<hex>', fits: /^(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}$/i },
];

/** Words of letters and digits that change between the two at least four times: `a8Fk2Lq9Zx`, but not `x86` or `utf8mb4`. */
function isMixedId(body: string): boolean {
  return (
    body.length >= 8 && /^[\w-]+$/.test(body) && (body.match(/\d+/g) ?? []).length >= 3 && !/[A-Za-z]{4}/.test(body)
  );
}

/** `-12`, `3.14`, `1,024`, `12ms`, `exec-3`: a number with its sign where no word stands before it. */
function maskNumbers(body: string): string {
  return body.replace(/(?<![A-Za-z\d])-?\d+(?:[.,:]\d+)*|\d+/g, '<n>');
}

/** Text between quotes: `"…"` anywhere, `'…'` unless it is an apostrophe. An unclosed quote stays. */
function maskQuoted(text: string): string {
  let out = '';
  let done = 0;
  for (const { index, 0: quote } of text.matchAll(/["']/g)) {
    if (index < done || (quote === "'" && /\w/.test(text.charAt(index - 1)))) continue;
    const close = text.indexOf(quote, index + 1);
    if (close < 0) continue;
    out += `${text.slice(done, index)}${quote}<str>${quote}`;
    done = close + 1;
  }
  return out + text.slice(done);
}

/** Replaces a mask while noise is measured: neither readable nor noise, nor the edge of a word. */
const masked = '\0';

/** Characters between words and masks: they say nothing about noise. */
const punctuation = /[\s\0.,:;=()[\]{}"'_/<>-]+/g;

/**
 * A word of one of the usual shapes (`word`, `Word`, `WORD`, `camelCase`) between spaces or punctuation, two letters
 * or more between spaces, or any letters beyond ASCII.
 */
const readableWord =
  /(?<![^\s.,:;=()[\]"'_/$<>-])(?:[a-z]{3,}|[A-Z][a-z]{2,}|[A-Z]{3,}|[A-Za-z]?[a-z]+(?:[A-Z][a-z]+)+)(?![^\s.,:;=()[\]"'_/!?$<>-])|(?<!\S)[A-Za-z]{2,}(?![^\s.,:;])|[^\p{ASCII}\ufffd]+/gu;

/**
 * True when a message is mostly noise, as from a generator of random strings: besides masks and common punctuation it has at
 * least 3 characters, and less than half of them belong to readable words. (It finds 99 % of random printable texts of 10 to
 * 70 characters without spaces.)
 */
function isRandom(pattern: string): boolean {
  const rest = pattern.replace(/<\w+>/g, masked);
  const solid = rest.replace(punctuation, '').length;
  const readable = (rest.match(readableWord) ?? []).reduce((sum, found) => sum + found.length, 0);
  return solid >= 3 && readable < 0.5 * solid;
}

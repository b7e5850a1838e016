import { maskText } from './masking/mask-text';
import { isRandom } from './masking/noise';
import { messagePart } from './message-part';

/**
 * The pattern of an error line: logger and message with each part masked that differs between occurrences
 * (see {@link maskText}).
 *
 * Stateless, so that patterns sum over windows and hosts, and NEW means new; linear in any text.
 * A message that is mostly noise becomes `<random>` (see {@link isRandom}).
 * @param line a whole line as text; the message is found by `messagePart`
 * @returns at most {@link maxPatternLength} UTF-16 units, without control characters
 */
export function maskMessage(line: string): string {
  const { logger, message } = messagePart(oneLine(line));
  const name = maskText(logger);
  const pattern = maskText(message);
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

// eslint-disable-next-line no-control-regex -- colors of terminals begin with this character
const color = /\u001b\[[\d;]{0,20}m/g;

function oneLine(text: string): string {
  return text
    .replace(color, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

import type * as Re2 from 're2js';
import { groupProblem, type LinePattern } from '../lines/formats/custom';

/**
 * Regular expressions of the user's own. They meet every line and key of hostile logs, so RE2 runs them: its time is
 * linear in text and pattern, for all of them. The pattern `^(a+)+$` would stop Node's own engine permanently.
 */

/**
 * Maximum size of a pattern with its repetitions written out. Matching time is linear in that size: the worst pattern of
 * this size needs some 30 ms for the worst line of 4 KiB (measured: `(?:a|b|c){1,90}[abc]{1,59}!` on `aaa…!`).
 */
const maxSteps = 300;

/** Loads RE2 for the first pattern: commands without one start faster. */
function re2(): typeof Re2.RE2JS {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a check of the configuration cannot wait for import()
  return (require('re2js') as typeof Re2).RE2JS;
}

/** @throws RE2JSSyntaxException; unless {@link patternProblem} was asked first */
export function compilePattern(source: string): LinePattern {
  const compiled = re2().compile(source);
  const matcher = compiled.matcher('');
  return {
    groups: new Map(Object.entries(compiled.namedGroups())),
    // Matches bytes: the offsets of groups are then offsets in the line, and invalid UTF-8 needs no special case.
    find: (bytes) => matcher.resetMatcherInput(bytes).find(),
    start: (group) => matcher.start(group),
    end: (group) => matcher.end(group),
  };
}

/** The expectation that a user's pattern fails; null when it is valid. */
export function patternProblem(source: string): string | null {
  let compiled: Re2.RE2JS;
  try {
    compiled = re2().compile(source);
  } catch (error) {
    return `a regular expression: ${whyNot(source, error)}`;
  }
  if (compiled.programSize() > maxSteps)
    return 'a smaller regular expression: * or + instead of counts such as {1,200}';
  return groupProblem(new Set(Object.keys(compiled.namedGroups())));
}

/** The number of groups of a regular expression, null when RE2 does not understand it. */
export function groupCount(source: string): number | null {
  try {
    return re2().compile(source).groupCount();
  } catch {
    return null;
  }
}

/**
 * Finds the first group of a regular expression in a text: null where nothing matches.
 * @throws RE2JSSyntaxException; unless {@link groupCount} was asked first
 */
export function compileFirstGroup(source: string): (text: string) => string | null {
  const compiled = re2().compile(source);
  return (text) => {
    const matcher = compiled.matcher(text);
    return matcher.find() ? matcher.group(1) : null;
  };
}

function whyNot(source: string, error: unknown): string {
  if (/\(\?<?[=!]/.test(source)) return 'look-around such as (?=…) is not supported';
  if (/\\[1-9k]/.test(source)) return 'back-references such as \\1 are not supported';
  return error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error);
}

import { TelltaleError } from './errors';

/**
 * Globs over keys and origins, as in a shell: `*` matches any run of characters except `/`, `?` one of them, `[ab]` and `[a-c]`
 * one of these, `[!ab]` one of all others, and `{a,b}` one of these globs. `**` matches any run, and a folder `**` followed by `/` any
 * number of folders, including none. `\` makes the next character match itself, and all other characters match themselves. `!` before
 * the whole glob matches everything else.
 *
 * The match walks the text once with the set of possible places in the pattern (Thompson's construction), so a hostile
 * key costs at most its length times the pattern's (`hostile-input`).
 */

/**
 * One place in a pattern. `folder` is `**` + `/` at the start of a name; `insideFolder` follows it and matches within a
 * name.
 */
type Step =
  | { readonly kind: 'char'; readonly char: string }
  | {
      readonly kind: 'set';
      readonly ranges: readonly (readonly [from: string, to: string])[];
      readonly others: boolean;
    }
  | { readonly kind: 'one' | 'name' | 'path' | 'folder' | 'insideFolder' };

/** A glob has at most this many choices, all braces multiplied. */
const maxChoices = 256;

/**
 * Compiles a glob into a test that is true when the whole text matches.
 * @throws CONFIG when its braces have more than 256 choices
 */
export function compileGlob(glob: string): (text: string) => boolean {
  if (glob.startsWith('!')) {
    const fits = compileGlob(glob.slice(1));
    return (text) => !fits(text);
  }
  const [first, ...others] = choices(glob).map(compileSteps);
  if (first === undefined || others.length === 0) return first ?? (() => false);
  return (text) => first(text) || others.some((fits) => fits(text));
}

function compileSteps(glob: string): (text: string) => boolean {
  const steps = parse(glob);
  return (text) => {
    let places = new Set<number>();
    enter(steps, places, 0);
    for (const char of text) {
      const next = new Set<number>();
      for (const place of places) follow(steps, next, place, char);
      if (next.size === 0) return false;
      places = next;
    }
    return places.has(steps.length);
  };
}

/** A glob without braces for each choice. Braces without a comma, and those that are not closed, match themselves. */
function choices(glob: string): string[] {
  const done: string[] = [];
  const left = [glob];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    const brace = firstBrace(one);
    if (brace === null) done.push(one);
    else for (const item of brace.items) left.push(brace.before + item + brace.after);
    if (done.length + left.length > maxChoices) {
      throw new TelltaleError(
        'CONFIG',
        `the braces of the glob ${JSON.stringify(glob)} have more than ${maxChoices} choices; use two globs.`,
      );
    }
  }
  return done;
}

function firstBrace(glob: string): { before: string; items: string[]; after: string } | null {
  for (let open = nextOf(glob, 0, '{'); open >= 0; open = nextOf(glob, open + 1, '{')) {
    const commas: number[] = [];
    for (let at = open + 1, depth = 0; at < glob.length; at++) {
      const char = glob.charAt(at);
      if (char === '\\') at++;
      else if (char === '{') depth++;
      else if (char === '}' && depth-- === 0) {
        if (commas.length === 0) break;
        const edges = [open, ...commas, at];
        const items = edges.slice(1).map((edge, i) => glob.slice((edges[i] ?? 0) + 1, edge));
        return { before: glob.slice(0, open), items, after: glob.slice(at + 1) };
      } else if (char === ',' && depth === 0) commas.push(at);
    }
  }
  return null;
}

/** The next place of a character that has no `\` before it; -1 without one. */
function nextOf(glob: string, from: number, wanted: string): number {
  for (let at = from; at < glob.length; at++) {
    if (glob.charAt(at) === '\\') at++;
    else if (glob.charAt(at) === wanted) return at;
  }
  return -1;
}

function parse(glob: string): Step[] {
  const steps: Step[] = [];
  const chars = Array.from(glob);
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    const atNameStart = i === 0 || chars[i - 1] === '/';
    if (char === '?') {
      steps.push({ kind: 'one' });
    } else if (char === '[') {
      const end = setEnd(chars, i);
      steps.push(end < 0 ? { kind: 'char', char } : parseSet(chars.slice(i + 1, end)));
      if (end >= 0) i = end;
    } else if (char === '\\' && i + 1 < chars.length) {
      i += 1;
      steps.push({ kind: 'char', char: chars[i] ?? '' });
    } else if (char !== '*') {
      steps.push({ kind: 'char', char });
    } else if (chars[i + 1] !== '*') {
      steps.push({ kind: 'name' });
    } else if (atNameStart && chars[i + 2] === '/') {
      steps.push({ kind: 'folder' }, { kind: 'insideFolder' });
      i += 2;
    } else {
      steps.push({ kind: 'path' });
      i += 1;
    }
  }
  return steps;
}

/** The closing bracket; the first character of a set may be one itself. -1 when none follows. */
function setEnd(chars: readonly string[], open: number): number {
  const first = chars[open + 1] === '!' || chars[open + 1] === '^' ? open + 2 : open + 1;
  return chars.indexOf(']', first + 1);
}

function parseSet(chars: readonly string[]): Step {
  const others = chars[0] === '!' || chars[0] === '^';
  const members = others ? chars.slice(1) : chars;
  const ranges: [string, string][] = [];
  for (let i = 0; i < members.length; i++) {
    const from = members[i] ?? '';
    const to = members[i + 2];
    if (members[i + 1] !== '-' || to === undefined) ranges.push([from, from]);
    else {
      ranges.push([from, to]);
      i += 2;
    }
  }
  return { kind: 'set', ranges, others };
}

/** Adds a place, and the places after it that are reachable without a character. */
function enter(steps: readonly Step[], places: Set<number>, place: number): void {
  let at = place;
  for (;;) {
    places.add(at);
    const kind = steps[at]?.kind;
    if (kind === 'name' || kind === 'path') at += 1;
    else if (kind === 'folder') at += 2;
    else return;
  }
}

/** Adds the places reachable with one character. */
function follow(steps: readonly Step[], next: Set<number>, place: number, char: string): void {
  const step = steps[place];
  if (step === undefined) return;
  switch (step.kind) {
    case 'char':
      if (char === step.char) enter(steps, next, place + 1);
      return;
    case 'set':
      if (char !== '/' && step.ranges.some(([from, to]) => char >= from && char <= to) !== step.others) {
        enter(steps, next, place + 1);
      }
      return;
    case 'one':
      if (char !== '/') enter(steps, next, place + 1);
      return;
    case 'name':
      if (char !== '/') enter(steps, next, place);
      return;
    case 'path':
      enter(steps, next, place);
      return;
    case 'folder':
      enter(steps, next, char === '/' ? place : place + 1);
      return;
    case 'insideFolder':
      enter(steps, next, char === '/' ? place - 1 : place);
      return;
  }
}

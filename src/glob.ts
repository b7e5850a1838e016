/**
 * Globs over keys and origins: `*` matches any run of characters except `/`, `?` one of them, `**` any run, and a
 * folder `**` followed by `/` any number of folders, including none. All other characters match themselves.
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
  | { readonly kind: 'one' | 'name' | 'path' | 'folder' | 'insideFolder' };

/** Compiles a glob into a test that is true when the whole text matches. */
export function compileGlob(glob: string): (text: string) => boolean {
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

function parse(glob: string): Step[] {
  const steps: Step[] = [];
  const chars = Array.from(glob);
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    const atNameStart = i === 0 || chars[i - 1] === '/';
    if (char === '?') {
      steps.push({ kind: 'one' });
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

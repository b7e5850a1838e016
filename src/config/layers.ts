import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { advise, nearest } from '../nearest';

/**
 * The places that a value can come from, each read into the same form: a list of settings.
 * Checks that each key exists, but not its value.
 */

/** One value for one key, and its place. */
export interface Setting {
  /** `['web', 'port']`; a value inside of a list has a longer path: `['rules', '0', 'threshold']`. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** Where it comes from, briefly: `conf/default.yaml`, a file, `--set`, `TELLTALE_WEB_PORT`. */
  readonly origin: string;
  /** True for a default: no person has set it. */
  readonly isDefault?: boolean;
  /** How an error message names the place of `path` or of a path inside of it, such as `aws.yaml:12: web.port`. */
  readonly subject: (path: readonly PropertyKey[]) => string;
}

/** The settings of one place; a problem is one line for the user. */
export interface Layer {
  readonly settings: readonly Setting[];
  readonly problems: readonly string[];
}

/** The keys that hold a value (`web.port`), and the sections that hold keys (`web`). */
export interface Keys {
  readonly values: ReadonlySet<string>;
  readonly sections: ReadonlySet<string>;
  /** Values that are lists of objects, of which single values can be set. */
  readonly lists: ReadonlySet<string>;
  /** Former names of values, and their names now. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * Settings from the text of a YAML file.
 * @param file how messages name the file
 * @param keys the keys that exist; null for the file that says which exist
 */
export function yamlLayer(file: string, yaml: string, keys: Keys | null): Layer {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const [broken] = document.errors;
  if (broken !== undefined) {
    const why = broken.message === STACK_OVERFLOW ? 'its values are nested too deeply' : broken.message;
    return { settings: [], problems: [`${place(broken.pos[0])}: not YAML: ${why}`] };
  }

  const settings: Setting[] = [];
  const problems: string[] = [];
  const subject = (path: readonly PropertyKey[]): string => `${place(offsetOf(document, path))}: ${path.join('.')}`;

  const walk = (section: object, above: readonly string[]): void => {
    for (const [key, value] of Object.entries(section)) {
      const path = [...above, key];
      const name = path.join('.');
      const isSection = keys === null ? isPlainObject(value) : keys.sections.has(name);
      if (keys !== null && !isSection && !keys.values.has(name)) {
        problems.push(`${subject(path)}: ${noSuchKey(name, keys)}`);
      } else if (!isSection) {
        settings.push({ path, value, origin: file, subject });
      } else if (isPlainObject(value)) {
        walk(value, path);
      } else if (value !== null) {
        problems.push(`${subject(path)}: expected a section with keys of its own`);
      }
    }
  };
  const inside = aliasInItself(document);
  if (inside !== null) {
    return { settings: [], problems: [`${place(inside)}: not YAML: an alias stands inside of its own anchor`] };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // An alias without its anchor, or aliases that make over 100 times as many values of a file.
    if (!(error instanceof ReferenceError)) throw error;
    return { settings: [], problems: [`${file}: not YAML: ${error.message}`] };
  }
  if (isPlainObject(value)) walk(value, []);
  else if (value !== null) problems.push(`${file}: expected keys with their values, such as web.port under web`);
  return { settings, problems };
}

/** The parser reports an overflow of its stack as an error in the file. */
const STACK_OVERFLOW = 'Maximum call stack size exceeded';

/** The place of an alias within the value that it repeats, which would never end; null without one. */
function aliasInItself(document: Document.Parsed): number | null {
  let found: number | null = null;
  visit(document, {
    Alias: (_, alias, above) => {
      const anchored = alias.resolve(document);
      if (!above.some((node) => node === anchored)) return undefined;
      found = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

/** Settings from an object, as a YAML file would have them. @param origin where they come from, in few words */
export function objectLayer(origin: string, values: object): Layer {
  const settings: Setting[] = [];
  const walk = (section: object, above: readonly string[]): void => {
    for (const [key, value] of Object.entries(section) as [string, unknown][]) {
      const path = [...above, key];
      if (isPlainObject(value)) walk(value, path);
      else settings.push({ path, value, origin, subject: (inside) => `${origin}: ${inside.join('.')}` });
    }
  };
  walk(values, []);
  return { settings, problems: [] };
}

/** Where the key at `path`, or its longest existing parent, begins in the file. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (isScalar(pair?.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (isMap(item) || isSeq(item) || isScalar(item)) offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      break;
    }
  }
  return offset;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `TELLTALE_TEST_…` are for the test suite and no keys. */
const environmentPrefix = /^TELLTALE_(?!TEST_)/;

/** `ingest.maxLineBytes` → `TELLTALE_INGEST_MAX_LINE_BYTES`. */
function environmentName(key: string): string {
  const words = key.replace(/[A-Z]/g, (letter) => `_${letter}`).replaceAll('.', '_');
  return `TELLTALE_${words.toUpperCase()}`;
}

/** Settings from `TELLTALE_…` variables. */
export function environmentLayer(env: NodeJS.ProcessEnv, keys: Keys): Layer {
  const keyOf = new Map([...keys.values].map((key) => [environmentName(key), key]));
  const settings: Setting[] = [];
  const problems: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!environmentPrefix.test(name)) continue;
    const key = keyOf.get(name);
    const now = [...keys.renamed].find(([old]) => environmentName(old) === name)?.[1];
    if (now !== undefined) {
      problems.push(`${name}: this key is now called ${environmentName(now)}`);
    } else if (key === undefined) {
      problems.push(`${name}: ${noSuchVariable(name, [...keyOf.keys()], keys)}`);
    } else {
      settings.push({ path: key.split('.'), value, origin: name, subject: () => name });
    }
  }
  return { settings, problems };
}

/** Settings from `--set key.path=value`, in their order. */
export function setLayer(assignments: readonly string[], keys: Keys): Layer {
  const settings: Setting[] = [];
  const problems: string[] = [];
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    const key = equals < 0 ? assignment : assignment.slice(0, equals);
    if (equals < 0) {
      problems.push(`--set ${key}: expected key=value, such as web.port=7878`);
    } else if (keys.sections.has(key)) {
      const inside = [...keys.values].find((name) => name.startsWith(`${key}.`)) ?? '';
      problems.push(`--set ${key}: is a section; set a key in it, such as ${inside}`);
    } else if (keys.values.has(key) || isInList(key, keys)) {
      const value = assignment.slice(equals + 1);
      const subject = (path: readonly PropertyKey[]): string => `--set ${path.join('.')}`;
      settings.push({ path: key.split('.'), value, origin: '--set', subject });
    } else {
      problems.push(`--set ${key}: ${noSuchKey(key, keys)}`);
    }
  }
  return { settings, problems };
}

/** `rules.0.threshold`. Never `rules.0.__proto__`: written into the item, it would vanish without an error. */
function isInList(key: string, { lists }: Keys): boolean {
  const [, list = '', inside = ''] = /^(\w+)\.\d+\.(\w+)$/.exec(key) ?? [];
  return lists.has(list) && inside !== '__proto__';
}

/** Names the key that was meant: a value, or a section, as a whole section may be misspelled. */
function noSuchKey(name: string, keys: Keys): string {
  const now = keys.renamed.get(name) ?? [...keys.renamed].find(([old]) => old.endsWith(`.${name}`))?.[1];
  if (now !== undefined) return `this key is now called ${now}`;
  return `no such key; ${advise(name, [...keys.values, ...keys.sections], seeDefaults)}`;
}

const seeDefaults = 'conf/default.yaml lists the keys';

/** `TELLTALE_RULES_0_WINDOW`: a variable holds a whole list. */
function noSuchVariable(name: string, names: readonly string[], { lists }: Keys): string {
  for (const list of lists) {
    const whole = environmentName(list);
    const [, index, words = ''] = /^_(\d+)_(\w+)$/.exec(name.startsWith(whole) ? name.slice(whole.length) : '') ?? [];
    if (index === undefined) continue;
    const key = words.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    return `a variable sets the whole list, as ${whole}; set one value with --set ${list}.${index}.${key}=…`;
  }
  // The prefix, which all names have, says nothing about which is meant.
  const bare = (variable: string): string => variable.replace(environmentPrefix, '');
  const meant = nearest(bare(name), names.map(bare));
  return `no such key; ${meant === null ? seeDefaults : `did you mean TELLTALE_${meant}?`}`;
}

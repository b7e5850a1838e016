import { existsSync, readFileSync } from 'node:fs';
import { environmentLayer, setLayer, yamlLayer, type Keys, type Layer, type Setting } from './config/layers';
import { nearest } from './nearest';
import { parseJson } from './config/fields';
import { configSchema, ruleKeys, sourceKeys, type Config } from './config/schema';
import { TelltaleError } from './errors';
import { projectFile } from './project-file';

export type { Config };

/** Holds every key with its default. */
const defaultFile = 'conf/default.yaml';

export interface LoadedConfig {
  readonly config: Config;
  /**
   * Where each value comes from: key path (`web.port`, `rules`, `rules.0.threshold`) → `conf/default.yaml`, the file,
   * `--set`, or the environment variable.
   */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * Reads the configuration: `conf/default.yaml` < `file` < environment < `set`. Lists are replaced as a whole; only
 * single values of rules can be set (`rules.0.threshold=10`).
 * @param file a YAML file
 * @param set `key.path=value`; a later one wins
 * @throws TelltaleError CONFIG with all problems, one a line
 */
export function loadConfig(options: { file?: string; set?: readonly string[]; env: NodeJS.ProcessEnv }): LoadedConfig {
  const defaults = yamlLayer(defaultFile, readFileSync(projectFile(defaultFile), 'utf8'), null);
  const keys = keysOf(defaults);
  const layers = [
    defaults,
    ...(options.file === undefined ? [] : [fileLayer(options.file, keys)]),
    environmentLayer(options.env, keys),
    setLayer(options.set ?? [], keys),
  ];
  const settings = effective(layers.flatMap((layer) => layer.settings));
  const { config, problems } = validate(settings, defaults);
  const all = [...layers.flatMap((layer) => layer.problems), ...problems];
  if (config === null || all.length > 0) throw new TelltaleError('CONFIG', all.join('\n'));
  return { config, origins: new Map([...settings].map(([key, setting]) => [key, setting.origin])) };
}

/** The configuration as a person writes it (`60s`, `8MiB`): YAML of it gives the same configuration again. */
export function writtenConfig(config: Config): object {
  return configSchema.encode(config);
}

function keysOf(defaults: Layer): Keys {
  const values = defaults.settings.map(({ path }) => path.join('.'));
  const sections = defaults.settings.flatMap(({ path }) =>
    path.slice(0, -1).map((_, i) => path.slice(0, i + 1).join('.')),
  );
  return { values: new Set(values), sections: new Set(sections) };
}

function fileLayer(file: string, keys: Keys): Layer {
  try {
    return yamlLayer(file, readFileSync(file, 'utf8'), keys);
  } catch {
    const why = existsSync(file) ? 'cannot be read' : 'no such file';
    return { settings: [], problems: [`--config ${file}: ${why}`] };
  }
}

/** The last setting for each key. A whole new list of rules forgets what was set inside of the old one. */
function effective(settings: readonly Setting[]): Map<string, Setting> {
  const last = new Map<string, Setting>();
  for (const setting of settings) {
    const key = setting.path.join('.');
    for (const inside of last.keys()) if (inside.startsWith(`${key}.`)) last.delete(inside);
    last.set(key, setting);
  }
  return last;
}

function validate(
  settings: ReadonlyMap<string, Setting>,
  defaults: Layer,
): { config: Config | null; problems: readonly string[] } {
  const { tree, problems } = assemble(settings, defaults);
  const result = configSchema.safeParse(tree);
  if (result.success) return { config: result.data, problems };
  const subject = (path: readonly PropertyKey[]): string => settingAt(path, settings)?.subject(path) ?? path.join('.');
  const found = result.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [`${subject(issue.path)}: ${issue.message}`];
    // Only rules and sources can hold unknown keys here: the layers refused all others.
    const known = issue.path[0] === 'rules' ? ruleKeys(valueAt(tree, [...issue.path, 'kind'])) : sourceKeys;
    return issue.keys.map((key) => {
      const meant = [...issue.path, nearest(key, known)].join('.');
      return `${subject([...issue.path, key])}: no such key; did you mean ${meant}?`;
    });
  });
  return { config: null, problems: [...problems, ...found] };
}

/** The setting that gave the value at `path`: the one with the longest key that leads there. */
function settingAt(path: readonly PropertyKey[], settings: ReadonlyMap<string, Setting>): Setting | undefined {
  for (let length = path.length; length > 0; length--) {
    const setting = settings.get(path.slice(0, length).join('.'));
    if (setting !== undefined) return setting;
  }
  return undefined;
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inside, key) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, key) : undefined),
    tree,
  );
}

type Tree = Record<string, unknown>;

/** The settings as one tree, not yet validated. */
function assemble(
  settings: ReadonlyMap<string, Setting>,
  defaults: Layer,
): { tree: Tree; problems: readonly string[] } {
  const problems: string[] = [];
  const tree: Tree = {};
  for (const { path, value, subject } of settings.values()) {
    const [first = '', index, key = ''] = path;
    if (first !== 'rules') {
      put(tree, path, path.join('.') === 'ingest.sources' ? readList(value) : value);
    } else if (index === undefined) {
      tree['rules'] = completeRules(value, defaults);
    } else {
      const rule: unknown = Array.isArray(tree['rules']) ? tree['rules'][Number(index)] : undefined;
      if (isTree(rule)) rule[key] = value;
      else problems.push(`${subject(path)}: there is no such rule; the first is rules.0`);
    }
  }
  return { tree, problems };
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [first = '', ...rest] = path;
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const section = tree[first];
  if (isTree(section)) {
    put(section, rest, value);
  } else {
    const added: Tree = {};
    tree[first] = added;
    put(added, rest, value);
  }
}

/**
 * A rule takes the keys that it lacks from the first rule of `conf/default.yaml`: except its name, and the keys of that
 * rule's kind when its own kind is another one.
 */
function completeRules(raw: unknown, defaults: Layer): unknown {
  const rules = readList(raw);
  if (!Array.isArray(rules)) return raw;
  const shipped = defaults.settings.find(({ path }) => path[0] === 'rules')?.value;
  const example: unknown = Array.isArray(shipped) ? shipped[0] : {};
  return rules.map((rule: unknown) => {
    if (!isTree(rule) || !isTree(example)) return rule;
    const keys = new Set(ruleKeys(rule['kind'] ?? example['kind']));
    const defaultsOfKind = Object.fromEntries(Object.entries(example).filter(([key]) => keys.has(key)));
    return { ...defaultsOfKind, name: undefined, ...rule };
  });
}

/** A list of objects comes from the environment and `--set` as JSON. What is none stays as it is. */
function readList(raw: unknown): unknown {
  const list = typeof raw === 'string' ? parseJson(raw) : raw;
  return Array.isArray(list) ? list : raw;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

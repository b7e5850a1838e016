import { readFileSync } from 'node:fs';
import {
  environmentLayer,
  objectLayer,
  setLayer,
  yamlLayer,
  type Keys,
  type Layer,
  type Setting,
} from './config/layers';
import { advise } from './nearest';
import { parseJson } from './config/fields';
import { readSettingsFile } from './config/settings-file';
import { coreKeys, coreSchema, sourceKeys, type Config } from './config/schema';
import { TelltaleError } from './errors';
import { projectFile } from './project-file';
import type { ConfiguredPipeline, ListedPipeline, Settings } from './stream/pipeline';

export type { Config };

/** Holds every key with its default. */
const defaultFile = 'conf/default.yaml';

export interface LoadedConfig {
  readonly config: Config;
  /**
   * Where each value comes from: key path (`web.port`, `rules`, `rules.0.threshold`) → `conf/default.yaml`, the file,
   * `--set`, or the environment variable.
   */
  readonly provenance: ReadonlyMap<string, string>;
}

export interface ConfigSources {
  /** The pipelines whose keys exist. */
  readonly pipelines: readonly ListedPipeline[];
  /** A YAML file. */
  readonly file?: string;
  /** `key.path=value`; a later one wins. */
  readonly set?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Reads the configuration: defaults < `file` < environment < `set`. Lists are replaced as a whole; in a list of a pipeline,
 * such as `rules`, single values can be set, too (`rules.0.threshold=10`).
 * @throws TelltaleError CONFIG with all problems, one per line
 */
export function loadConfig({ pipelines, file, set = [], env }: ConfigSources): LoadedConfig {
  const defaults = defaultsOf(pipelines);
  const keys = keysOf(defaults, pipelines);
  const layers = [
    defaults,
    ...(file === undefined ? [] : [fileLayer(file, keys)]),
    environmentLayer(env, keys),
    setLayer(set, keys),
  ];
  const settings = effective(layers.flatMap((layer) => layer.settings));
  const { config, problems } = validate(settings, pipelines);
  const all = [...layers.flatMap((layer) => layer.problems), ...problems];
  if (config === null || all.length > 0) throw new TelltaleError('CONFIG', all.join('\n'));
  return { config, provenance: new Map([...settings].map(([key, setting]) => [key, setting.origin])) };
}

/** The configuration as a person writes it (`60s`, `8MiB`): YAML of it gives the same configuration again. */
export function writtenConfig({ pipelines, ...core }: Config): object {
  return Object.assign({}, coreSchema.encode(core), ...pipelines.map(({ written }) => written)) as object;
}

/** `conf/default.yaml` without the keys of unlisted pipelines, plus the defaults of pipelines that it does not contain. */
function defaultsOf(pipelines: readonly ListedPipeline[]): Layer {
  const file = yamlLayer(defaultFile, readFileSync(projectFile(defaultFile), 'utf8'), null);
  const known = new Set([...coreKeys, ...pipelines.flatMap(({ config }) => Object.keys(config.defaults))]);
  const settings = file.settings.filter(({ path: [key = ''] }) => known.has(key));
  const inFile = new Set(settings.map(({ path: [key] }) => key));
  const others = pipelines.flatMap(({ name, config }) =>
    objectLayer(`pipeline ${name}`, config.defaults).settings.filter(({ path: [key] }) => !inFile.has(key)),
  );
  return {
    settings: [...settings, ...others].map((setting) => ({ ...setting, isDefault: true })),
    problems: file.problems,
  };
}

/** Former names of keys. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['ingest.tailTimeout', 'ingest.forceFlushAfter'],
  ['ingest.maxReproof', 'ingest.maxReproofBytes'],
]);

function keysOf(defaults: Layer, pipelines: readonly ListedPipeline[]): Keys {
  const values = defaults.settings.map(({ path }) => path.join('.'));
  const sections = defaults.settings.flatMap(({ path }) =>
    path.slice(0, -1).map((_, i) => path.slice(0, i + 1).join('.')),
  );
  const lists = pipelines.flatMap(({ config }) => Object.keys(config.lists ?? {}));
  return { values: new Set(values), sections: new Set(sections), lists: new Set(lists), renamed };
}

function fileLayer(file: string, keys: Keys): Layer {
  const read = readSettingsFile(file);
  if ('problem' in read) return { settings: [], problems: [`--config ${file}: ${read.problem}`] };
  return yamlLayer(file, read.text, keys);
}

/** The last setting for each key. A whole new list of rules removes the settings inside of the old one. */
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
  pipelines: readonly ListedPipeline[],
): { config: Config | null; problems: readonly string[] } {
  const { tree, problems } = assemble(settings, pipelines);
  const core = coreSchema.safeParse(only(coreKeys, tree));
  const configured: ConfiguredPipeline[] = [];
  const issues = core.success ? [] : [...core.error.issues];
  for (const pipeline of pipelines) {
    const read = pipeline.configure(only(Object.keys(pipeline.config.defaults), tree));
    if ('error' in read) issues.push(...read.error.issues);
    else configured.push(read);
  }
  if (core.success && issues.length === 0) return { config: { ...core.data, pipelines: configured }, problems };
  const subject = (path: readonly PropertyKey[]): string => settingAt(path, settings)?.subject(path) ?? path.join('.');
  // In the order of the settings, not of the schemas that found them.
  const order = Object.keys(tree);
  issues.sort((a, b) => order.indexOf(String(a.path[0])) - order.indexOf(String(b.path[0])));
  const found = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [`${subject(issue.path)}: ${issue.message}`];
    // Only items of lists can have unknown keys here: the layers refused all others.
    const item = valueAt(tree, issue.path);
    const settingsOfItem = isTree(item) ? item : {};
    const list = listsOf(pipelines).get(String(issue.path[0]));
    const known = list?.keysOf(settingsOfItem) ?? sourceKeys;
    const keys = known.map((key) => [...issue.path, key].join('.'));
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const reason = list?.explainKey(settingsOfItem, key) ?? null;
      if (reason !== null) return `${subject(path)}: ${reason}`;
      return `${subject(path)}: no such key; ${advise(path.join('.'), keys, `${defaultFile} lists the keys`)}`;
    });
  });
  return { config: null, problems: [...problems, ...found] };
}

function only(keys: readonly string[], tree: Tree): Tree {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(tree, key)).map((key) => [key, tree[key]]));
}

interface List {
  readonly keysOf: (item: Settings) => readonly string[];
  readonly explainKey: (item: Settings, key: string) => string | null;
  /** The first item of the defaults. */
  readonly example: Tree;
}

/** The lists of objects at the top of the configuration, by key. */
function listsOf(pipelines: readonly ListedPipeline[]): ReadonlyMap<string, List> {
  return new Map(
    pipelines.flatMap(({ config: { lists = {}, defaults, explainKey = () => null } }) =>
      Object.entries(lists).map(([key, keysOf]): [string, List] => {
        const items: unknown = defaults[key];
        const example: unknown = Array.isArray(items) ? items[0] : null;
        return [key, { keysOf, explainKey, example: isTree(example) ? example : {} }];
      }),
    ),
  );
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
    (inside, key) =>
      typeof inside === 'object' && inside !== null && Object.hasOwn(inside, key)
        ? Reflect.get(inside, key)
        : undefined,
    tree,
  );
}

type Tree = Record<string, unknown>;

/** The settings as one tree, not yet validated. */
function assemble(
  settings: ReadonlyMap<string, Setting>,
  pipelines: readonly ListedPipeline[],
): { tree: Tree; problems: readonly string[] } {
  const problems: string[] = [];
  const tree: Tree = {};
  const lists = listsOf(pipelines);
  for (const { path, value, subject } of settings.values()) {
    const [first = '', index, key = ''] = path;
    if (!lists.has(first)) {
      put(tree, path, path.join('.') === 'ingest.sources' ? readList(value) : value);
    } else if (index === undefined) {
      const items = readList(value);
      tree[first] = Array.isArray(items) ? items.map((item: unknown) => (isTree(item) ? { ...item } : item)) : value;
    } else {
      const items: unknown = tree[first];
      const item: unknown = Array.isArray(items) ? items[Number(index)] : undefined;
      if (isTree(item)) item[key] = value;
      else problems.push(`${subject(path)}: ${first} has no such item; the first is ${first}.0`);
    }
  }
  for (const [key, list] of lists) {
    const isDefault = settings.get(key)?.isDefault ?? false;
    const items: unknown = tree[key];
    if (!Array.isArray(items)) continue;
    tree[key] = items.map((item: unknown, index) => {
      if (!isTree(item)) return item;
      const isSet = (name: string): boolean => !isDefault || settings.has(`${key}.${index}.${name}`);
      return completeItem(item, isSet, list);
    });
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
 * An item takes the keys that it may have and lacks, except its name, from the example. A default that the item may not
 * have, because a person set another kind, is left out.
 */
function completeItem(item: Tree, isSet: (key: string) => boolean, { keysOf, example }: List): Tree {
  const keys = new Set(keysOf({ ...example, ...item }));
  const defaults = Object.fromEntries(Object.entries(example).filter(([key]) => keys.has(key)));
  const own = Object.fromEntries(Object.entries(item).filter(([key]) => keys.has(key) || isSet(key)));
  return { ...defaults, name: undefined, ...own };
}

/** A list of objects comes from the environment and `--set` as JSON. Any other value stays as it is. */
function readList(raw: unknown): unknown {
  const list = typeof raw === 'string' ? parseJson(raw) : raw;
  return Array.isArray(list) ? list : raw;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

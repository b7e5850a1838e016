import { stringify } from 'yaml';
import { writtenConfig, type LoadedConfig } from '../config';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';

/**
 * Prints the effective configuration and where each value comes from: YAML that can be used as a file again, or one
 * object `{"config": {…}, "provenance": {"web.port": "--set", …}}`.
 * @returns the exit code
 */
export function runConfig({ config, provenance }: LoadedConfig, options: { json: boolean }, io: Io): Promise<number> {
  const written = writtenConfig(config);
  const lines = options.json
    ? [JSON.stringify({ config: written, provenance: Object.fromEntries(provenance) })]
    : yamlLines(written, provenance, []);
  io.out.write(`${lines.map(escapeControls).join('\n')}\n`);
  return Promise.resolve(0);
}

/** Comments begin in this column where the value leaves room. */
const commentColumn = 48;

function yamlLines(section: object, provenance: LoadedConfig['provenance'], above: readonly string[]): string[] {
  return Object.entries(section).flatMap(([key, value]: [string, unknown]) => {
    const path = [...above, key];
    const indent = '  '.repeat(above.length);
    const indented = `${indent}${key}:`;
    const origin = provenance.get(path.join('.'));
    if (origin === undefined && isSection(value)) return [indented, ...yamlLines(value, provenance, path)];
    const comment = [origin ?? '', ...provenanceInside(path.join('.'), provenance)].join('; ');
    const commented = (line: string): string => `${line.padEnd(commentColumn)} # ${comment}`;
    if (!isListOfObjects(value)) return [commented(`${indented} ${inOneLine(value)}`)];
    const items = value.flatMap((item) => listItem(item).map((line) => `${indent}  ${line}`));
    return [commented(indented), ...items];
  });
}

/** An item of a list as a block: one line per key. */
function listItem(item: object): string[] {
  return Object.entries(item).map(([key, value]: [string, unknown], index) => {
    return `${index === 0 ? '- ' : '  '}${inOneLine(key)}: ${inOneLine(value)}`;
  });
}

function inOneLine(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim();
}

/** `rules` comes from one place; single values of its rules may come from others. */
function provenanceInside(key: string, provenance: LoadedConfig['provenance']): string[] {
  return [...provenance]
    .filter(([inside]) => inside.startsWith(`${key}.`))
    .map(([inside, origin]) => `${inside}: ${origin}`);
}

function isListOfObjects(value: unknown): value is readonly object[] {
  return Array.isArray(value) && value.length > 0 && value.every(isSection);
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

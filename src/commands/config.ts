import { stringify } from 'yaml';
import { partsToRun } from '../apps/parts';
import { writtenConfig, type LoadedConfig } from '../config';
import type { Io } from '../io';

/**
 * Prints the effective configuration and where each value comes from: YAML that can be used as a file again, or one
 * object `{"config": {…}, "provenance": {"web.port": "--set", …}}`.
 * @returns the exit code
 * @throws CONFIG when `consumer.run` names a job or delivery that does not exist
 */
export function runConfig({ config, provenance }: LoadedConfig, options: { json: boolean }, io: Io): Promise<number> {
  // Refuses a name in `consumer.run` that does not exist.
  partsToRun(config);
  const written = writtenConfig(config);
  const lines = options.json
    ? [JSON.stringify({ config: written, provenance: Object.fromEntries(provenance) })]
    : yamlLines(written, provenance, []);
  io.out.write(`${lines.join('\n')}\n`);
  return Promise.resolve(0);
}

/** Comments begin here where the value leaves room. */
const commentColumn = 48;

function yamlLines(section: object, provenance: LoadedConfig['provenance'], above: readonly string[]): string[] {
  return Object.entries(section).flatMap(([key, value]: [string, unknown]) => {
    const path = [...above, key];
    const indented = `${'  '.repeat(above.length)}${key}:`;
    const origin = provenance.get(path.join('.'));
    if (origin === undefined && isSection(value)) return [indented, ...yamlLines(value, provenance, path)];
    const inOneLine = stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim();
    const comment = [origin ?? '', ...provenanceInside(path.join('.'), provenance)].join('; ');
    return [`${`${indented} ${inOneLine}`.padEnd(commentColumn)} # ${comment}`];
  });
}

/** `rules` comes from one place; single values of its rules may come from others. */
function provenanceInside(key: string, provenance: LoadedConfig['provenance']): string[] {
  return [...provenance]
    .filter(([inside]) => inside.startsWith(`${key}.`))
    .map(([inside, origin]) => `${inside}: ${origin}`);
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

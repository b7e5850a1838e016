import { stringify } from 'yaml';
import { writtenConfig, type LoadedConfig } from '../config';
import type { Io } from '../io';

/**
 * Prints the effective configuration and where each value comes from: YAML that can be used as a file again, or one
 * object `{"config": {…}, "origins": {"web.port": "--set", …}}`.
 * @returns the exit code
 */
export function runConfig({ config, origins }: LoadedConfig, options: { json: boolean }, io: Io): Promise<number> {
  const written = writtenConfig(config);
  const lines = options.json
    ? [JSON.stringify({ config: written, origins: Object.fromEntries(origins) })]
    : yamlLines(written, origins, []);
  io.out.write(`${lines.join('\n')}\n`);
  return Promise.resolve(0);
}

/** Comments begin here where the value leaves room. */
const commentColumn = 48;

function yamlLines(section: object, origins: LoadedConfig['origins'], above: readonly string[]): string[] {
  return Object.entries(section).flatMap(([key, value]: [string, unknown]) => {
    const path = [...above, key];
    const indented = `${'  '.repeat(above.length)}${key}:`;
    const origin = origins.get(path.join('.'));
    if (origin === undefined && isSection(value)) return [indented, ...yamlLines(value, origins, path)];
    const inOneLine = stringify(value, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim();
    const comment = [origin ?? '', ...originsInside(path.join('.'), origins)].join('; ');
    return [`${`${indented} ${inOneLine}`.padEnd(commentColumn)} # ${comment}`];
  });
}

/** `rules` comes from one place; single values of its rules may come from others. */
function originsInside(key: string, origins: LoadedConfig['origins']): string[] {
  return [...origins]
    .filter(([inside]) => inside.startsWith(`${key}.`))
    .map(([inside, origin]) => `${inside}: ${origin}`);
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { Config } from '../config';
import { compileGlob } from '../glob';
import type { Io } from '../io';

/**
 * Warns of entries of `ingest.sources` that match none of the files that `replay` or `local --once` reads. Keys are shorter
 * there than in the bucket, so a glob for the bucket may match nothing.
 */
export function warnOfUnusedKeys(config: Config, keys: readonly string[], io: Io): void {
  for (const [index, { keys: glob }] of config.ingest.sources.entries()) {
    if (keys.some(compileGlob(glob))) continue;
    const example = keys.length === 0 ? '' : `, such as ${JSON.stringify(keys[0])}`;
    const advice = glob.startsWith('**/') ? '' : '; let it begin with **/';
    io.log.warn(
      `ingest.sources.${index}.keys fits none of the files: here a key is <folder>/<file>${example}${advice}`,
      { keys: glob },
    );
  }
}

/** As in conf/default.yaml: the user did not set it. */
export const DEFAULT_EXCLUDE: readonly string[] = [
  '**/.*',
  '**/*~',
  '**/*.swp',
  '**/*.tmp',
  '**/*.part',
  '**/*.bak',
  '**/*.old',
  '**/*.log.?',
  '**/*.log.1?',
  '**/*.log.2?',
  '**/*.log.3?',
  '**/*.log.?.*',
  '**/*.log.1?.*',
  '**/*.log.2?.*',
  '**/*.log.3?.*',
];

/**
 * Warns of settings that select objects, origins or jobs: `replay` and `local --once` ignore them, so that all files
 * that a person names are read and counted.
 */
export function warnOfIgnoredSettings({ ingest, consumer }: Config, io: Io): void {
  const { include, exclude, since, origin } = ingest;
  const isSet = {
    'ingest.include': include.length !== 1 || include[0] !== '**',
    'ingest.exclude': exclude.join() !== DEFAULT_EXCLUDE.join(),
    'ingest.since': since !== 'everything',
    'ingest.origin': origin !== null,
    'consumer.run': consumer.run !== null,
  };
  const keys = Object.entries(isSet).flatMap(([key, set]) => (set ? [key] : []));
  if (keys.length === 0) return;
  io.log.warn(
    `${keys.join(', ')} ignored: here all given files are read, the folder of a file is its origin, and all jobs run`,
    { keys },
  );
}

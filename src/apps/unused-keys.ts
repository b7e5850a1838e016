import type { Config } from '../config';
import { compileGlob } from '../glob';
import type { Io } from '../io';

/**
 * Warns of entries of `ingest.sources` that match none of the files that `replay` or `local --once` reads: their keys
 * are shorter than in the bucket, so that a glob for the bucket may match nothing.
 */
export function warnOfUnusedKeys(config: Config, keys: readonly string[], io: Io): void {
  for (const [index, { keys: glob }] of config.ingest.sources.entries()) {
    if (keys.some(compileGlob(glob))) continue;
    const example = keys.length === 0 ? '' : `, such as ${JSON.stringify(keys[0])}`;
    io.log.warn(
      `ingest.sources.${index}.keys fits none of the files: here a key is <folder>/<file>${example}; let it begin with **/`,
      { keys: glob },
    );
  }
}

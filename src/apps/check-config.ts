import type { Config } from '../config';
import { isTelltaleError, TelltaleError } from '../errors';
import { kafkaRegion } from './kafka-region';
import { partsToRun } from './parts';
import { lineTopicsOf } from './topics';

/** Checks that need more than the value of one key. Each throws CONFIG. */
const checks: readonly ((config: Config) => unknown)[] = [lineTopicsOf, (config) => partsToRun(config), kafkaRegion];

/**
 * Checks whether names in the configuration exist. Every command does so before it runs. So does `telltale config`, which
 * therefore accepts exactly what the programs accept.
 * @throws CONFIG with all problems, one per line
 */
export function checkConfig(config: Config): void {
  const problems = checks.flatMap((check) => {
    try {
      check(config);
      return [];
    } catch (error) {
      if (isTelltaleError(error, 'CONFIG')) return [error.message];
      throw error;
    }
  });
  if (problems.length > 0) throw new TelltaleError('CONFIG', problems.join('\n'));
}

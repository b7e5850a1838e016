import type { Config } from '../config';
import { TelltaleError } from '../errors';
import { advise } from '../nearest';
import type { Parts, Site } from '../stream/pipeline';
import { siteOf } from './jobs';

/** The parts of all pipelines. */
export function partsOf(config: Config, mode: Site['mode'] = 'live'): Parts {
  const all = config.pipelines.map((pipeline) => pipeline.parts(siteOf(config, mode)));
  return {
    jobs: all.flatMap(({ jobs }) => jobs),
    deliveries: all.flatMap(({ deliveries }) => deliveries),
    views: all.flatMap(({ views }) => views),
    results: all.flatMap(({ results }) => results),
  };
}

/**
 * The jobs and deliveries that `consumer.run` names.
 * @throws CONFIG when it names one that does not exist
 */
export function partsToRun(config: Config, mode: Site['mode'] = 'live'): Pick<Parts, 'jobs' | 'deliveries'> {
  const { jobs, deliveries } = partsOf(config, mode);
  const { run } = config.consumer;
  if (run === null) return { jobs, deliveries };
  const names = [...jobs, ...deliveries].map(({ name }) => name);
  const unknown = run.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const problem = `there is no job or delivery ${JSON.stringify(unknown)}; ${advise(unknown, names, `there are ${names.join(', ')}`)}`;
    throw new TelltaleError('CONFIG', `consumer.run: ${problem}`);
  }
  return {
    jobs: jobs.filter(({ name }) => run.includes(name)),
    deliveries: deliveries.filter(({ name }) => run.includes(name)),
  };
}

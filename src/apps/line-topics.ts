import type { Config } from '../config';
import { DEFAULT_TOPIC } from '../ingestion/checkpoint';
import { TelltaleError } from '../errors';
import { nearest } from '../nearest';
import type { Job } from '../stream/job';
import { countingJob } from './jobs';

/**
 * The topics that lines may go to: what pipelines read and no job writes.
 * @throws CONFIG when a source's topic is not one of them
 */
export function lineTopicsOf(config: Config): readonly string[] {
  const topics = inputsOf([countingJob(config)]);
  config.ingest.sources.forEach(({ topic }, index) => {
    if (topic === null || topics.includes(topic)) return;
    const problem = `no pipeline reads the topic ${JSON.stringify(topic)}; did you mean ${nearest(topic, topics)}?`;
    throw new TelltaleError('CONFIG', `ingest.sources.${index}.topic: ${problem}`);
  });
  return topics;
}

function inputsOf(jobs: readonly Job[]): readonly string[] {
  const outputs = new Set(jobs.flatMap((job) => job.outputs.map(({ name }) => name)));
  const inputs = jobs.flatMap((job) => job.inputs.map(({ topic }) => topic));
  return [...new Set([DEFAULT_TOPIC, ...inputs])].filter((topic) => !outputs.has(topic));
}

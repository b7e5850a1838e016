import type { Config } from '../config';
import { DEFAULT_TOPIC } from '../ingestion/checkpoint';
import { TelltaleError } from '../errors';
import { advise } from '../nearest';
import { coreTopics, lineTopic, PROGRESS, type TopicSpec } from '../stream/topics';
import { partsOf } from './parts';

/** A record batch has a head before its records. */
const BATCH_HEAD_BYTES = 61;

/** Every topic that the programs make, check and read. */
export function topicsOf(config: Config): readonly TopicSpec[] {
  const { partitions, retention } = config.eventLog;
  const largestBatch = { bytes: config.ingest.batchBytes + BATCH_HEAD_BYTES, setting: 'ingest.batchBytes' };
  return [
    ...lineTopicsOf(config).map((name) => lineTopic(name, partitions, retention, largestBatch)),
    ...coreTopics(partitions, retention),
    ...partsOf(config).jobs.flatMap(({ outputs }) => outputs),
  ];
}

/**
 * The topics that lines may go to: what pipelines read and no job writes.
 * @throws CONFIG when a source's topic is not one of them
 */
export function lineTopicsOf(config: Config): readonly string[] {
  const { jobs } = partsOf(config);
  const outputs = new Set(jobs.flatMap((job) => job.outputs.map(({ name }) => name)));
  const inputs = jobs.flatMap((job) => job.inputs.map(({ topic }) => topic));
  const topics = [...new Set([DEFAULT_TOPIC, ...inputs])].filter((topic) => topic !== PROGRESS && !outputs.has(topic));
  config.ingest.sources.forEach(({ topic }, index) => {
    if (topic === null || topics.includes(topic)) return;
    const problem = `no pipeline reads the topic ${JSON.stringify(topic)}; ${advise(topic, topics, `the topics are ${topics.join(', ')}`)}`;
    throw new TelltaleError('CONFIG', `ingest.sources.${index}.topic: ${problem}`);
  });
  return topics;
}

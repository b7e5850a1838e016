import type { Config } from '../config';
import { pipelines } from '../pipelines';
import type { Parts, Site } from '../stream/pipeline';
import { siteOf } from './jobs';

/** The jobs and deliveries of all pipelines. */
export function partsOf(config: Config, mode: Site['mode'] = 'live'): Parts {
  const all = pipelines.map((pipeline) => pipeline.parts(config, siteOf(config, mode)));
  return { jobs: all.flatMap(({ jobs }) => jobs), deliveries: all.flatMap(({ deliveries }) => deliveries) };
}

import type { ListedPipeline } from '../stream/pipeline';
import { levelAlerts } from './level-alerts';

/** Every pipeline that runs. A new one is a folder beside this file and one line here: see docs/write-a-pipeline.md. */
export const pipelines: readonly ListedPipeline[] = [levelAlerts];

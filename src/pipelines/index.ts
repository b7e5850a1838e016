import { levelAlerts } from './level-alerts';

/** Every pipeline that runs. A new one is a folder beside this file and one line here. */
export const pipelines = [levelAlerts] as const;

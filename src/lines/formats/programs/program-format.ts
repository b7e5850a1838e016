import type { LineFormat } from '../format';

/** The format of a single program, with lines that tests read, and their level and time. */
export interface ProgramFormat extends LineFormat {
  readonly samples: readonly (readonly [line: string, level: string, time: string])[];
}

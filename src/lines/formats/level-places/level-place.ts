import type { Level } from '../../line-batch';

/** Where programs put the level that no general rule finds: places after the timestamp, each of one program. */
export interface LevelPlace {
  readonly name: string;
  /** The first bytes after the timestamp and spaces. */
  readonly firstBytes: string;
  /** Notation of the timestamp, where only one is meant. */
  readonly form?: string;
  /** The level; NONE when the program writes no level here, undefined when the line is another program's. */
  readonly read: (bytes: Buffer, pos: number, end: number) => Level | undefined;
  readonly samples: readonly (readonly [line: string, level: string])[];
}

import type { Level } from '../line-batch';

/**
 * Lines of programs that write a level but no timestamp. They are records as long as their source has shown no
 * timestamp: afterwards, such a line belongs to a record above it (`error: 0` in a stack trace).
 */
export interface UnstampedForm {
  readonly name: string;
  /** The level of the line in bytes [start, end); undefined when it has another form. */
  readonly read: (bytes: Buffer, start: number, end: number) => Level | undefined;
  readonly samples: readonly (readonly [line: string, level: string])[];
}

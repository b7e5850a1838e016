/**
 * A signal says that an object may have arrived (`signals-are-hints`): it may be repeated, late, out of order or lost.
 */
export interface Signal {
  readonly v: 1;
  readonly bucket: string;
  /** Decoded, as S3 stores it. */
  readonly key: string;
  readonly versionId?: string;
  /** Hexadecimal; orders the events of one key only. */
  readonly sequencer?: string;
  /** Start a new generation of the source, even if the object has not changed. Only a person requests it, never an event of S3. */
  readonly reingest?: Reingest;
}

/** `mark`: lines that were counted before are marked `again=1` and not counted. `count`: they are counted again. */
export const reingestModes = ['mark', 'count'] as const;
export type Reingest = (typeof reingestModes)[number];

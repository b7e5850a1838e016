/** A signal says that objects may have arrived (`signals-are-hints`): it may be repeated, late, out of order or lost. */
export type Signal = ObjectSignal | BatchSignal | ListSignal;

/** About one object. People send it, and earlier versions of the Lambda function. */
export interface ObjectSignal {
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

/** About several objects of a bucket: one command of SSM for many events. */
export interface BatchSignal {
  readonly v: 2;
  readonly bucket: string;
  /** At least one; decoded, as S3 stores them. */
  readonly keys: readonly string[];
}

/** About more objects than a command can name: list the bucket now. */
export interface ListSignal {
  readonly v: 2;
  readonly bucket: string;
  readonly list: true;
}

/** `mark`: lines that were counted before are marked `again=1` and not counted. `count`: they are counted again. */
export const reingestModes = ['mark', 'count'] as const;
export type Reingest = (typeof reingestModes)[number];

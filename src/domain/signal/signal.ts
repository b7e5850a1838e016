/** A signal is a hint that an object has arrived: it may be repeated, late, out of order or lost. */
export interface Signal {
  readonly v: 1;
  readonly bucket: string;
  /** Decoded, as S3 stores it. */
  readonly key: string;
  readonly versionId?: string;
  /** Hexadecimal; orders the events of one key only. */
  readonly sequencer?: string;
}

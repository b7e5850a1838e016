export interface DecompressionLimits {
  /** Maximum ratio of content to compressed bytes. Deflate itself reaches 1,032. */
  readonly maxRatio: number;
}

/** Content up to this size is never treated as a bomb. */
export const RATIO_HOLDS_FROM = 16 * 1024 * 1024;

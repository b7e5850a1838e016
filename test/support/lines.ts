import { Level, type LineBatch } from '../../src/lines/line-batch';

export interface Line {
  readonly time: number;
  readonly level?: Level;
  readonly flags?: number;
  readonly text?: string | Buffer;
  /** By default 100 bytes after the line before. */
  readonly offset?: number;
}

export interface Of {
  readonly source?: string;
  readonly origin?: string;
  readonly generation?: number;
}

/** A batch of lines; the level is INFO unless given. */
export function linesOf(
  lines: readonly Line[],
  { source = 'b/web-1/a.log', origin = 'web-1', generation = 0 }: Of = {},
): LineBatch {
  const texts = lines.map(({ text = 'a line' }) => Buffer.from(text));
  const ends = texts.map((_, i) => Buffer.concat(texts.slice(0, i + 1)).length);
  return {
    source,
    origin,
    generation,
    count: lines.length,
    bytes: Buffer.concat(texts),
    starts: Uint32Array.from([0, ...ends.slice(0, -1)]),
    ends: Uint32Array.from(ends),
    offsets: Float64Array.from(lines, ({ offset }, i) => offset ?? i * 100),
    times: Float64Array.from(lines, ({ time }) => time),
    levels: Uint8Array.from(lines, ({ level }) => level ?? Level.INFO),
    flags: Uint8Array.from(lines, ({ flags }) => flags ?? 0),
    lengths: new Map(),
  };
}

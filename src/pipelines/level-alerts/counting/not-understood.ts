import { truncate } from '../../../html/escape';
import { lineAt, type LineBatch } from '../../../lines/line-batch';
import { lineText } from './line-text';
import type { NotUnderstood } from './window-record';

/** A source of which lines were not understood, in one window. */
export interface UnparsedSource {
  readonly source: string;
  /** Place and text of the first one. */
  readonly generation: number;
  readonly offset: number;
  readonly text: string;
  unparsed: number;
}

/** How many sources a window names: the lowest by name. One that gave way to a lower one never returns. */
const maxSources = 3;

/** In UTF-16 units. */
const maxTextLength = 240;

/** Counts line `i`, which was not understood, as such, when there is room for its source. */
export function countUnparsed(sources: UnparsedSource[], lines: LineBatch, i: number): void {
  const { source, generation } = lines;
  const known = sources.find((one) => one.source === source);
  if (known !== undefined) {
    known.unparsed++;
    return;
  }
  const last = sources[maxSources - 1];
  if (last !== undefined && last.source < source) return;
  const text = truncate(lineText(lineAt(lines, i)), maxTextLength);
  const at = sources.findIndex((one) => source < one.source);
  sources.splice(at < 0 ? sources.length : at, 0, {
    ...{ source, generation, offset: lines.offsets[i] ?? 0, text },
    unparsed: 1,
  });
  sources.length = Math.min(sources.length, maxSources);
}

export function toNotUnderstood({ source, generation, offset, text, unparsed }: UnparsedSource): NotUnderstood {
  return { source, at: `${generation}:${offset}`, text, unparsed };
}

export function fromNotUnderstood({ source, at, text, unparsed }: NotUnderstood): UnparsedSource {
  const [generation, offset] = at.split(':').map(Number);
  return { source, generation: generation ?? 0, offset: offset ?? 0, text, unparsed };
}

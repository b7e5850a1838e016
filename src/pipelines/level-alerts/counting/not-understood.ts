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
  /** Lines of the source from that one on. */
  lines: number;
  unparsed: number;
}

/** How many sources a window names: the lowest by name. One that gave way to a lower one never returns. */
const maxSources = 3;

/** In UTF-16 units. */
const maxTextLength = 240;

/** The entry of a source; null when the window names it not. */
export function unparsedSource(sources: readonly UnparsedSource[], source: string): UnparsedSource | null {
  return sources.find((known) => known.source === source) ?? null;
}

/** Counts line `i`, which was not understood, as such. @returns the entry of its source; null when there is no room for it */
export function countUnparsed(sources: UnparsedSource[], lines: LineBatch, i: number): UnparsedSource | null {
  let entry = unparsedSource(sources, lines.source);
  if (entry === null) {
    const last = sources[maxSources - 1];
    if (last !== undefined && last.source < lines.source) return null;
    const { source, generation } = lines;
    const text = truncate(lineText(lineAt(lines, i)), maxTextLength);
    entry = { source, generation, offset: lines.offsets[i] ?? 0, text, lines: 0, unparsed: 0 };
    const at = sources.findIndex((known) => source < known.source);
    sources.splice(at < 0 ? sources.length : at, 0, entry);
    sources.length = Math.min(sources.length, maxSources);
  }
  entry.unparsed++;
  return entry;
}

export function toNotUnderstood({ source, generation, offset, text, lines, unparsed }: UnparsedSource): NotUnderstood {
  return { source, at: `${generation}:${offset}`, text, lines, unparsed };
}

export function fromNotUnderstood({ source, at, text, lines, unparsed }: NotUnderstood): UnparsedSource {
  const [generation, offset] = at.split(':').map(Number);
  return { source, generation: generation ?? 0, offset: offset ?? 0, text, lines, unparsed };
}

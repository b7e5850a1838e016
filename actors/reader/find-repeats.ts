import type { Checkpoint } from '../../src/ingestion/checkpoint';
import { resumptionOf } from '../../src/ingestion/plan';
import { knownEntries, RepeatFinder } from '../../src/lines/repeats/repeat-finder';
import type { SketchBlock } from '../../src/lines/repeats/sketch';
import { createScanner, type ScannedBatch } from '../../src/lines/scanner';
import { piecesOf, type ContentSlot } from './content';
import type { Operation } from './operation';
import { contextOf, type ScanTools } from './scan';

/** The content to be searched for lines that were read before. */
export interface Search {
  readonly checkpoint: Checkpoint;
  /** From `resumptionOf(checkpoint).from` on. */
  readonly chunks: AsyncIterable<Buffer>;
  /** An unterminated last line counts, too. */
  readonly flush: boolean;
  /** Keep the content, and leave it open. */
  readonly keep: boolean;
}

export interface SearchTools extends Pick<ScanTools, 'key' | 'scan'> {
  /** Reads the blocks of a source's sketch. */
  readonly sketchOf: (checkpoint: Checkpoint) => Promise<readonly SketchBlock[]>;
}

/**
 * Reads the lines that `scanLines` would read, and finds the repeats among them. Reads the sketch only when a line may be a
 * repeat: after most rotations, none may.
 */
export function findRepeats(
  { checkpoint, chunks, flush, keep }: Search,
  slot: ContentSlot,
  tools: SearchTools,
): Operation {
  const { format } = checkpoint;
  const resumption = resumptionOf(checkpoint);
  const scanner = createScanner(contextOf(checkpoint, tools), { ...resumption, reading: format });
  const finder = new RepeatFinder(format.sketch, format.earlierNewest ?? Number.NEGATIVE_INFINITY);
  const iterator = chunks[Symbol.asyncIterator]();
  const kept: Buffer[] = [];
  let position = resumption.from;
  let missing = 0;
  let hasLearned = false;

  const add = async ({ batch, reading }: ScannedBatch): Promise<void> => {
    // The day of a time without a date is not yet certain here.
    if (!hasLearned && (reading.day !== null || finder.mayHaveRepeats(batch))) {
      const entries = knownEntries(format.sketch, await tools.sketchOf(checkpoint));
      finder.learn(entries.known);
      ({ missing } = entries);
      hasLearned = true;
    }
    finder.add(batch);
  };
  return {
    next: async () => {
      const chunk = await iterator.next();
      if (chunk.done !== true) {
        const { value } = chunk;
        if (keep) kept.push(value);
        const fresh = value.subarray(Math.min(value.length, Math.max(0, resumption.scanFrom - position)));
        position += value.length;
        for (const scanned of scanner.push(fresh)) await add(scanned);
        return 'unfinished';
      }
      if (flush) for (const scanned of scanner.finish()) await add(scanned);
      if (keep) slot.put(piecesOf(kept));
      const repeats = hasLearned ? finder.finish() : null;
      return { event: { type: 'repeatsFound', repeats, missing }, scanned: null };
    },
    close: async () => {
      await iterator.return?.();
    },
  };
}

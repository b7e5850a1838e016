import { decodeBlock, sourceOfBlock } from '../src/lines/repeats/sketch-record';
import { NewestBlocks, type SketchBlock } from '../src/lines/repeats/sketch';
import type { Checkpoint } from '../src/ingestion/checkpoint';
import { partitionOf } from '../src/ingestion/origin';
import type { SourceId } from '../src/ingestion/source-id';
import type { EventLog } from '../src/ports/event-log';
import type { DecodedRecord } from '../src/records/record-batch';
import { readLatest } from './read-latest';

/** Reads the committed blocks of a source's sketch. */
export type ReadSketch = (checkpoint: Pick<Checkpoint, 'source' | 'origin'>) => Promise<readonly SketchBlock[]>;

/** A reading of one partition for several sources. */
interface Scan {
  readonly sources: Map<SourceId, NewestBlocks>;
  readonly done: Promise<void>;
}

/**
 * Reads sketches from topic `sketches`. There is no index: a partition is read from its beginning, once for all sources that
 * wait for it. Only a source that repeats lines needs that, and the topic is compacted.
 */
export function createSketchReader(log: EventLog, partitions: number): ReadSketch {
  const last = new Map<number, Promise<void>>();
  const waiting = new Map<number, Scan>();

  function nextScan(partition: number): Scan {
    const known = waiting.get(partition);
    if (known !== undefined) return known;
    const sources: Scan['sources'] = new Map();
    const before = last.get(partition) ?? Promise.resolve();
    const start = (): Promise<void> => {
      waiting.delete(partition);
      return readBlocks(log, partition, sources);
    };
    const done = before.then(start, start);
    const scan = { sources, done };
    waiting.set(partition, scan);
    last.set(partition, done);
    return scan;
  }

  return async ({ source, origin }) => {
    const { sources, done } = nextScan(partitionOf(origin, partitions));
    const blocks = new NewestBlocks();
    sources.set(source, blocks);
    await done;
    return blocks.all;
  };
}

async function readBlocks(log: EventLog, partition: number, sources: Scan['sources']): Promise<void> {
  const onRecord = ({ key, value }: DecodedRecord): void => {
    const blocks = key === null ? undefined : sources.get(sourceOfBlock(key));
    if (key === null || blocks === undefined) return;
    const block = decodeBlock(key, value);
    if (block !== null) blocks.add(block);
    // The source was removed: its numbers begin again.
    else if (value === null) blocks.clear();
  };
  // A block that is damaged is one that is missing: the sketch itself finds that out.
  await readLatest(log, { topic: 'sketches', partition, from: 0 }, onRecord, () => undefined);
}

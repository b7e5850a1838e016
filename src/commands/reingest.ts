import { existsSync } from 'node:fs';
import { sendSignal } from '../adapters/embedded/signal-client';
import { producerAt } from '../adapters/embedded/signal-socket-path';
import { objectsToRead, openEventLog, openStore } from '../apps/compose';
import { findDataFolder } from '../apps/data-folder';
import { latestCheckpoints } from '../apps/latest-checkpoints';
import { noSuchSource } from '../apps/no-such-source';
import type { Config } from '../config';
import { encodeSignal } from '../ingestion/signal/encoding';
import { splitSourceId, type SourceId } from '../ingestion/source-id';
import { TelltaleError } from '../errors';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { namedSource } from './named-source';

export interface ReingestOptions {
  /** As {@link namedSource} takes it. */
  readonly source: string;
  /** Count lines again that were counted before; else they are marked `again=1`, and not counted. */
  readonly count: boolean;
  readonly json: boolean;
}

/**
 * `telltale reingest`: has the running producer read a source from its first byte, as a new generation.
 * @throws TelltaleError BAD_SIGNAL when this cannot be the name of a source, OBJECT_NOT_FOUND when there is no such source,
 *   or its object was deleted, and as `sendSignal`
 */
export async function runReingest(config: Config, { source, count, json }: ReingestOptions, io: Io): Promise<number> {
  const name = namedSource(source, config.objectStore.bucket);
  const reingest = count ? 'count' : 'mark';
  const payload = encodeSignal(
    { v: 1, ...splitSourceId(name), reingest },
    `${JSON.stringify(name)} cannot be a source`,
  );
  // Without a producer, sending the signal fails with the reason.
  const producer = producerAt(config.dataDir, config.producer.socket);
  if (existsSync(producer.socket)) await refuseWhatIsNotThere(config, name, io);
  await sendSignal(producer, payload);
  const line = json ? JSON.stringify({ type: 'reingest', source: name, reingest }) : sentence(name, count);
  io.out.write(`${escapeControls(line)}\n`);
  return 0;
}

/** The producer accepts any key that it might read later; a person must name a source that exists. */
async function refuseWhatIsNotThere(config: Config, source: SourceId, io: Io): Promise<void> {
  const { bucket, key } = splitSourceId(source);
  const { bucket: read, includes } = objectsToRead(config);
  // The producer refuses it, and knows why.
  if (bucket !== read || !includes(key)) return;
  const data = findDataFolder(config);
  const { store } = await openStore(config, data, io);
  if ((await store.head(bucket, key)) !== null) return;
  const log = await openEventLog(config, data);
  try {
    const known = await latestCheckpoints(log, config.eventLog.partitions, () => null);
    if (!known.has(source)) throw noSuchSource(source, [...known.keys()]);
    const message = `the object of the source ${JSON.stringify(source)} was deleted: there is nothing to read again`;
    throw new TelltaleError('OBJECT_NOT_FOUND', message);
  } finally {
    await log.close();
  }
}

function sentence(source: string, count: boolean): string {
  const lines = count ? 'counted again' : 'not counted again';
  return `the producer reads ${JSON.stringify(source)} from its beginning; lines that it knows are ${lines}`;
}

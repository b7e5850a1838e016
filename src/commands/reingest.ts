import { sendSignal } from '../adapters/embedded/signal-client';
import type { Config } from '../config';
import { encodeSignal } from '../domain/signal/encoding';
import { splitSourceId } from '../domain/topics';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { namedSource } from './named-source';

export interface ReingestOptions {
  /** As {@link namedSource} takes it. */
  readonly source: string;
  /** Lines that were counted before are counted once more; else they are marked `again=1`, and left out. */
  readonly count: boolean;
  readonly json: boolean;
}

/**
 * `telltale reingest`: has the running producer read a source from its first byte, as a new generation.
 * @throws TelltaleError BAD_SIGNAL when this cannot be the name of a source, and as `sendSignal`
 */
export async function runReingest(config: Config, { source, count, json }: ReingestOptions, io: Io): Promise<number> {
  const named = splitSourceId(namedSource(source, config.objectStore.bucket));
  const reingest = count ? 'count' : 'mark';
  await sendSignal(config.dataDir, encodeSignal({ v: 1, ...named, reingest }));
  const name = `${named.bucket}/${named.key}`;
  const line = json ? JSON.stringify({ type: 'reingest', source: name, reingest }) : sentence(name, count);
  io.out.write(`${escapeControls(line)}\n`);
  return 0;
}

function sentence(source: string, count: boolean): string {
  const lines = count ? 'counted once more' : 'not counted again';
  return `the producer reads ${JSON.stringify(source)} from its beginning; lines that it knows are ${lines}`;
}

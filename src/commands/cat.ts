import { once } from 'node:events';
import { DamageReport } from '../apps/damage-report';
import { follow } from '../apps/follow';
import { openEventLog } from '../apps/compose';
import { findDataFolder } from '../apps/data-folder';
import { topicsOf } from '../apps/topics';
import type { Config } from '../config';
import type { DecodedRecord } from '../records/record-batch';
import { TelltaleError } from '../errors';
import type { DamagedPlace } from '../stream/continue-from';
import { escapeControls } from '../escape-controls';
import { advise } from '../nearest';
import type { Io } from '../io';

export interface CatOptions {
  readonly topic: string;
  /** Null for all partitions. */
  readonly partition: number | null;
  /** First offset of each partition. */
  readonly from: number;
  readonly follow: boolean;
  readonly json: boolean;
}

/**
 * `telltale cat`: prints committed records, partition after partition; with `follow`, as they arrive.
 * @throws EVENT_LOG_DAMAGED after all that can be read, with the places of batches that cannot
 */
export async function runCat(config: Config, options: CatOptions, io: Io): Promise<number> {
  const partitions = partitionsOf(config, options);
  const log = await openEventLog(config, findDataFolder(config));
  io.stop.addEventListener('abort', () => void log.close(), { once: true });
  try {
    const write = writerTo(io);
    const asLine = options.json ? asJson : asText;
    const print = (partition: number) => (records: readonly DecodedRecord[]) =>
      write(records.map((record) => `${escapeControls(asLine(partition, record))}\n`).join(''));
    const { topic, from } = options;
    const damage = new DamageReport();
    const onUnreadable = (place: DamagedPlace): void => {
      damage.add(place);
      if (options.follow) io.log.error('a record batch cannot be read', { ...place, key: null });
    };
    const read = (partition: number, until: 'end' | AbortSignal): Promise<void> =>
      follow(log, { topic, partition, from, until, onUnreadable }, print(partition));
    if (options.follow) {
      await Promise.all(partitions.map((partition) => read(partition, io.stop)));
    } else {
      for (const partition of partitions) if (!io.stop.aborted) await read(partition, 'end');
    }
    damage.refuse();
  } finally {
    await log.close();
  }
  return 0;
}

/** `telltale cat` without a topic: the names to choose from. */
export function printTopics(config: Config, { json }: Pick<CatOptions, 'json'>, { out }: Pick<Io, 'out'>): number {
  for (const { name, partitions } of topicsOf(config)) {
    out.write(`${json ? JSON.stringify({ type: 'topic', name, partitions }) : name}\n`);
  }
  return 0;
}

/** Writes and waits for a slow reader, so that output does not accumulate in memory. */
function writerTo({ out, stop }: Io): (text: string) => void | Promise<void> {
  let room: Promise<void> | null = null;
  const hasRoom = (): void => void (room = null);
  return (text) => {
    if (out.write(text) || stop.aborted) return;
    room ??= once(out, 'drain', { signal: stop }).then(hasRoom, hasRoom);
    return room;
  };
}

function partitionsOf(config: Config, { topic, partition }: CatOptions): readonly number[] {
  const topics = topicsOf(config);
  const count = topics.find(({ name }) => name === topic)?.partitions;
  if (count === undefined) {
    const names = topics.map(({ name }) => name);
    throw new TelltaleError(
      'USAGE',
      `there is no topic ${JSON.stringify(topic)}; ${advise(topic, names, `the topics are ${names.join(', ')}`)}`,
    );
  }
  if (partition === null) return Array.from({ length: count }, (_, i) => i);
  if (partition < count) return [partition];
  const there = count === 1 ? 'only the partition 0' : `the partitions 0 to ${count - 1}`;
  throw new TelltaleError('USAGE', `${topic} has ${there}, there is no ${partition}`);
}

function asJson(partition: number, record: DecodedRecord): string {
  return JSON.stringify({
    partition,
    offset: record.offset,
    timestamp: record.timestamp,
    key: textOrBase64(record.key),
    headers: Object.fromEntries(record.headers.map(([name, value]) => [name, textOrBase64(value)])),
    value: textOrBase64(record.value),
  });
}

function asText(partition: number, record: DecodedRecord): string {
  const headers = record.headers.map(([name, value]) => `${name}=${value.toString('utf8')}`).join(' ');
  const key = record.key?.toString('utf8') ?? '-';
  const value = record.value?.toString('utf8') ?? '-';
  return `${partition}/${record.offset} ${key} ${headers}${headers === '' ? '' : ' '}${value}`;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text unchanged; bytes that are not valid UTF-8 as `{"base64": …}`. */
function textOrBase64(bytes: Buffer | null): string | { base64: string } | null {
  if (bytes === null) return null;
  try {
    return utf8.decode(bytes);
  } catch {
    return { base64: bytes.toString('base64') };
  }
}

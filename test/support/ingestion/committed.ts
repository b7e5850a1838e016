import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { decodeCheckpoint } from '../../../src/ingestion/checkpoint-record';
import type { Checkpoint } from '../../../src/ingestion/checkpoint';
import { decodeBatch } from '../../../src/records/record-batch';
import type { EventLog, EventReader } from '../../../src/ports/event-log';

/** A record of topic `logs`. */
export interface CommittedLine {
  readonly offset: number;
  readonly value: Buffer;
  /** Its header `cut`; empty without one. */
  readonly cut: string;
}

/** The committed lines and checkpoint of one source. */
export interface Committed {
  /** By generation. */
  readonly lines: CommittedLine[][];
  /** `etag reason` of each record of topic `quarantine`. */
  readonly quarantine: string[];
  /** Places where `at` does not increase: a line is repeated or misplaced. */
  readonly disorder: string[];
}

/** All records of one bucket in topics `logs` and `quarantine`, by source, as kcat reads them. */
export async function readCommitted(broker: string, bucket: string): Promise<Map<string, Committed>> {
  const found = new Map<string, Committed>();
  const of = (source: string): Committed => {
    const known = found.get(source) ?? { lines: [], quarantine: [], disorder: [] };
    found.set(source, known);
    return known;
  };
  const last = new Map<string, [generation: number, offset: number]>();
  for await (const { key, headers, value } of readBytesWithKcat(broker, 'logs')) {
    if (!key.startsWith(`${bucket}/`)) continue;
    const at = headers.get('at') ?? '';
    const [generation = NaN, offset = NaN] = at.split(':').map(Number);
    const before = last.get(key) ?? [0, -1];
    const grows = generation > before[0] || (generation === before[0] && offset > before[1]);
    if (!grows) of(key).disorder.push(`${at} behind ${before.join(':')}`);
    last.set(key, [generation, offset]);
    (of(key).lines[generation] ??= []).push({ offset, value, cut: headers.get('cut') ?? '' });
  }
  for await (const { key, value } of readBytesWithKcat(broker, 'quarantine')) {
    if (!key.startsWith(`${bucket}/`)) continue;
    const { etag, reason } = JSON.parse(value.toString()) as { etag: string; reason: string };
    of(key).quarantine.push(`${etag} ${reason}`);
  }
  return found;
}

/**
 * Parses records with arbitrary values; keys and headers without tabs and line feeds. All partitions, each in order.
 */
async function* readBytesWithKcat(
  broker: string,
  topic: string,
): AsyncGenerator<{ key: string; headers: Map<string, string>; value: Buffer }> {
  const from = ['-C', '-b', broker, '-t', topic, '-o', 'beginning', '-e', '-q'];
  const child = spawn('kcat', [...from, '-X', 'isolation.level=read_committed', '-f', '%S\\t%k\\t%h\\n%s'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'close');
  let bytes: Buffer = Buffer.alloc(0);
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk]);
    let next = 0;
    for (;;) {
      const lineEnd = bytes.indexOf(10, next);
      if (lineEnd === -1) break;
      const [size = '', key = '', headers = ''] = bytes.toString('utf8', next, lineEnd).split('\t');
      const end = lineEnd + 1 + Number(size);
      if (end > bytes.length) break;
      const pairs = headers.split(',').map((pair): [string, string] => {
        const [name = '', value = ''] = pair.split('=');
        return [name, value];
      });
      yield { key, headers: new Map(pairs), value: bytes.subarray(lineEnd + 1, end) };
      next = end;
    }
    bytes = bytes.subarray(next);
  }
  await exited;
  if (child.exitCode !== 0 || bytes.length > 0) throw new Error(`kcat ended with ${String(child.exitCode)}`);
}

/** The newest checkpoint of each source, while a producer writes them. */
export class CheckpointWatch {
  private readonly latest = new Map<string, Checkpoint>();
  private readonly readers = new Map<number, { readonly reader: EventReader; next: number }>();

  constructor(
    private readonly log: EventLog,
    private readonly partitions: number,
  ) {}

  /** The committed state now. */
  async look(): Promise<ReadonlyMap<string, Checkpoint>> {
    for (let partition = 0; partition < this.partitions; partition++) {
      const { start, end } = await this.log.offsets('checkpoints', partition);
      let place = this.readers.get(partition);
      if (place === undefined) {
        place = { reader: this.log.openReader('checkpoints', partition, start), next: start };
        this.readers.set(partition, place);
      }
      while (place.next < end) {
        const fetched = await place.reader.fetch(1024 * 1024, 0);
        for (const batch of fetched.batches) for (const { key, value } of decodeBatch(batch)) this.note(key, value);
        place.next = fetched.next;
      }
    }
    return this.latest;
  }

  private note(key: Buffer | null, value: Buffer | null): void {
    if (key === null) return;
    const checkpoint = decodeCheckpoint(key, value);
    if (checkpoint === null) this.latest.delete(key.toString());
    else this.latest.set(checkpoint.source, checkpoint);
  }
}

import type { TopicSpec } from '../../stream/topics';
import { TelltaleError } from '../../errors';
import type { SqliteDatabase } from './sqlite-database';
import { inSnapshot, inTransaction, numberField, textField } from './sqlite-database';

/** A partition as the tables know it. */
export interface PartitionRow {
  readonly id: number;
  readonly topic: string;
  readonly number: number;
  readonly cleanup: TopicSpec['cleanup'];
  readonly retentionMs: number;
}

/** The topics of one event log. They are made once and never change their shape. */
export class SqliteTopics {
  private readonly selectTopic;
  private readonly selectPartitions;
  private readonly selectOffsets;
  private known: ReadonlyMap<string, readonly PartitionRow[]> = new Map();

  constructor(private readonly database: SqliteDatabase) {
    this.selectTopic = database.prepare('SELECT partitions, cleanup FROM topic WHERE name = ?');
    this.selectPartitions = database.prepare(`
      SELECT partition.id, topic, number, cleanup, retention_ms
      FROM partition JOIN topic ON topic.name = partition.topic
      ORDER BY topic, number`);
    this.selectOffsets = database.prepare('SELECT start_offset, end_offset FROM partition WHERE id = ?');
  }

  ensure(specs: readonly TopicSpec[]): void {
    inTransaction(this.database, () => {
      for (const spec of specs) this.ensureOne(spec);
    });
    this.load();
  }

  /** @throws UNKNOWN_TOPIC */
  partition(topic: string, number: number): PartitionRow {
    const partition = this.partitions(topic)[number];
    if (partition !== undefined) return partition;
    throw new TelltaleError(
      'UNKNOWN_TOPIC',
      `The topic ${topic} has no partition ${number}: check the partition count.`,
    );
  }

  /** @throws UNKNOWN_TOPIC */
  partitions(topic: string): readonly PartitionRow[] {
    // Another process may have made it since.
    if (!this.known.has(topic)) this.load();
    const partitions = this.known.get(topic);
    if (partitions !== undefined) return partitions;
    throw new TelltaleError('UNKNOWN_TOPIC', `The event log has no topic ${topic}: make its topics first.`);
  }

  all(): readonly PartitionRow[] {
    this.load();
    return [...this.known.values()].flat();
  }

  offsets(partition: PartitionRow): { start: number; end: number } {
    const row = this.selectOffsets.get(partition.id);
    return { start: numberField(row, 'start_offset'), end: numberField(row, 'end_offset') };
  }

  private ensureOne(spec: TopicSpec): void {
    const found = this.selectTopic.get(spec.name);
    if (found === undefined) {
      this.create(spec);
      return;
    }
    const partitions = numberField(found, 'partitions');
    const cleanup = textField(found, 'cleanup');
    if (partitions !== spec.partitions || cleanup !== spec.cleanup) {
      const is = `The topic ${spec.name} has ${partitions} partitions and clean-up ${cleanup}`;
      const wanted = `not ${spec.partitions} and ${spec.cleanup}`;
      throw new TelltaleError('TOPIC_MISMATCH', `${is}, ${wanted}: neither can change; use another data folder.`);
    }
    const { name, retentionMs } = spec;
    this.database.prepare('UPDATE topic SET retention_ms = ? WHERE name = ?').run(retentionMs, name);
  }

  private create({ name, partitions, cleanup, retentionMs }: TopicSpec): void {
    this.database.prepare('INSERT INTO topic VALUES (?, ?, ?, ?)').run(name, partitions, cleanup, retentionMs);
    const insert = this.database.prepare('INSERT INTO partition (topic, number) VALUES (?, ?)');
    for (let number = 0; number < partitions; number++) insert.run(name, number);
  }

  private load(): void {
    const rows = inSnapshot(this.database, () => this.selectPartitions.all().map(partitionRow));
    const known = new Map<string, PartitionRow[]>();
    for (const row of rows) known.set(row.topic, [...(known.get(row.topic) ?? []), row]);
    this.known = known;
  }
}

function partitionRow(row: unknown): PartitionRow {
  return {
    id: numberField(row, 'id'),
    topic: textField(row, 'topic'),
    number: numberField(row, 'number'),
    cleanup: cleanupOf(textField(row, 'cleanup')),
    retentionMs: numberField(row, 'retention_ms'),
  };
}

function cleanupOf(text: string): TopicSpec['cleanup'] {
  if (text === 'delete' || text === 'compact' || text === 'compact,delete') return text;
  throw new TelltaleError('INTERNAL', `The event log knows no clean-up ${text}.`);
}

import type { TopicSpec } from '../../stream/topics';
import { TelltaleError } from '../../errors';
import type { SqliteDatabase } from './sqlite-database';
import { inSnapshot, inTransaction, numberField, textField } from './sqlite-database';

/** A partition as stored in the tables. */
export interface PartitionRow {
  readonly id: number;
  readonly topic: string;
  readonly number: number;
  readonly cleanup: TopicSpec['cleanup'];
  readonly retentionMs: number;
  readonly compactionLagMs: number;
  /** True when the log sets record timestamps as it appends. */
  readonly appendTime: boolean;
}

/** The topics of one event log. Partition counts and policies never change. */
export class SqliteTopics {
  private readonly selectTopic;
  private readonly selectPartitions;
  private readonly selectOffsets;
  private known: ReadonlyMap<string, readonly PartitionRow[]> = new Map();

  constructor(private readonly database: SqliteDatabase) {
    this.selectTopic = database.prepare(
      'SELECT partitions, cleanup, compression, timestamps FROM topic WHERE name = ?',
    );
    this.selectPartitions = database.prepare(`
      SELECT partition.id, topic, number, cleanup, retention_ms, compaction_lag_ms, timestamps
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
    // Another process may have created it meanwhile.
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
    if (found === undefined) this.create(spec);
    else this.check(spec, found);
  }

  /** Updates the times; nothing else of a topic can change. */
  private check(spec: TopicSpec, found: unknown): void {
    const { name, retentionMs, compactionLagMs = 0, compression = 'producer', timestamps = 'create' } = spec;
    const wanted = { partitions: `${spec.partitions}`, cleanup: spec.cleanup, compression, timestamps };
    const is = {
      partitions: `${numberField(found, 'partitions')}`,
      cleanup: textField(found, 'cleanup'),
      compression: textField(found, 'compression'),
      timestamps: textField(found, 'timestamps'),
    };
    const settings = ['partitions', 'cleanup', 'compression', 'timestamps'] as const;
    const differences = settings
      .filter((setting) => is[setting] !== wanted[setting])
      .map((setting) => `${setting} ${is[setting]}, not ${wanted[setting]}`);
    if (differences.length > 0) {
      const message = `The topic ${name} has ${differences.join('; ')}: none of these can change`;
      throw new TelltaleError('TOPIC_MISMATCH', `${message}; use another data folder.`);
    }
    this.database
      .prepare('UPDATE topic SET retention_ms = ?, compaction_lag_ms = ? WHERE name = ?')
      .run(retentionMs, compactionLagMs, name);
  }

  private create(spec: TopicSpec): void {
    const { name, partitions, cleanup, retentionMs } = spec;
    const { compactionLagMs = 0, compression = 'producer', timestamps = 'create' } = spec;
    this.database
      .prepare('INSERT INTO topic VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(name, partitions, cleanup, retentionMs, compactionLagMs, compression, timestamps);
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
    compactionLagMs: numberField(row, 'compaction_lag_ms'),
    appendTime: textField(row, 'timestamps') === 'append',
  };
}

function cleanupOf(text: string): TopicSpec['cleanup'] {
  if (text === 'delete' || text === 'compact' || text === 'compact,delete') return text;
  throw new TelltaleError('INTERNAL', `The event log has a topic with the unknown clean-up ${text}.`);
}

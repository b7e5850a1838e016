import { readCheckpoints } from '../../actors/read-checkpoints';
import { readBatches, type OnUnreadable } from '../../actors/read-latest';
import { decodeLines } from '../lines/log-records';
import {
  bytesToRead,
  createByteReader,
  auditResultOf,
  withoutClaim,
  type Audited,
  type BytesRead,
  type BytesToRead,
} from '../ingestion/audit/audit';
import type { Crc64 } from '../ingestion/byte-sum';
import { isRetried } from '../ingestion/checkpoint';
import { quarantineReasonOf } from '../ingestion/quarantine';
import { claimOf, type Claim } from '../ingestion/audit/claim';
import { TopicLedger, type TopicFacts } from '../ingestion/audit/topic-ledger';
import { topicProblem } from '../ingestion/line-topics';
import { sourceId, splitSourceId, type SourceId } from '../ingestion/source-id';
import { isTelltaleError, TelltaleError } from '../errors';
import type { Clock } from '../ports/clock';
import type { EventLog } from '../ports/event-log';
import type { ObjectInfo, ObjectStore } from '../ports/object-store';
import type { DamagedPlace } from '../stream/continue-from';
import type { TopicSpec } from '../stream/topics';
import { noSuchSource } from './no-such-source';

/** Input of an audit. */
export interface AuditOptions {
  readonly log: EventLog;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly crc64: Crc64;
  readonly partitions: number;
  /** Topics that lines may be in. */
  readonly lineTopics: readonly string[];
  readonly bucket: string;
  /** The objects that ingest reads: under this prefix, with such keys, modified then or later (epoch milliseconds). */
  readonly prefix: string;
  readonly includes: (key: string) => boolean;
  readonly sinceMs: number;
  /** How long the topics of lines keep records. */
  readonly retentionMs: number;
  /** How many objects are checked at a time. */
  readonly concurrency: number;
  /** Only these sources; null for all. */
  readonly only: ReadonlySet<SourceId> | null;
  /** Topics besides those, of which every batch is checked when all sources are audited. */
  readonly otherTopics: readonly Pick<TopicSpec, 'name' | 'partitions'>[];
  readonly stop: AbortSignal;
  /** Gets the place of each batch that cannot be read. */
  readonly onUnreadable: (place: DamagedPlace) => void;
  /** Called now and then. */
  readonly onProgress: (progress: AuditProgress) => void;
}

export interface AuditProgress {
  /** Partitions that are done, of all. */
  readonly partitions: number;
  /** Bytes of the event log and of the store that were read. */
  readonly bytes: number;
}

/** Readers see a commit some milliseconds later at worst. After this time they certainly do. */
const VISIBLE_MS = 200;

const EXCLUDED = 'not read: excluded by ingest.include, exclude or since';

/**
 * Proves the ledger of each source against topic and store: partition after partition, in order of names; then the objects
 * that were never read. A producer may run meanwhile. Memory: a few hundred bytes per source.
 * @throws OBJECT_NOT_FOUND for an unknown source in `only`; STOPPED; the errors of event log and store
 */
export function audit(options: AuditOptions): AsyncGenerator<Audited, void, undefined> {
  return new Audit(options).run();
}

class Audit {
  /** Sources of checkpoints, lines and objects. */
  private readonly known = new Set<SourceId>();
  private done = 0;
  private bytes = 0;

  constructor(private readonly options: AuditOptions) {}

  async *run(): AsyncGenerator<Audited, void, undefined> {
    const { clock, partitions, stop } = this.options;
    const settled: ReadonlyMap<string, number>[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      settled.push(await this.endsOf(partition));
    }
    // Checkpoints cover all lines before these ends, perhaps not later ones.
    await clock.sleep(VISIBLE_MS, stop);
    for (const [partition, ends] of settled.entries()) {
      yield* this.partition(partition, ends);
      this.done += 1;
      this.progress(0);
    }
    yield* this.neverRead();
    if (this.options.only === null) await this.checkOtherTopics();
    const [missing] = [...(this.options.only ?? [])].filter((source) => !this.known.has(source));
    if (missing !== undefined) throw noSuchSource(missing, [...this.known]);
  }

  /** Ends of a partition, by topic. */
  private async endsOf(partition: number): Promise<ReadonlyMap<string, number>> {
    const ends = new Map<string, number>();
    for (const topic of this.options.lineTopics) {
      ends.set(topic, (await this.options.log.offsets(topic, partition)).end);
    }
    return ends;
  }

  private async *partition(
    partition: number,
    settledEnds: ReadonlyMap<string, number>,
  ): AsyncGenerator<Audited, void, undefined> {
    const { log, clock, crc64, retentionMs, concurrency } = this.options;
    const { claims, refused } = await this.checkpoints(partition);
    for (const source of [...claims.keys(), ...refused.keys()]) this.known.add(source);
    for (const [source, problem] of refused) if (this.isSelected(source)) yield withoutClaim(source, { problem });
    const wanted = [...claims.values()].filter(({ source }) => this.isSelected(source));
    if (this.options.only !== null && wanted.length === 0) return;

    const ledger = new TopicLedger(claims, clock.now() - retentionMs, crc64);
    const complete = new Set<string>();
    for (const [topic, settledEnd] of settledEnds) {
      const { start } = await log.offsets(topic, partition);
      if (start === 0) complete.add(topic);
      const onBatch = (batch: Buffer, from: number): void => {
        for (const lines of decodeLines(batch, from)) {
          if (!refused.has(lines.batch.source)) ledger.add(topic, lines, lines.nextOffset <= settledEnd);
        }
        this.progress(batch.length);
      };
      await readBatches(log, { topic, partition, from: start }, onBatch, this.unreadableIn(topic, partition));
    }
    for (const source of ledger.unclaimed()) {
      this.known.add(source);
      if (this.isSelected(source))
        yield withoutClaim(source, { problem: 'its lines are in the topic, and it has no checkpoint' });
    }
    wanted.sort((a, b) => (a.source < b.source ? -1 : 1));
    for (let i = 0; i < wanted.length; i += concurrency) {
      const some = wanted.slice(i, i + concurrency);
      yield* await Promise.all(
        some.map((claim) => this.judge(claim, ledger.factsOf(claim), complete.has(claim.topic))),
      );
    }
  }

  private async checkOtherTopics(): Promise<void> {
    for (const { name: topic, partitions } of this.options.otherTopics) {
      for (let partition = 0; partition < partitions; partition++) {
        const onBatch = (batch: Buffer): void => this.progress(batch.length);
        await readBatches(
          this.options.log,
          { topic, partition, from: 0 },
          onBatch,
          this.unreadableIn(topic, partition),
        );
      }
    }
  }

  private unreadableIn(topic: string, partition: number): OnUnreadable {
    return (place) => this.options.onUnreadable({ topic, partition, ...place });
  }

  /** The latest checkpoint of each source of a partition, or why it cannot be decoded. */
  private async checkpoints(
    partition: number,
  ): Promise<{ claims: Map<SourceId, Claim>; refused: Map<SourceId, string> }> {
    const claims = new Map<SourceId, Claim>();
    const refused = new Map<SourceId, string>();
    await readCheckpoints(this.options.log, partition, ({ source, value, checkpoint, problem }) => {
      claims.delete(source);
      refused.delete(source);
      const reason = checkpoint === null ? problem : topicProblem(checkpoint, this.options.lineTopics);
      if (reason !== null) refused.set(source, reason);
      else if (checkpoint !== null) claims.set(source, claimOf(checkpoint, this.options.crc64));
      this.progress(value?.length ?? 0);
    });
    return { claims, refused };
  }

  private async judge(claim: Claim, topic: TopicFacts, retained: boolean): Promise<Audited> {
    const { store, bucket: configured } = this.options;
    const { bucket, key } = splitSourceId(claim.source);
    const notChecked = auditResultOf(claim, topic, { newest: undefined, read: null, bytes: null }, retained);
    // Belongs to a previously configured bucket, or the store does not give it.
    if (bucket !== configured || (claim.quarantine !== null && isRetried(claim.quarantine.reason))) return notChecked;
    try {
      const newest = await store.head(bucket, key);
      const read = await this.objectOf(claim, newest);
      const range = read === null ? null : bytesToRead(claim, topic);
      const bytes = read === null || range === null ? null : await this.read(claim, range);
      return auditResultOf(claim, topic, { newest, read, bytes }, retained);
    } catch (error) {
      // The audit continues with the others when the store refuses one object, or it keeps changing.
      if (!isTelltaleError(error) || (quarantineReasonOf(error) === null && error.code !== 'OBJECT_CHANGED'))
        throw error;
      const problems = [notChecked.problem, error.message].filter((problem) => problem !== undefined);
      return { ...notChecked, ok: false, problem: problems.join('; ') };
    }
  }

  /** The object that the checkpoint covers, or null. */
  private async objectOf(claim: Claim, newest: ObjectInfo | null): Promise<ObjectInfo | null> {
    if (newest?.etag === claim.etag) return newest;
    if (claim.versionId === null) return null;
    const { bucket, key } = splitSourceId(claim.source);
    const version = await this.options.store.head(bucket, key, claim.versionId);
    return version?.etag === claim.etag ? version : null;
  }

  /** Null when the object is deleted meanwhile, or was archived after it was read. */
  private async read({ source, etag, versionId }: Claim, range: BytesToRead): Promise<BytesRead | null> {
    const { bucket, key } = splitSourceId(source);
    const reader = createByteReader(range, this.options.crc64);
    let position = range.from;
    const version = versionId === null ? {} : { versionId };
    try {
      for await (const piece of await this.options.store.read(bucket, key, {
        from: position,
        ifMatch: etag,
        ...version,
      })) {
        reader.push(piece);
        this.progress(piece.length);
        position += piece.length;
        if (position >= range.to) break;
      }
      return reader.finish();
    } catch (error) {
      if (isTelltaleError(error, 'OBJECT_CHANGED') || isTelltaleError(error, 'OBJECT_NOT_FOUND')) return null;
      if (quarantineReasonOf(error) === 'archived') return null;
      throw error;
    }
  }

  /** Objects that ingest reads, and has not read yet. Named sources that it does not read are reported, too. */
  private async *neverRead(): AsyncGenerator<Audited, void, undefined> {
    const { store, bucket, prefix, includes, sinceMs } = this.options;
    for await (const { key, size, lastModified } of store.list(bucket, { prefix })) {
      this.progress(0);
      const source = sourceId(bucket, key);
      const isRead = this.known.has(source);
      this.known.add(source);
      if (isRead || !this.isSelected(source)) continue;
      if (includes(key) && lastModified >= sinceMs) yield withoutClaim(source, size === 0 ? {} : { behind: size });
      // A user who names a source expects a proof: silence would look like one.
      else if (this.options.only !== null) yield withoutClaim(source, { problem: EXCLUDED });
    }
  }

  private isSelected(source: SourceId): boolean {
    return this.options.only?.has(source) ?? true;
  }

  /** @throws STOPPED */
  private progress(bytes: number): void {
    this.bytes += bytes;
    if (this.options.stop.aborted) throw new TelltaleError('STOPPED', 'stopped before all was audited');
    this.options.onProgress({ partitions: this.done, bytes: this.bytes });
  }
}

import type { ReingestRequest } from '../../src/ingestion/ingest/work-queue';
import type { Checkpoint } from '../../src/ingestion/checkpoint';
import { decide, initialReader } from '../../src/ingestion/reader/decide';
import type {
  ContentSource,
  EndAction,
  PublishAction,
  ReaderAction,
  ReaderEvent,
  ReaderRules,
  RequestAction,
  StepStart,
} from '../../src/ingestion/reader/protocol';
import { resumptionOf, type SourceObject } from '../../src/ingestion/plan';
import type { QuarantineRecord } from '../../src/ingestion/quarantine';
import type { Hashing } from '../../src/ingestion/content';
import type { ReaderState } from '../../src/ingestion/reader/state';
import type { Decision } from '../../src/ingestion/reader/trace';
import { afterGap, type LineBatch } from '../../src/lines/line-batch';
import { NewestBlocks, type SketchBlock } from '../../src/lines/repeats/sketch';
import type { ScanOptions } from '../../src/lines/scanner';
import { isTelltaleError, type TelltaleError } from '../../src/errors';
import type { Clock } from '../../src/ports/clock';
import type { ObjectStore } from '../../src/ports/object-store';
import { contentFrom, ContentSlot, openContent, storedBytes, type Contents, type Decompress } from './content';
import { findRepeats } from './find-repeats';
import type { ReadSketch } from '../read-sketch';
import { asking, type Operation, type Progress, type ScannedLines } from './operation';
import { flushHeld, scanLines } from './scan';
import { digestPrefix, readEnd, reread, verifyByChecksum, verifyByFingerprint } from './verify';

export interface SourceReaderOptions {
  /** How sources are read: the same for all of them, except `since.listed`. */
  readonly rules: ReaderRules;
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly decompress: Decompress;
  readonly scan: (key: string) => ScanOptions;
  /** Topic of the lines of a key that was never read. */
  readonly topicOf: (key: string) => string;
  readonly readSketch: ReadSketch;
}

/** Lines and the checkpoint after them: published together. */
export interface Step {
  /** Null when only the checkpoint changes. */
  readonly batch: LineBatch | null;
  readonly from: StepStart;
  readonly checkpoint: Checkpoint;
  /** Blocks of the source's sketch that the checkpoint counts on. */
  readonly blocks: readonly SketchBlock[];
  /** The object cannot be read, and why. */
  readonly quarantine?: QuarantineRecord;
  /** False for the last step of an object. */
  readonly more: boolean;
}

interface ScanContent {
  readonly checkpoint: Checkpoint;
  readonly object: SourceObject;
}

/** What one turn brought. After `ended`, nothing comes until `start`. */
export type Turn =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'step'; readonly step: Step }
  | { readonly kind: 'ended'; readonly by: EndAction };

/**
 * Carries out the actions of `decide` for one source: it reads from the store and hands out steps, one turn at a time. Holds
 * one chunk and its batches, and the bytes kept for a proof.
 */
export class SourceReader {
  private readonly slot = new ContentSlot();
  /** Blocks of this reading, which may not be committed yet. */
  private readonly ownBlocks = new NewestBlocks();
  private readonly key: string;
  private readonly contents: Contents;
  private state: ReaderState;
  private operation: Operation | null = null;
  private steps: Step[] = [];
  private end: EndAction | null = null;

  constructor(
    { key, request }: { readonly key: string; readonly request: ReingestRequest | null },
    private readonly options: SourceReaderOptions,
    private readonly onDecision: (decision: Decision) => void,
  ) {
    const { rules, store, decompress } = options;
    this.key = key;
    this.state = initialReader({ key, topic: options.topicOf(key) }, request, rules);
    this.contents = { store, bucket: rules.bucket, key, decompress, maxProofBytes: rules.maxProofBytes };
  }

  /** The request that is still open. */
  get request(): ReingestRequest | null {
    return this.state.request;
  }

  /** Starts, or starts over, from a committed checkpoint. */
  async start(checkpoint: Checkpoint | null): Promise<void> {
    await this.close();
    this.ownBlocks.clear();
    await this.take({ type: 'started', checkpoint }, null);
  }

  /** One turn: at most one request to the store, one chunk, or one step. Throws only bugs. */
  async next(): Promise<Turn> {
    if (this.steps.length === 0 && this.end === null) await this.perform();
    const step = this.steps.shift();
    if (step !== undefined) return { kind: 'step', step };
    return this.end === null ? { kind: 'unfinished' } : { kind: 'ended', by: this.end };
  }

  /** Closes all open streams. May be called at any time, also while `next` is pending. */
  async close(): Promise<void> {
    const { operation } = this;
    this.operation = null;
    this.steps = [];
    this.end = null;
    await operation?.close();
    await this.slot.close();
  }

  private async perform(): Promise<void> {
    const { operation } = this;
    if (operation === null) return;
    let progress: Progress;
    try {
      progress = await operation.next();
    } catch (error) {
      if (!isTelltaleError(error)) throw error;
      await operation.close();
      progress = { event: failed(error), scanned: null };
    }
    // Closed meanwhile: this turn is too late.
    if (progress === 'unfinished' || this.operation !== operation) return;
    await this.take(progress.event, progress.scanned);
  }

  private async take(event: ReaderEvent, scanned: ScannedLines | null): Promise<void> {
    const decided = decide(this.state, event, this.options.clock.now());
    this.state = decided.state;
    if (event.type !== 'scanned') this.operation = null;
    for (const action of decided.actions) await this.execute(action, scanned);
  }

  private async execute(action: ReaderAction, scanned: ScannedLines | null): Promise<void> {
    switch (action.type) {
      case 'publish':
        this.steps.push(stepOf(action, scanned));
        for (const block of this.steps.at(-1)?.blocks ?? []) this.ownBlocks.add(block);
        break;
      case 'trace':
        this.onDecision(action.decision);
        break;
      case 'close':
        await this.slot.close();
        break;
      case 'lookUp':
      case 'finish':
      case 'fail':
        this.end = action;
        break;
      default:
        this.operation = this.begin(action);
    }
  }

  private begin(action: RequestAction): Operation {
    const { slot, contents, key } = this;
    const { store, hashing } = this.options;
    const { bucket } = this.options.rules;
    switch (action.type) {
      case 'check':
        return asking(async () => ({
          type: 'checked',
          object: await store.head(bucket, key, action.versionId ?? undefined),
        }));
      case 'findInListing':
        return asking(async () => ({ type: 'foundInListing', object: await this.findInListing() }));
      case 'listVersions':
        return asking(async () => ({
          type: 'versionsListed',
          versions: await store.versions(bucket, key, action.from ?? undefined),
        }));
      case 'open':
        return openContent(action.object, slot, contents);
      case 'readEnd':
        return readEnd(action.object, contents, hashing);
      case 'digestPrefix':
        return digestPrefix(action.checkpoint, action.size, slot.take(), hashing);
      case 'verify':
        return action.by === 'checksum'
          ? verifyByChecksum(action, slot, contents, hashing)
          : verifyByFingerprint(action, slot, contents, hashing);
      case 'reread': {
        const chunks = action.content === 'opened' ? slot.take() : storedBytes(action.object, 0, contents);
        return reread(action.checkpoint, action.object, chunks, hashing);
      }
      case 'findRepeats':
        return findRepeats({ ...action, chunks: this.contentOf(action) }, slot, {
          key,
          scan: this.options.scan,
          sketchOf: async (checkpoint) => [...this.ownBlocks.all, ...(await this.options.readSketch(checkpoint))],
        });
      case 'scan': {
        const chunks = this.contentOf(action);
        const reopen = (): AsyncIterable<Buffer> => this.contentFrom(action);
        const maxKeptBytes = contents.maxProofBytes;
        return scanLines({ ...action, chunks, reopen }, { key, hashing, scan: this.options.scan, maxKeptBytes });
      }
      case 'flushTail':
        return flushHeld(action.checkpoint, { key, hashing, scan: this.options.scan });
    }
  }

  private contentOf(scan: ScanContent & { readonly content: ContentSource }): AsyncIterable<Buffer> {
    return scan.content === 'opened' ? this.slot.take() : this.contentFrom(scan);
  }

  private contentFrom({ checkpoint, object }: ScanContent): AsyncIterable<Buffer> {
    return contentFrom(object, resumptionOf(checkpoint).from, checkpoint.identity.encoding, this.contents);
  }

  private async findInListing(): Promise<SourceObject | null> {
    const { store, rules } = this.options;
    for await (const object of store.list(rules.bucket, { prefix: this.key }))
      return object.key === this.key ? object : null;
    return null;
  }
}

function stepOf({ from, lines, checkpoint, quarantine, more }: PublishAction, scanned: ScannedLines | null): Step {
  const { batch, blocks } = scanned ?? { batch: null, blocks: [] };
  const published = lines === 'none' || batch === null ? null : lines === 'afterGap' ? afterGap(batch) : batch;
  return { batch: published, from, checkpoint, blocks, more, ...(quarantine === null ? {} : { quarantine }) };
}

function failed({ code, retriable, reason, message }: TelltaleError): ReaderEvent {
  return { type: 'failed', code, retriable, reason, detail: message };
}

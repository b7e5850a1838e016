import fc from 'fast-check';
import type { Checkpoint } from '../../../../src/ingestion/checkpoint';
import { WINDOW_BYTES } from '../../../../src/ingestion/content';
import type { SourceObject } from '../../../../src/ingestion/plan';
import { heldBytes, isBalanced } from '../../../../src/ingestion/progress';
import { decide, initialReader } from '../../../../src/ingestion/reader/decide';
import type {
  ListedVersion,
  EndAction,
  PublishAction,
  ReaderAction,
  ReaderEvent,
  RequestAction,
} from '../../../../src/ingestion/reader/protocol';
import type { ReaderState } from '../../../../src/ingestion/reader/state';
import { contentEnded, failed, KEY, NOW, objectOf, opened, rangeOf, rules, scanned } from './deciding';

/** Answers every request in any way that a store may. */
class AnyStore {
  private at = 0;
  /** The running scan; null while none runs. */
  private scanning: { checkpoint: Checkpoint; end: number } | null = null;
  private opened: 'plain' | 'gzip' = 'plain';

  constructor(private readonly choices: readonly number[]) {}

  get isExhausted(): boolean {
    return this.at >= this.choices.length;
  }

  pick(below: number): number {
    return (this.choices[this.at++] ?? 0) % below;
  }

  /** @param checkpoint after the last step */
  answer(request: RequestAction, checkpoint: Checkpoint | null): ReaderEvent {
    if (request.type !== 'flushTail' && this.pick(8) === 7) {
      this.scanning = null;
      const codes = [
        'OBJECT_STORE',
        'OBJECT_CHANGED',
        'OBJECT_NOT_FOUND',
        'OBJECT_STORE_DENIED',
        'OBJECT_ENCODING',
      ] as const;
      const reasons = [null, 'utf-16', 'archived', 'kms-key'];
      return failed(codes[this.pick(codes.length)] ?? 'OBJECT_STORE', reasons[this.pick(reasons.length)] ?? null);
    }
    switch (request.type) {
      case 'check':
        return { type: 'checked', object: this.pick(4) === 3 ? null : this.object(request.versionId) };
      case 'findInListing':
        return { type: 'foundInListing', object: this.pick(4) === 3 ? null : this.object(null) };
      case 'listVersions':
        return { type: 'versionsListed', versions: this.versions() };
      case 'open':
        this.opened = this.pick(4) === 3 ? 'gzip' : 'plain';
        return opened(this.opened);
      case 'readEnd': {
        const before = Buffer.alloc(Math.min(request.object.size, WINDOW_BYTES), this.pick(2) === 0 ? 'x' : '\n');
        if (this.pick(4) === 3) return { type: 'endRead', encoding: 'gzip', end: null };
        return { type: 'endRead', encoding: 'plain', end: { before, fingerprint: 'f' } };
      }
      case 'digestPrefix':
        return { type: 'prefixDigested', range: rangeOf(0, request.size), before: Buffer.alloc(request.size, '\n') };
      case 'verify': {
        const outcomes = ['proven', 'fingerprintMatch', 'disproved'] as const;
        const outcome = outcomes[this.pick(outcomes.length)] ?? 'proven';
        return { type: 'verified', verification: { outcome, by: 'checksum' }, crc32: null };
      }
      case 'reread': {
        const isShorter = this.opened === 'plain' && request.object.size < request.checkpoint.position.size;
        const outcome = this.pick(2) === 0 && !isShorter ? 'proven' : 'disproved';
        return { type: 'verified', verification: { outcome, by: 'content' }, crc32: null };
      }
      case 'findRepeats':
        return { type: 'repeatsFound', repeats: this.pick(2) === 0 ? null : [0, 1], missing: this.pick(2) };
      case 'scan':
        return this.scan(request, checkpoint ?? request.checkpoint);
      case 'flushTail': {
        const { offset, size, held } = (checkpoint ?? request.checkpoint).position;
        const bytes = Buffer.from(held, 'base64').length;
        return bytes === 0 ? { type: 'tailFlushed' } : scanned(offset, offset + bytes, size, { cutTail: 1 });
      }
    }
  }

  private scan(
    { checkpoint: start, object, flush }: Extract<RequestAction, { type: 'scan' }>,
    now: Checkpoint,
  ): ReaderEvent {
    const { size: startSize } = start.position;
    this.scanning ??= {
      checkpoint: start,
      end: start.identity.encoding === 'plain' ? object.size : startSize + this.pick(50),
    };
    const { end } = this.scanning;
    const { offset, size } = now.position;
    const left = end - offset;
    if (left > 0 && (flush || this.pick(3) > 0)) {
      const to = flush ? end : offset + 1 + this.pick(left);
      return scanned(offset, to, size, { count: this.pick(3), repeated: this.pick(2) }, this.pick(to - offset));
    }
    this.scanning = null;
    return contentEnded(size, end, left);
  }

  private object(versionId: string | null): SourceObject {
    const version = versionId ?? `v${this.pick(4)}`;
    return objectOf(
      `"${this.pick(3)}"`,
      this.pick(120),
      this.pick(2) === 0 && versionId === null ? undefined : version,
    );
  }

  private versions(): ListedVersion[] {
    return ['v0', 'v1', 'v2', 'v3']
      .filter(() => this.pick(2) === 0)
      .map((versionId, i) => ({
        versionId,
        size: this.pick(120),
        etag: `"${this.pick(3)}"`,
        lastModified: 400 + 100 * i,
      }));
  }
}

/** Follows the reader's actions, and refuses forbidden ones. */
class Watch {
  /** True while content is open for a later action. */
  isOpen = false;
  published: Checkpoint | null;
  /** True after the object's bytes were shown to be those of the checkpoint, or nothing was read of the generation. */
  private mayPublish = false;

  constructor(committed: Checkpoint | null) {
    this.published = committed;
  }

  saw(request: RequestAction, event: ReaderEvent): void {
    if (event.type === 'opened') this.isOpen = true;
    if (request.type === 'findRepeats' && event.type === 'repeatsFound' && request.keep) this.isOpen = true;
    if (event.type !== 'verified') return;
    const { outcome } = event.verification;
    this.mayPublish = outcome !== 'disproved';
    if (request.type === 'verify' && request.keep && this.mayPublish) this.isOpen = true;
  }

  ordered(actions: readonly ReaderAction[]): RequestAction | EndAction | null {
    let last: RequestAction | EndAction | null = null;
    for (const action of actions) {
      if (last !== null) throw new Error(`'${action.type}' after '${last.type}'`);
      switch (action.type) {
        case 'trace':
          break;
        case 'close':
          this.isOpen = false;
          break;
        case 'publish':
          this.publish(action);
          break;
        case 'lookUp':
        case 'finish':
        case 'fail':
          if (this.isOpen) throw new Error(`'${action.type}' leaves content open`);
          last = action;
          break;
        default:
          this.requested(action);
          last = action;
      }
    }
    return last;
  }

  private requested(action: RequestAction): void {
    if ((action.type === 'open' || action.type === 'verify') && this.isOpen) throw new Error('content is open already');
    const consumes = action.type === 'digestPrefix' || ('content' in action && action.content === 'opened');
    if (consumes && !this.isOpen) throw new Error(`'${action.type}' wants open content, and there is none`);
    if (consumes) this.isOpen = false;
    if (action.type === 'open' || action.type === 'check') this.mayPublish = false;
    if (action.type !== 'scan') return;
    const { position, identity } = action.checkpoint;
    const isNothingRead =
      position.size === position.sums.skipped + heldBytes(action.checkpoint) && identity.proof === 'first';
    const isSame = identity.etag === action.object.etag;
    if (!isNothingRead && !this.mayPublish && !isSame) throw new Error('scans before it is proven');
    if (!isSame) throw new Error('scans for a checkpoint of another object');
  }

  private publish({ from, lines, checkpoint, quarantine }: PublishAction): void {
    const last = this.published?.position ?? { generation: 0, offset: 0 };
    const isNext =
      from.generation === last.generation
        ? from.offset === last.offset
        : from.generation > last.generation && from.offset === 0;
    if (!isNext)
      throw new Error(`a step from ${from.generation}:${from.offset} after ${last.generation}:${last.offset}`);
    if (!isBalanced(checkpoint)) throw new Error('bytes are not accounted for');
    if (quarantine !== null && lines !== 'none') throw new Error('lines of an object in quarantine');
    this.published = checkpoint;
  }
}

const request = fc.option(fc.record({ count: fc.boolean(), after: fc.constantFrom(null, 0, 1) }), { nil: null });
const since = fc.constantFrom(
  { ms: -Infinity, older: 'ignored' as const },
  { ms: 1_000, older: 'ignored' as const },
  { ms: 1_000, older: 'skipped' as const },
  { ms: 1_000, older: 'skipped' as const, listed: { size: 40, etag: '"9"', lastModified: 400 } },
);
const setting = fc.record({
  forceFlushAfterMs: fc.constantFrom(0, 10),
  maxProofBytes: fc.constantFrom(0, 50),
  maxReproofBytes: fc.constantFrom(0, 50),
  since,
});

describe('decide', () => {
  it('proves before it publishes, accounts for every byte and closes what it opens when a store answers in any way', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 50, maxLength: 400 }),
        request,
        setting,
        (choices, requested, change) => {
          const store = new AnyStore(choices);
          const watch = new Watch(null);
          const readerFor = (still: ReaderState['request']): ReaderState =>
            initialReader({ key: KEY, topic: 'logs' }, still, { ...rules, ...change });
          let state = readerFor(requested);
          let committed: Checkpoint | null = null;
          for (let now = NOW; !store.isExhausted; now += 5) {
            let event: ReaderEvent = { type: 'started', checkpoint: committed };
            // `scan` and `flushTail` continue after each of their events.
            let pending: RequestAction | null = null;
            for (;;) {
              const decided = decide(state, event, now);
              ({ state } = decided);
              const next = watch.ordered(decided.actions);
              const asked: RequestAction | EndAction | null = next ?? pending;
              if (asked === null) throw new Error('waits for nothing');
              if (asked.type === 'lookUp' || asked.type === 'finish' || asked.type === 'fail') {
                // Only a reader that looks up its checkpoint again remembers its attempts.
                if (asked.type !== 'lookUp') state = readerFor(asked.request);
                break;
              }
              event = store.answer(asked, state.checkpoint);
              watch.saw(asked, event);
              pending = asked;
            }
            // The last published steps may be lost.
            if (store.pick(2) === 0) committed = watch.published;
            watch.published = committed;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

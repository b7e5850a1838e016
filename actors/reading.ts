import type { Checkpoint } from '../src/ingestion/checkpoint';
import { planRead } from '../src/ingestion/plan';
import * as progress from '../src/ingestion/progress';
import { quarantineReasonOf, quarantineRecord } from '../src/ingestion/quarantine';
import type { TelltaleError } from '../src/errors';
import type { ObjectInfo } from '../src/ports/object-store';
import { firstOf, readFirst } from './beginning';
import { close, openContent, type Content } from './content';
import { prove } from './proving';
import { closeTail, positionOf, readOn, rest, type ReadingOptions, type Step, type Steps } from './steps';

/**
 * Reads what is new of one object, or of one version, one step at a time, as fast as steps are asked for. Null is no step
 * yet: bytes were read, ask again. Nothing is handed out before it is proven that the object goes on from what was read
 * before. One that cannot be read goes to quarantine.
 *
 * @param committed what the event log knows of the source
 * @returns the checkpoint behind all that could be read; null when there is none
 * @throws OBJECT_CHANGED, OBJECT_NOT_FOUND, OBJECT_STORE as the store's `read`; every step so far stands
 */
export async function* readObject(
  committed: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
): Steps<Checkpoint | null> {
  return yield* withQuarantine(committed, object, options, planned(committed, object, options));
}

/**
 * Reads an object from its first byte once more, as a new generation.
 * @param count count lines that were read before once more
 */
export async function* rereadObject(
  committed: Checkpoint,
  object: ObjectInfo,
  count: boolean,
  options: ReadingOptions,
): Steps<Checkpoint | null> {
  const begin = (last: Checkpoint, { encoding }: Content): Checkpoint =>
    progress.restarted(last, object, encoding, { count });
  return yield* withQuarantine(committed, object, options, fromStart(committed, object, begin, options));
}

/** An object that may not even be looked at goes to quarantine. */
export async function* refuseObject(
  committed: Checkpoint | null,
  object: ObjectInfo,
  denied: TelltaleError,
  options: ReadingOptions,
): Steps<Checkpoint | null> {
  return yield* withQuarantine(committed, object, options, failing(denied));
}

// eslint-disable-next-line @typescript-eslint/require-await, require-yield -- a reading like the others
async function* failing(error: TelltaleError): AsyncGenerator<null, never, undefined> {
  throw error;
}

/** The object was deleted: its source ends, and what is held of it will never be terminated. */
export function* endSource(committed: Checkpoint, options: ReadingOptions): Generator<Step, Checkpoint, undefined> {
  if (committed.ended !== null) return committed;
  const last = yield* closeTail(committed, options);
  const checkpoint = progress.ended(last, options.clock.now());
  yield { batch: null, from: positionOf(last), checkpoint, more: false };
  return checkpoint;
}

async function* planned(
  committed: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
): Steps<Checkpoint | null> {
  const plan = planRead(committed, object);
  switch (plan.kind) {
    case 'nothing':
      return yield* notRead(plan.checkpoint, object, options);
    case 'first':
      return yield* readFirst(null, object, options);
    case 'begin':
      return yield* readFirst(plan.checkpoint, object, options);
    case 'continue':
      return yield* readOn(plan.checkpoint, object, rest(plan.checkpoint, object, options), options);
    case 'prove': {
      const proven = yield* prove(plan.checkpoint, object, options);
      if (proven === null) return yield* replaced(plan.checkpoint, object, options);
      return yield* readOn(proven.checkpoint, object, proven.chunks, options);
    }
    case 'rewrite':
      return yield* replaced(plan.checkpoint, object, options);
  }
}

/** Nothing is new but, perhaps, the version's name; or the tail has waited for its terminator for too long. */
async function* notRead(checkpoint: Checkpoint, object: ObjectInfo, options: ReadingOptions): Steps {
  const {
    position: { heldSince },
    quarantine,
    identity: { proof },
  } = checkpoint;
  if (quarantine !== null) return checkpoint;
  if (heldSince !== null && options.clock.now() - heldSince >= options.tailTimeoutMs) {
    return yield* readOn(checkpoint, object, rest(checkpoint, object, options), { ...options, tailTimeoutMs: 0 });
  }
  if ((object.versionId ?? null) === checkpoint.identity.versionId) return checkpoint;
  const renamed = progress.asWhole(progress.accept(checkpoint, object, proof));
  yield { batch: null, from: positionOf(renamed), checkpoint: renamed, more: false };
  return renamed;
}

/** The content was replaced: from its first byte on. */
function replaced(checkpoint: Checkpoint, object: ObjectInfo, options: ReadingOptions): Steps {
  const begin = (last: Checkpoint, { encoding }: Content): Checkpoint =>
    progress.nextGeneration(last, object, encoding);
  return fromStart(checkpoint, object, begin, options);
}

/** Opens the object before anything is said to have ended: one that cannot be read replaces nothing. */
async function* fromStart(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  begin: (last: Checkpoint, content: Content) => Checkpoint,
  options: ReadingOptions,
): Steps {
  const content = yield* openContent(object, options);
  try {
    const last = yield* closeTail(checkpoint, options);
    return yield* readOn(begin(last, content), object, content.chunks, options);
  } finally {
    await close(content.chunks);
  }
}

/** Passes steps on. An object that cannot be read gets its record once: what was read before stands. */
async function* withQuarantine(
  committed: Checkpoint | null,
  object: ObjectInfo,
  options: ReadingOptions,
  steps: Steps<Checkpoint | null>,
): Steps<Checkpoint | null> {
  let last = committed;
  try {
    for (;;) {
      const { value, done } = await steps.next();
      if (done === true) return value;
      last = value?.checkpoint ?? last;
      yield value;
    }
  } catch (error) {
    const reason = quarantineReasonOf(error);
    if (reason === null) throw error;
    const before = last ?? firstOf(object, 'plain', options);
    if (before.quarantine?.etag === object.etag && before.quarantine.reason === reason) return before;
    const checkpoint = progress.quarantined(before, object, reason);
    const quarantine = quarantineRecord(checkpoint.source, object, reason, error);
    yield { batch: null, from: positionOf(before), checkpoint, quarantine, more: false };
    return checkpoint;
  } finally {
    await steps.return(null);
  }
}

import type { Checkpoint } from '../src/ingestion/checkpoint';
import type { Hashing } from '../src/ingestion/content';
import { resumptionOf } from '../src/ingestion/plan';
import { accept } from '../src/ingestion/progress';
import { createProof, createReproof } from '../src/ingestion/proof';
import type { ObjectInfo } from '../src/ports/object-store';
import { contentFrom, openContent, piecesOf, storedBytes, type ContentOptions } from './content';

export interface ProvingOptions extends ContentOptions {
  readonly hashing: Hashing;
  /** What was read before is read again, when nothing else proves it, up to this many bytes. */
  readonly maxReproofBytes: number;
  /** The object changes faster than it can be proven: one read has to do, and where that proves nothing, the bytes before decide. */
  readonly hurried: boolean;
}

/** Where reading goes on: the checkpoint speaks of the new object. */
export interface Continuation {
  readonly checkpoint: Checkpoint;
  /** From `resumptionOf(checkpoint).from` on. */
  readonly chunks: AsyncIterable<Buffer>;
}

/** Does an object go on from what was read before? Null when it does not. Null steps: bytes were read. */
export async function* prove(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  options: ProvingOptions,
): AsyncGenerator<null, Continuation | null, undefined> {
  if (checkpoint.identity.encoding === 'gzip') return yield* proveByContent(checkpoint, object, options);
  const isKept = object.size - checkpoint.position.size <= options.maxProofBytes;
  return options.hurried && !isKept
    ? yield* proveInOneRead(checkpoint, object, options)
    : yield* proveByChecksum(checkpoint, object, options);
}

/** Reads the suffix for its checksum alone; where the store's own says nothing, also what was read before. */
async function* proveByChecksum(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  options: ProvingOptions,
): AsyncGenerator<null, Continuation | null, undefined> {
  const proof = createProof(checkpoint, object, options.hashing);
  const { from } = resumptionOf(checkpoint);
  const kept: Buffer[] | null = object.size - checkpoint.position.size <= options.maxProofBytes ? [] : null;
  for await (const chunk of storedBytes(object, from, options)) {
    proof.push(chunk);
    kept?.push(chunk);
    yield null;
  }
  const { outcome } = proof.judge();
  if (outcome === 'disproved') return null;
  const chunks = kept === null ? storedBytes(object, from, options) : piecesOf(kept);
  if (outcome === 'proven') return { checkpoint: accept(checkpoint, object, 'proven'), chunks };
  if (options.hurried || checkpoint.identity.crc64 === null || checkpoint.position.size > options.maxReproofBytes) {
    return { checkpoint: accept(checkpoint, object, 'fingerprint'), chunks };
  }
  const again = yield* readAgain(checkpoint, object, storedBytes(object, 0, options), options);
  if (again.outcome === 'disproved') return null;
  return { checkpoint: accept(checkpoint, object, 'proven', { crc32: again.crc32 }), chunks };
}

/** One read, which sees one version whatever comes after it: first the bytes before, then what follows. */
async function* proveInOneRead(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  options: ProvingOptions,
): AsyncGenerator<null, Continuation | null, undefined> {
  const proof = createProof(checkpoint, object, options.hashing);
  const stream = storedBytes(object, resumptionOf(checkpoint).from, options);
  const before: Buffer[] = [];
  let goesOn = false;
  try {
    while (!proof.knowsFingerprint) {
      const { value, done } = await stream.next();
      if (done === true) break;
      proof.push(value);
      before.push(value);
      yield null;
    }
    goesOn = proof.judge().outcome !== 'disproved';
  } finally {
    // Also when nobody asks for more.
    if (!goesOn) await stream.return();
  }
  return goesOn ? { checkpoint: accept(checkpoint, object, 'fingerprint'), chunks: joined(before, stream) } : null;
}

/** What a gzip holds is compared as a whole: its bytes say nothing, and it may not be one any more. */
async function* proveByContent(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  options: ProvingOptions,
): AsyncGenerator<null, Continuation | null, undefined> {
  const { encoding, chunks } = yield* openContent(object, options);
  const again = yield* readAgain(checkpoint, object, chunks, options);
  if (again.outcome === 'disproved') return null;
  const crc32 = encoding === 'plain' ? again.crc32 : null;
  return {
    checkpoint: accept(checkpoint, object, 'proven', { crc32, encoding }),
    chunks: contentFrom(object, resumptionOf(checkpoint).from, encoding, options),
  };
}

async function* readAgain(
  checkpoint: Checkpoint,
  object: ObjectInfo,
  content: AsyncIterable<Buffer>,
  { hashing }: ProvingOptions,
): AsyncGenerator<null, ReturnType<ReturnType<typeof createReproof>['judge']>, undefined> {
  const reproof = createReproof(checkpoint, object, hashing);
  for await (const chunk of content) {
    reproof.push(chunk);
    if (reproof.isComplete) break;
    yield null;
  }
  return reproof.judge();
}

async function* joined(
  before: readonly Buffer[],
  rest: AsyncGenerator<Buffer, void, undefined>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* before;
    yield* rest;
  } finally {
    // Also when nobody asks for more than what was before.
    await rest.return();
  }
}

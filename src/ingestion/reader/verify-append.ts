import type { Checkpoint, ContentEncoding } from '../checkpoint';
import type { SourceObject } from '../plan';
import { accept } from '../progress';
import type { ContentSource, ReaderEvent } from './protocol';
import type { ObjectStep, ObjectTurn, ReadingContext } from './state';
import type { Reason, RewriteReason } from './trace';
import { after, awaiting, openFor, placeOf, scan, trace } from './turn';

/**
 * Verifies that an object begins with the bytes read before. No line is published before that is proven
 * (`proof-before-publishing`).
 */

/** Continue with `turn`, or start a new generation because of `differs`. */
export type VerifiedTurn = { readonly turn: ObjectTurn } | { readonly differs: RewriteReason };

type Verified = Extract<ReaderEvent, { type: 'verified' }>;

export function startVerification(checkpoint: Checkpoint, object: SourceObject, context: ReadingContext): ObjectTurn {
  // Two gzips can hold the same content in other bytes: only the content is compared, and a plain file may replace a gzip.
  if (checkpoint.identity.encoding !== 'plain') return openFor(checkpoint, object, { kind: 'reread' });
  const keep = object.size - checkpoint.position.size <= context.rules.maxProofBytes;
  const by = context.singlePass && !keep ? 'fingerprint' : 'checksum';
  const step = { name: 'verifying', by, keep: keep || by === 'fingerprint' } as const;
  return awaiting(checkpoint, object, step, { type: 'verify', checkpoint, object, by, keep: step.keep });
}

/** After `verify`. */
export function onVerified(
  checkpoint: Checkpoint,
  object: SourceObject,
  { by, keep }: Extract<ObjectStep, { name: 'verifying' }>,
  { verification }: Verified,
  context: ReadingContext,
): VerifiedTurn {
  const { outcome } = verification;
  if (outcome === 'disproved') return { differs: verification.by === 'checksum' ? 'checksum' : 'fingerprint' };
  const content = keep ? 'opened' : 'stored';
  if (by === 'checksum' && outcome === 'proven')
    return accepted(checkpoint, object, content, { reason: 'checksum' }, context);
  const { maxReproofBytes } = context.rules;
  const { identity, position } = checkpoint;
  if (context.singlePass || identity.crc64 === null || position.size > maxReproofBytes) {
    return accepted(checkpoint, object, content, { reason: 'fingerprint' }, context);
  }
  const step = { name: 'rereading', encoding: null, keep } as const;
  return { turn: awaiting(checkpoint, object, step, { type: 'reread', checkpoint, object, content: 'stored' }) };
}

/** The content of an object is open that was compressed when it was read before. */
export function rereadOpened(checkpoint: Checkpoint, object: SourceObject, encoding: ContentEncoding): ObjectTurn {
  const step = { name: 'rereading', encoding, keep: false } as const;
  return awaiting(checkpoint, object, step, { type: 'reread', checkpoint, object, content: 'opened' });
}

/** After `reread`. */
export function onReread(
  checkpoint: Checkpoint,
  object: SourceObject,
  { encoding, keep }: Extract<ObjectStep, { name: 'rereading' }>,
  { verification, crc32 }: Verified,
  context: ReadingContext,
): VerifiedTurn {
  if (verification.outcome === 'disproved') return { differs: 'content' };
  const content = keep ? 'opened' : 'stored';
  // The store's second checksum is of the object's bytes: compressed ones are not the content.
  const found = encoding === null ? { crc32 } : { crc32: encoding === 'plain' ? crc32 : null, encoding };
  return accepted(checkpoint, object, content, { reason: 'reread', found }, context);
}

function accepted(
  checkpoint: Checkpoint,
  object: SourceObject,
  content: ContentSource,
  how: {
    readonly reason: Extract<Reason, { decision: 'appended' }>['reason'];
    readonly found?: Parameters<typeof accept>[3];
  },
  context: ReadingContext,
): VerifiedTurn {
  const { reason, found = {} } = how;
  const next = accept(checkpoint, object, reason === 'fingerprint' ? 'fingerprint' : 'proven', found);
  const place = placeOf(next, context, object, next.position.size, object.size);
  const turn = scan(next, object, content, context);
  return { turn: after([trace({ decision: 'appended', reason }, place)], turn) };
}

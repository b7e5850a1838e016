import type { Checkpoint, Identity, Position } from '../../../src/ingestion/checkpoint';

/** Fields of a checkpoint by their names alone, whichever part they belong to. */
export type CheckpointChange = Partial<Position & Identity & Omit<Checkpoint, 'position' | 'identity'>>;

const partOf: Readonly<Record<keyof Position, 'position'> & Record<keyof Identity, 'identity'>> = {
  generation: 'position',
  offset: 'position',
  size: 'position',
  held: 'position',
  heldSince: 'position',
  sums: 'position',
  possibleGap: 'position',
  pendingGap: 'position',
  encoding: 'identity',
  etag: 'identity',
  versionId: 'identity',
  lastModified: 'identity',
  objectSize: 'identity',
  whole: 'identity',
  crc64: 'identity',
  crc32: 'identity',
  fingerprint: 'identity',
  proof: 'identity',
};

/** Some fields, each in its part: for `toMatchObject`. */
export function inParts(fields: CheckpointChange): {
  readonly position: Partial<Position>;
  readonly identity: Partial<Identity>;
} {
  const parts: Record<'position' | 'identity' | 'rest', [string, unknown][]> = { position: [], identity: [], rest: [] };
  const known = new Map<string, 'position' | 'identity'>(Object.entries(partOf));
  for (const [name, value] of Object.entries(fields)) parts[known.get(name) ?? 'rest'].push([name, value]);
  const { position, identity, rest } = parts;
  return {
    ...Object.fromEntries(rest),
    position: Object.fromEntries(position),
    identity: Object.fromEntries(identity),
  };
}

/** The checkpoint with some fields replaced. */
export function changed(checkpoint: Checkpoint, change: CheckpointChange): Checkpoint {
  const { position, identity, ...rest } = inParts(change);
  return {
    ...checkpoint,
    ...rest,
    position: { ...checkpoint.position, ...position },
    identity: { ...checkpoint.identity, ...identity },
  };
}

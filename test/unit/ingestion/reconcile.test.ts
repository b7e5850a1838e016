import { changed } from '../../support/ingestion/checkpoints';
import { initialReadingState } from '../../../src/lines/reading-state';
import type { Checkpoint, QuarantineReason } from '../../../src/ingestion/checkpoint';
import { firstCheckpoint } from '../../../src/ingestion/generations';
import { quarantined } from '../../../src/ingestion/progress';
import {
  canRemove,
  canTrim,
  needsRead,
  knownOf,
  rareRetryDelay,
  retryDelay,
  type KnownSource,
  type ListedObject,
} from '../../../src/ingestion/reconcile';

const object = { size: 50, etag: '"a"', lastModified: 1_000 };
const read: Checkpoint = changed(firstCheckpoint('b/k', 'k', object, 'plain', 'logs'), {
  offset: 50,
  size: 50,
  whole: true,
  sums: { published: 50, dropped: 0, skipped: 0 },
});
const known: KnownSource = {
  etag: '"a"',
  size: 50,
  versioned: false,
  lastModified: 1_000,
  settled: true,
  heldSince: null,
  ended: null,
  trimmed: true,
};
const refuse = (reason: QuarantineReason): Checkpoint =>
  quarantined(changed(read, { heldSince: 7 }), { size: 70, etag: '"b"', lastModified: 2_000 }, reason);
const hashes = (count: number): Checkpoint['format'] => ({
  ...initialReadingState,
  unsketched: { time: 1, hashes: Array.from({ length: count }, (_, i) => i) },
});

describe('known source', () => {
  test.each<[string, Checkpoint, Partial<KnownSource>]>([
    ['read to its end', read, {}],
    ['read in part', changed(read, { whole: false }), { settled: false }],
    ['of a gzip', changed(read, { encoding: 'gzip', size: 900, offset: 900 }), { size: 50 }],
    ['with versions', changed(read, { versionId: 'v1' }), { versioned: true }],
    ['with a held tail', changed(read, { heldSince: 7 }), { heldSince: 7 }],
    ['that was deleted', { ...read, ended: 9 }, { ended: 9 }],
    ['with two hashes of lines', changed(read, { format: hashes(2) }), { trimmed: true }],
    ['with many hashes of lines', changed(read, { format: hashes(3) }), { trimmed: false }],
    ['in quarantine', refuse('gzip-corrupt'), { etag: '"b"', size: 70, lastModified: 2_000 }],
    [
      'in quarantine, read in part',
      changed(refuse('utf-16'), { whole: false }),
      { etag: '"b"', size: 70, lastModified: 2_000 },
    ],
    ['when access is denied', refuse('denied'), { settled: false, heldSince: 7 }],
  ])('%s', (_, checkpoint, change) => {
    expect(knownOf(checkpoint)).toEqual({ ...known, ...change });
  });
});

describe('needsRead', () => {
  const unchanged: ListedObject = object;

  test.each<[string, Partial<KnownSource>, Partial<ListedObject>, boolean]>([
    ['as it was', {}, {}, false],
    ['with another ETag', {}, { etag: '"b"' }, true],
    ['of another size', {}, { size: 51 }, true],
    ['of another time alone', {}, { lastModified: 2_000 }, false],
    ['with another time on a versioned bucket', { versioned: true }, { lastModified: 2_000 }, true],
    ['with the same time on a versioned bucket', { versioned: true }, {}, false],
    ['not read to its end', { settled: false }, {}, true],
    ['whose source had ended', { ended: 0 }, {}, true],
    ['with an overdue held tail', { heldSince: 500 }, {}, true],
    ['with a held tail due right now', { heldSince: 600 }, {}, true],
    ['whose tail may wait', { heldSince: 601 }, {}, false],
  ])('%s', (_, change, changed, isLookedAt) => {
    expect(needsRead({ ...known, ...change }, { ...unchanged, ...changed }, 600)).toBe(isLookedAt);
  });

  it.each<[QuarantineReason, boolean]>([
    ['gzip-corrupt', false],
    ['gzip-truncated', false],
    ['gzip-ratio', false],
    ['utf-16', false],
    ['denied', true],
  ])('is, for an object in quarantine as %s, %s', (reason, isLookedAt) => {
    expect(needsRead(knownOf(refuse(reason)), { size: 70, etag: '"b"', lastModified: 2_000 }, 600)).toBe(isLookedAt);
  });
});

describe('clean-up', () => {
  const day = 24 * 60 * 60_000;

  test.each<[string, Partial<KnownSource>, number, boolean]>([
    ['does not trim a source that changed within a day', { trimmed: false }, 1_000 + day - 1, false],
    ['trims a source a day after its last change', { trimmed: false }, 1_000 + day, true],
    ['does not trim a source twice', { trimmed: true }, 1_000 + day, false],
    ['does not trim an ended source', { trimmed: false, ended: 1_000 }, 1_000 + day, false],
  ])('%s', (_, change, now, expected) => {
    expect(canTrim({ ...known, ...change }, now)).toBe(expected);
  });

  test.each<[string, number | null, number, boolean]>([
    ['keeps a source whose object exists, at any age', null, 1_000 * day, false],
    ['keeps a deleted source within the retention of its lines', 500, 500 + 7 * day - 1, false],
    ['removes a deleted source when retention has taken its lines', 500, 500 + 7 * day, true],
  ])('%s', (_, ended, now, expected) => {
    expect(canRemove({ ...known, ended }, now, 7 * day)).toBe(expected);
  });
});

test.each([
  [1, 5_000],
  [2, 10_000],
  [3, 20_000],
  [8, 640_000],
  [9, 900_000],
  [10, 900_000],
  [5_000, 900_000],
])('retries after %i failures in %i ms', (attempts, delay) => {
  expect(retryDelay(attempts)).toBe(delay);
});

test.each([
  [1, 15],
  [2, 30],
  [3, 60],
  [5, 240],
  [6, 360],
  [1_000, 360],
])('retries what the store will not give after %i failures in %i minutes', (attempts, minutes) => {
  expect(rareRetryDelay(attempts)).toBe(minutes * 60_000);
});

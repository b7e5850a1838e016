import { changed, type CheckpointChange } from '../../support/ingestion/checkpoints';
import type { Checkpoint, QuarantineReason } from '../../../src/ingestion/checkpoint';
import { firstCheckpoint } from '../../../src/ingestion/generations';
import { bytesToSkip, versionsToRead, type Since, type SourceVersion } from '../../../src/ingestion/versions';

/** Versions `v10`, `v20` … put at those times. */
const kept = (...times: number[]): SourceVersion[] =>
  times.map((lastModified) => ({ versionId: `v${lastModified}`, etag: `"${lastModified}"`, lastModified }));

const idsOf = (versions: readonly SourceVersion[]): string => versions.map(({ versionId }) => versionId).join(' ');

const ignoring = (ms: number): Since => ({ ms, older: 'ignored' });
const skippingOlder = (ms: number): Since => ({ ms, older: 'skipped' });

describe('the versions of a source never seen', () => {
  test.each<[string, Since, string]>([
    ['all are wanted', ignoring(0), 'v10 v20 v30'],
    ['some are older than since', ignoring(20), 'v20 v30'],
    ['since lies between two', ignoring(11), 'v20 v30'],
    ['none is wanted', ignoring(31), ''],
    ['all are wanted, and older ones would be skipped', skippingOlder(10), 'v10 v20 v30'],
    ['the newest of the older ones is skipped', skippingOlder(30), 'v20 v30'],
    ['all are older, and the newest of them is skipped', skippingOlder(31), 'v30'],
  ])('where %s', (_, since, ids) => {
    const { versions, possibleGap } = versionsToRead(null, kept(10, 20, 30), since);
    expect(idsOf(versions)).toBe(ids);
    expect(possibleGap).toBe(false);
  });

  it('start at the first that is wanted, even if a later one has an earlier time', () => {
    expect(idsOf(versionsToRead(null, kept(10, 30, 20), ignoring(25)).versions)).toBe('v30 v20');
  });

  const listedAt = (lastModified: number): Since => ({
    ...skippingOlder(100),
    listed: { size: 1, etag: '"a"', lastModified },
  });
  test.each<[string, SourceVersion[], string]>([
    ['from the one that was listed, however late the clock of the store', kept(10, 20, 30, 40), 'v20 v30 v40'],
    [
      'from the newest of its second',
      [...kept(10, 20), { versionId: 'other', etag: '"o"', lastModified: 20 }],
      'other',
    ],
    ['from the next one when it is gone', kept(10, 30, 40), 'v30 v40'],
    ['not at all where all that is kept is older', kept(10), ''],
  ])('are read %s', (_, versions, ids) => {
    const toRead = versionsToRead(null, versions, listedAt(20));
    expect(idsOf(toRead.versions)).toBe(ids);
    expect(toRead.possibleGap).toBe(false);
  });

  it('are empty when none is kept', () => {
    expect(versionsToRead(null, [], skippingOlder(0))).toEqual({ versions: [], possibleGap: false });
  });
});

describe('of an object of which nothing was read', () => {
  const object = (size: number, lastModified: number): { size: number; etag: string; lastModified: number } => ({
    size,
    etag: `"${size}"`,
    lastModified,
  });
  const listed: Since = { ...skippingOlder(50), listed: object(100, 20) };

  test.each<[string, ReturnType<typeof object>, Since, ReturnType<typeof bytesToSkip>]>([
    ['no byte of an object that is not older', object(9, 50), skippingOlder(50), 0],
    ['all is that is older', object(9, 49), skippingOlder(50), 'all'],
    ['nothing counts that is older than a date', object(9, 49), ignoring(50), null],
    ['all is that is as it was listed', object(100, 20), listed, 'all'],
    ['all of an object put again unchanged', object(100, 60), listed, 'all'],
    ['all is of a version before the one that was listed', object(300, 10), listed, 'all'],
    ['all is of another object put at the time of the listed one', object(300, 20), listed, 'all'],
    ['as much as was listed is, if it grew', object(101, 60), listed, 100],
    ['as much as was listed is, if it grew under the same ETag', { ...object(101, 60), etag: '"100"' }, listed, 100],
    ['as much as was listed is, if other bytes have its length', { ...object(100, 60), etag: '"b"' }, listed, 100],
    ['the listed bytes, independent of our own clock', object(101, 21), listed, 100],
    ['no byte of an object shorter than listed', object(99, 60), listed, 0],
    ['no byte after an empty object', object(9, 60), { ...listed, listed: object(0, 20) }, 0],
  ])('%s', (_, looked, since, skipped) => {
    expect(bytesToSkip(null, looked, since)).toBe(skipped);
  });

  test.each([
    ['as much as was listed is, if it could not be read before', false, 100],
    ['nothing is if another one was seen to its end since', true, 0],
  ])('%s', (_, whole, skipped) => {
    const known = changed(firstCheckpoint('b/k', 'k', object(0, 20), 'plain', 'logs'), { whole });
    expect(bytesToSkip(known, object(101, 60), listed)).toBe(skipped);
  });
});

describe('the versions after a checkpoint', () => {
  const after = (versionId: string | null, lastModified: number, change: CheckpointChange = {}): Checkpoint =>
    changed(
      firstCheckpoint('b/k', 'k', { size: 1, etag: `"${versionId?.slice(1) ?? 5}"`, lastModified }, 'plain', 'logs'),
      {
        versionId,
        size: 1,
        whole: true,
        ...change,
      },
    );
  const refused = (reason: QuarantineReason, versionId: string | null = 'v20'): Checkpoint['quarantine'] => ({
    etag: '"20"',
    size: 1,
    versionId,
    lastModified: 20,
    reason,
  });
  const unversioned = (lastModified: number): SourceVersion => ({
    versionId: 'null',
    etag: `"${lastModified}"`,
    lastModified,
  });

  test.each<[string, Checkpoint, SourceVersion[], string, boolean]>([
    ['begin after the one that was read', after('v10', 10), kept(10, 20, 30), 'v20 v30', false],
    ['are empty after the newest', after('v30', 30), kept(30), '', false],
    ['begin with the one that was read in part', after('v10', 10, { whole: false }), kept(10, 20), 'v10 v20', false],
    ['begin after a known one, independent of its time', after('v10', 99), kept(10, 20), 'v20', false],
    ['begin after an object put without a version', after(null, 5), [unversioned(5), ...kept(10)], 'v10', false],
    [
      'begin with an object put without a version, if it was read in part',
      after(null, 5, { whole: false }),
      [unversioned(5), ...kept(10)],
      'null v10',
      false,
    ],
    [
      'begin with what replaced one without a version that was read, in its place',
      after(null, 5),
      [unversioned(7), ...kept(10)],
      'null v10',
      false,
    ],
    [
      'begin with what replaced it while no more versions were kept',
      after('null', 5),
      [...kept(10), unversioned(20), ...kept(30)],
      'null v30',
      false,
    ],
    [
      'begin after one without a version that can never be read',
      after(null, 5, { quarantine: refused('utf-16', null) }),
      [unversioned(20), ...kept(30)],
      'v30',
      false,
    ],
    [
      'begin with what replaced one that can never be read',
      after(null, 5, { quarantine: refused('utf-16', null) }),
      [unversioned(25), ...kept(30)],
      'null v30',
      false,
    ],
    [
      'are those modified later, with a gap, where the known one is gone',
      after('v15', 15),
      kept(10, 20, 30),
      'v20 v30',
      true,
    ],
    ['leave out one of the same time, where the known one is gone', after('v9', 20), kept(10, 20, 30), 'v30', true],
    ['are empty, with a gap, when none was modified later', after('v35', 35), kept(10, 20, 30), '', true],
    ['are empty when none is kept', after('v10', 10), [], '', false],
    [
      'begin after one that can never be read',
      after('v10', 10, { quarantine: refused('utf-16') }),
      kept(10, 20, 30),
      'v30',
      false,
    ],
    [
      'begin after the one that was read, when a newer one is denied',
      after('v10', 10, { quarantine: refused('denied') }),
      kept(10, 20, 30),
      'v20 v30',
      false,
    ],
    [
      'begin after one that is archived',
      after('v10', 10, { quarantine: refused('archived') }),
      kept(10, 20, 30),
      'v30',
      false,
    ],
    [
      'begin after the one that was read, when an unknown version is archived',
      after('v10', 10, { quarantine: refused('archived', null) }),
      kept(10, 20, 30),
      'v20 v30',
      false,
    ],
    [
      'are the later ones, with a gap, when the object without a version is gone',
      after(null, 5),
      kept(10, 20),
      'v10 v20',
      true,
    ],
  ])('%s', (_, checkpoint, versions, ids, possibleGap) => {
    const toRead = versionsToRead(checkpoint, versions, ignoring(1_000));
    expect(idsOf(toRead.versions)).toBe(ids);
    expect(versions).toEqual(expect.arrayContaining([...toRead.versions]));
    expect(toRead.possibleGap).toBe(possibleGap);
  });

  const nothingRead = { size: 0, whole: false };
  test.each<[string, Checkpoint, string]>([
    [
      'those of a source never seen, if it was denied',
      after(null, 20, { ...nothingRead, quarantine: refused('denied') }),
      'v10 v20',
    ],
    ['the same when it is deleted by now', after(null, 20, { ...nothingRead, ended: 25 }), 'v10 v20'],
    [
      'those from the one on that was denied, where it is known',
      after('v20', 20, { ...nothingRead, quarantine: refused('denied') }),
      'v20',
    ],
    ['the later ones when it was empty', after('v20', 20, { size: 0 }), ''],
  ])('are, where nothing was read of it, %s', (_, checkpoint, ids) => {
    expect(versionsToRead(checkpoint, kept(5, 10, 20), ignoring(10))).toEqual({
      versions: kept(
        ...ids
          .split(' ')
          .filter((id) => id !== '')
          .map((id) => Number(id.slice(1))),
      ),
      possibleGap: false,
    });
  });
});

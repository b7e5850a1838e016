import type { Checkpoint } from '../../../src/domain/sources/checkpoint';
import { firstCheckpoint } from '../../../src/domain/sources/progress';
import { versionsToRead, type Since, type SourceVersion } from '../../../src/domain/sources/versions';

/** Versions `v10`, `v20` … put at those times. */
const kept = (...times: number[]): SourceVersion[] =>
  times.map((lastModified) => ({ versionId: `v${lastModified}`, lastModified }));

const idsOf = (versions: readonly SourceVersion[]): string => versions.map(({ versionId }) => versionId).join(' ');

const ignoring = (ms: number): Since => ({ ms, older: 'ignored' });
const passingOver = (ms: number): Since => ({ ms, older: 'passedOver' });

describe('the versions of a source never seen', () => {
  test.each<[string, Since, string]>([
    ['all are wanted', ignoring(0), 'v10 v20 v30'],
    ['some are older than what is wanted', ignoring(20), 'v20 v30'],
    ['what is wanted begins between two', ignoring(11), 'v20 v30'],
    ['none is wanted', ignoring(31), ''],
    ['all are wanted, and older ones would be passed over', passingOver(10), 'v10 v20 v30'],
    ['the newest of the older ones is passed over', passingOver(30), 'v20 v30'],
    ['all are older, and the newest of them is passed over', passingOver(31), 'v30'],
  ])('where %s', (_, since, ids) => {
    const { versions, possibleGap } = versionsToRead(null, kept(10, 20, 30), since);
    expect(idsOf(versions)).toBe(ids);
    expect(possibleGap).toBe(false);
  });

  it('go on from the first that is wanted, even if the clock of one behind it was late', () => {
    expect(idsOf(versionsToRead(null, kept(10, 30, 20), ignoring(25)).versions)).toBe('v30 v20');
  });

  it('are none where none is kept', () => {
    expect(versionsToRead(null, [], passingOver(0))).toEqual({ versions: [], possibleGap: false });
  });
});

describe('the versions behind a checkpoint', () => {
  const behind = (versionId: string | null, lastModified: number, change: Partial<Checkpoint> = {}): Checkpoint => ({
    ...firstCheckpoint('b/k', 'k', { size: 1, etag: '"a"', lastModified }, 'plain'),
    versionId,
    whole: true,
    ...change,
  });
  const refused = (reason: 'utf-16' | 'denied'): Checkpoint['quarantine'] => ({
    etag: '"q"',
    size: 1,
    versionId: 'v20',
    lastModified: 20,
    reason,
  });
  const unversioned: SourceVersion = { versionId: 'null', lastModified: 5 };

  test.each<[string, Checkpoint, SourceVersion[], string, boolean]>([
    ['begin behind the one that was read', behind('v10', 10), kept(10, 20, 30), 'v20 v30', false],
    ['are none behind the newest', behind('v30', 30), kept(30), '', false],
    ['begin with the one that was read in part', behind('v10', 10, { whole: false }), kept(10, 20), 'v10 v20', false],
    ['begin behind a known one whatever its time', behind('v10', 99), kept(10, 20), 'v20', false],
    ['begin behind what was put before versions were kept', behind(null, 5), [unversioned, ...kept(10)], 'v10', false],
    [
      'begin with what was put before versions were kept, if it was read in part',
      behind(null, 5, { whole: false }),
      [unversioned, ...kept(10)],
      'null v10',
      false,
    ],
    [
      'are those modified later, with a gap, where the known one is gone',
      behind('v15', 15),
      kept(10, 20, 30),
      'v20 v30',
      true,
    ],
    ['leave out one of the same time, where the known one is gone', behind('v9', 20), kept(10, 20, 30), 'v30', true],
    ['are none, with a gap, where none was modified later', behind('v35', 35), kept(10, 20, 30), '', true],
    ['are none where none is kept', behind('v10', 10), [], '', false],
    [
      'begin behind one that can never be read',
      behind('v10', 10, { quarantine: refused('utf-16') }),
      kept(10, 20, 30),
      'v30',
      false,
    ],
    [
      'begin behind the one that was read, where a newer one is denied',
      behind('v10', 10, { quarantine: refused('denied') }),
      kept(10, 20, 30),
      'v20 v30',
      false,
    ],
    ['are those later, with a gap, where what had no version is gone', behind(null, 5), kept(10, 20), 'v10 v20', true],
  ])('%s', (_, checkpoint, versions, ids, possibleGap) => {
    const toRead = versionsToRead(checkpoint, versions, ignoring(1_000));
    expect(idsOf(toRead.versions)).toBe(ids);
    expect(toRead.possibleGap).toBe(possibleGap);
  });
});

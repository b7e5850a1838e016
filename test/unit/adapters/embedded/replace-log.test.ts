import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isReplacing, madeFor, putInPlace } from '../../../../src/adapters/embedded/replace-log';
import { tempFolders } from '../../../support/temp-folder';

const folders = tempFolders();
const MADE = new Date('2026-11-30T21:09:04.755Z');
const ASIDE = 'events.db.damaged-20261130T210904755Z';

describe('the replacement of an event log', () => {
  it.each([
    ['before the old file is moved', ASIDE],
    ['before the commits beside it are moved', `${ASIDE}-wal`],
    ['before its index of commits is moved', `${ASIDE}-shm`],
  ])('completes after an end %s, and keeps the old files together', async (_, obstacle) => {
    const folder = folders.make();
    const path = join(folder, 'events.db');
    for (const suffix of ['', '-wal', '-shm']) writeFileSync(`${path}${suffix}`, `old${suffix}`);
    writeFileSync(madeFor(path), 'new');
    utimesSync(madeFor(path), MADE, MADE);
    mkdirSync(join(folder, obstacle, 'full'), { recursive: true });
    await expect(putInPlace(path)).rejects.toThrow(obstacle);
    expect(isReplacing(path)).toBe(true);
    rmSync(join(folder, obstacle), { recursive: true });

    await expect(putInPlace(path)).resolves.toBe(ASIDE);
    expect(isReplacing(path)).toBe(false);
    const contents = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
    expect(Object.fromEntries(contents)).toEqual({
      'events.db': 'new',
      [ASIDE]: 'old',
      [`${ASIDE}-wal`]: 'old-wal',
      [`${ASIDE}-shm`]: 'old-shm',
    });
  });
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder, warnOfOpenFolder } from '../../../src/apps/data-folder';
import { collectingIo } from '../../support/in-process';

describe('a data folder', () => {
  let parent: string;
  beforeEach(() => (parent = mkdtempSync(join(tmpdir(), 'telltale-data-folder-'))));
  afterEach(() => rmSync(parent, { recursive: true }));

  it('is private when Telltale makes it', () => {
    const { root } = openDataFolder(join(parent, 'data'));
    expect(statSync(root).mode & 0o777).toBe(0o700);
  });

  it.each([
    [0o700, 0],
    [0o750, 1],
    [0o755, 1],
  ])('made beforehand with mode %o leads to %i warnings', (mode, warnings) => {
    mkdirSync(join(parent, 'data'));
    chmodSync(join(parent, 'data'), mode);
    const io = collectingIo();
    warnOfOpenFolder(openDataFolder(join(parent, 'data')), io.log);
    expect(io.logged.map(({ level }) => level)).toEqual(Array(warnings).fill('warn'));
  });
});

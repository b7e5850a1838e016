import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exists } from '../../src/exists';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();

describe('exists', () => {
  it('is true for files and folders only', () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'file'), '');
    const names = ['.', 'file', 'none', 'none/none', 'file/none'];
    expect(names.map((name) => exists(join(folder, name)))).toEqual([true, true, false, false, false]);
  });

  it('does not guess when the path cannot be followed', () => {
    const path = join(folders.make(), 'loop');
    symlinkSync(path, path);
    expect(() => exists(path)).toThrow('ELOOP');
  });
});

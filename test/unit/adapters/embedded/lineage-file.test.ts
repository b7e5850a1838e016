import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LineageFile } from '../../../../src/adapters/embedded/lineage-file';
import { tempFolders } from '../../../support/temp-folder';

const folders = tempFolders();

describe('LineageFile', () => {
  it('is empty without a file, and when the file is damaged', () => {
    const path = join(folders.make(), 'watch.json');
    const file = new LineageFile(path, z.number());
    expect(file.read()).toMatchObject({ host: null, lineages: new Map() });
    writeFileSync(path, '{"version":1');
    expect(file.read()).toMatchObject({ host: null, lineages: new Map() });
  });

  it('refuses a file that cannot be read: its content would be forgotten', () => {
    const path = join(folders.make(), 'watch.json');
    mkdirSync(path);
    expect(() => new LineageFile(path, z.number()).read()).toThrow(
      `Cannot read ${path} (EISDIR): it is a folder; move it away.`,
    );
  });

  it('refuses a pipe, because a read of it may never return', () => {
    const path = join(folders.make(), 'watch.json');
    execFileSync('mkfifo', [path]);
    expect(() => new LineageFile(path, z.number()).read()).toThrow(
      `Cannot read ${path}: it is not a regular file; move it away.`,
    );
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openFolderStore } from '../../src/adapters/embedded/folder-store';
import { digestPath } from '../../src/adapters/embedded/object-metadata';
import { systemClock } from '../../src/ports/clock';
import { objectStoreContract } from './object-store';

const BUCKET = 'telltale-logs';

const kinds: [string, boolean][] = [
  ['without versions', false],
  ['with versions', true],
];
describe.each(kinds)('%s', (how, versioning) => {
  const folders: string[] = [];
  const present = (): string => folders.at(-1) ?? '';

  objectStoreContract(`The folder store ${how}`, {
    bucket: BUCKET,
    keepsEveryKey: true,
    keepsKeysBelowKeys: true,
    versioned: versioning,
    keepsVersionTimes: true,
    fresh: async () => {
      folders.push(await mkdtemp(join(tmpdir(), 'telltale-store-')));
      return openFolderStore({ folder: present(), clock: systemClock, versioning });
    },
    remove: (key) => rm(join(present(), 'objects', BUCKET, key)),
    removeVersion: (key, versionId) => rm(join(present(), 'versions', BUCKET, digestPath(key), versionId)),
    close: async () => {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openFolderStore } from '../../src/adapters/embedded/folder-store';
import { systemClock } from '../../src/ports/clock';
import { objectStoreContract } from './object-store';

const folders: string[] = [];

objectStoreContract('The folder store', {
  bucket: 'telltale-logs',
  keepsEveryKey: true,
  keepsKeysBelowKeys: true,
  fresh: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'telltale-store-'));
    folders.push(folder);
    return openFolderStore({ folder, clock: systemClock });
  },
  close: async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  },
});

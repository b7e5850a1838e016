import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openSqliteEventLog } from '../../src/adapters/embedded/sqlite-event-log';
import { systemClock } from '../../src/ports/clock';
import { eventLogContract } from './event-log';

const folders: string[] = [];
let path = '';

eventLogContract('The SQLite event log', {
  stories: 30,
  fresh: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'telltale-events-'));
    folders.push(folder);
    path = join(folder, 'events.db');
  },
  open: () => openSqliteEventLog({ path, clock: systemClock }),
  close: async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  },
});

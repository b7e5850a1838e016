import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandScenarios, removeTemplate } from '../support/faults/command-scenarios';
import { FaultyPrograms } from '../support/faults/programs';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();
const programs = new FaultyPrograms();
afterAll(() => {
  programs.remove();
  removeTemplate();
});

const itOnLinux = process.platform === 'linux' ? it : it.skip;

itOnLinux('keeps all commits when a read fails while SQLite opens them', async () => {
  const audit = commandScenarios.find(({ name }) => name === 'audit');
  if (audit === undefined) throw new Error('there is no scenario audit');
  // Without a C compiler this test cannot run, and says so.
  expect(programs.hasShim).toBe(true);
  const folder = folders.make();
  await audit.prepare(folder);
  const first = await programs.run(audit.args(folder), null);
  const site = first.sites.find(
    ({ places, native }) => places[0]?.includes('sqlite-database') === true && 'wal pread' in native,
  );
  const fault = { how: 'error', code: 'EIO', file: 'wal', call: 'pread' } as const;
  const failed = await programs.run(audit.args(folder), { site: site?.id ?? '', nth: 1, fault });
  expect(failed).toMatchObject({ exitCode: 1, fired: { path: null } });
  expect(failed.err).toContain('events.db-wal) could not be read: check the disk, and start again.');
  const second = await programs.run(audit.args(folder), null);
  expect({ exitCode: second.exitCode, out: second.out }).toEqual({ exitCode: 0, out: first.out });
});

itOnLinux('does not repair an event log of which a read failed', async () => {
  const audit = commandScenarios.find(({ name }) => name === 'audit');
  if (audit === undefined) throw new Error('there is no scenario audit');
  const prepared = async (): Promise<string> => {
    const folder = folders.make();
    await audit.prepare(folder);
    return join(folder, 'data');
  };
  const first = await programs.run(['repair', '--data', await prepared()], null);
  expect(first.out).toContain('is not damaged: nothing was changed.');
  const site = first.sites.find(
    ({ places, native }) => places[0]?.includes('sqlite-database') === true && 'wal pread' in native,
  );
  const data = await prepared();
  const before = filesOf(data);
  const fault = { how: 'error', code: 'EIO', file: 'wal', call: 'pread' } as const;
  const failed = await programs.run(['repair', '--data', data], { site: site?.id ?? '', nth: 1, fault });
  expect(failed).toMatchObject({ exitCode: 1, fired: { path: null } });
  expect(failed.err).toContain('events.db-wal) could not be read: check the disk, and start again.');
  expect(filesOf(data)).toEqual(before);
});

/** The content of the files of the event log; the index of its commits (`-shm`) changes at each start. */
function filesOf(data: string): ReadonlyMap<string, string> {
  const names = readdirSync(data).filter((name) => name.startsWith('events.db') && !name.endsWith('-shm'));
  return new Map(names.sort().map((name) => [name, readFileSync(join(data, name)).toString('base64')]));
}

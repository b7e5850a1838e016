import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { acquireLock } from '../../../../src/adapters/embedded/lock';
import { killChildren, spawnChild } from '../../../contract/children/spawn-child';

describe('the lock of a data folder', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-lock-'));
  });
  afterEach(async () => {
    await killChildren();
    await rm(folder, { recursive: true, force: true });
  });

  it('is refused to a second holder in the same process; the error names the folder', async () => {
    const lock = await acquireLock(folder, 'producer');
    const second = acquireLock(folder, 'producer');
    await expect(second).rejects.toMatchObject({
      code: 'DATA_FOLDER_IN_USE',
      message: `A producer already uses ${folder} (perhaps telltale local): stop it, or name another data folder.`,
    });
    lock.release();
  });

  it('is free once released, and may be released twice', async () => {
    const lock = await acquireLock(folder, 'producer');
    lock.release();
    lock.release();
    const next = await acquireLock(folder, 'producer');
    await expect(acquireLock(folder, 'producer')).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' });
    next.release();
  });

  it('does not affect locks of other names', async () => {
    const producer = await acquireLock(folder, 'producer');
    const consumer = await acquireLock(folder, 'consumer');
    producer.release();
    consumer.release();
  });

  it('is refused while another process holds it, and free as soon as that process is killed', async () => {
    const holder = spawnChild('hold-lock', folder, 'producer');
    expect(await holder.line()).toBe('held');
    await expect(acquireLock(folder, 'producer')).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' });
    await holder.kill();
    const lock = await acquireLock(folder, 'producer');
    lock.release();
  });

  it('says what to do about a lock file that another program wrote, or that is a folder', async () => {
    await mkdir(join(folder, 'locks', 'consumer.lock'), { recursive: true });
    await writeFile(join(folder, 'locks', 'producer.lock'), Buffer.alloc(5000, 'not a lock'));
    const path = (name: string): string => join(folder, 'locks', `${name}.lock`);
    await expect(acquireLock(folder, 'producer')).rejects.toMatchObject({
      code: 'DATA_FOLDER',
      message: `Cannot lock ${path('producer')} (SQLITE_NOTADB): another program wrote it; move it away.`,
    });
    await expect(acquireLock(folder, 'consumer')).rejects.toMatchObject({
      code: 'DATA_FOLDER',
      message: `Cannot lock ${path('consumer')} (EISDIR): it is a folder; move it away.`,
    });
  });

  it('reports a path that is not a folder', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(acquireLock(join(folder, 'file'), 'producer')).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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

  it('reports a path that is not a folder', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(acquireLock(join(folder, 'file'), 'producer')).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });
});

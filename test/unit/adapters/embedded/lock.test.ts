import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { acquireLock } from '../../../../src/adapters/embedded/lock';
import { killChildren, spawnChild } from '../../../contract/children/spawn-child';

describe('The lock of a data folder', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-lock-'));
  });
  afterEach(async () => {
    await killChildren();
    await rm(folder, { recursive: true, force: true });
  });

  it('is refused to a second holder in the same process, in one sentence that names the folder', async () => {
    const lock = await acquireLock(folder, 'producer');
    const second = acquireLock(folder, 'producer');
    await expect(second).rejects.toMatchObject({
      code: 'DATA_FOLDER_IN_USE',
      message: `Another producer is using ${folder}: stop the other producer, or name another data folder.`,
    });
    lock.release();
  });

  it('is free again once released, and releasing twice is no error', async () => {
    const lock = await acquireLock(folder, 'producer');
    lock.release();
    lock.release();
    const next = await acquireLock(folder, 'producer');
    await expect(acquireLock(folder, 'producer')).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' });
    next.release();
  });

  it('leaves locks of other names alone', async () => {
    const producer = await acquireLock(folder, 'producer');
    const consumer = await acquireLock(folder, 'consumer');
    producer.release();
    consumer.release();
  });

  it('is refused while another process holds it, and free the moment that process is killed', async () => {
    const holder = spawnChild('hold-lock', folder, 'producer');
    expect(await holder.line()).toBe('held');
    await expect(acquireLock(folder, 'producer')).rejects.toMatchObject({ code: 'DATA_FOLDER_IN_USE' });
    await holder.kill();
    const lock = await acquireLock(folder, 'producer');
    lock.release();
  });

  it('says so when the folder is no folder', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(acquireLock(join(folder, 'file'), 'producer')).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });
});

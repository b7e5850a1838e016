import { acquireLock } from '../../../src/adapters/embedded/lock';

/** Takes the lock `name` of a folder, says so, and keeps it until it is killed. */
async function holdLock(folder: string, name: string): Promise<void> {
  await acquireLock(folder, name);
  console.log('held');
  setInterval(() => undefined, 60_000);
}

const [folder = '', name = ''] = process.argv.slice(2);
void holdLock(folder, name);

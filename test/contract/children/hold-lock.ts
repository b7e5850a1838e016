import { acquireLock } from '../../../src/adapters/embedded/lock';
import { endWithParent } from './parent-gone';

/** Takes the lock `name` of a folder, says so, and keeps it until it is killed or its parent is gone. */
async function holdLock(folder: string, name: string): Promise<void> {
  await acquireLock(folder, name);
  console.log('held');
}

endWithParent();
const [folder = '', name = ''] = process.argv.slice(2);
void holdLock(folder, name);

import { setImmediate } from 'node:timers/promises';

import { openSqliteEventLog } from '../../../src/adapters/embedded/sqlite-event-log';
import { isTelltaleError } from '../../../src/errors';
import { systemClock } from '../../../src/ports/clock';
import { batchOf, row } from '../records';
import { crashTopics } from './crash-topics';
import { endWithParent } from './parent-gone';

/**
 * Commits transaction after transaction, each with its number in two partitions, in a compacted topic and as a group's
 * offset, and says each number once it is committed. Ends with the code of an error.
 */
async function writeTransactions(path: string, id: string, count: number): Promise<void> {
  const log = await openSqliteEventLog({ path, clock: systemClock });
  await log.ensureTopics(crashTopics);
  const writer = await log.openWriter({ id, reads: [], writes: ['logs', 'checkpoints'] });
  console.log('open');
  for (let n = 1; n <= count; n++) {
    const transaction = writer.begin();
    const value = `${id}-${n}`;
    await transaction.append('logs', 0, batchOf(row(value.padEnd(20_000, '.'))));
    await transaction.append('logs', 1, batchOf(row(value.padEnd(20_000, '.'))));
    await transaction.append('checkpoints', 0, batchOf(row(value, id)));
    await transaction.commitOffset(id, 'logs', 0, n);
    await transaction.commit();
    console.log(String(n));
    // The event log's calls give no turn to the event loop, which is where the parent's end is noticed.
    await setImmediate();
  }
  await log.close();
  console.log('done');
}

const finished = endWithParent();
const [path = '', id = '', count = ''] = process.argv.slice(2);
void writeTransactions(path, id, Number(count))
  .catch((error: unknown) => {
    console.log(isTelltaleError(error) ? error.code : String(error));
  })
  .then(finished);

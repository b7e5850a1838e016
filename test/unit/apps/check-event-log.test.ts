import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { checkEventLog } from '../../../src/apps/check-event-log';
import { HealthMonitor } from '../../../src/apps/health-monitor';
import { quickCheck, quickCheckNow } from '../../../src/adapters/embedded/quick-check';
import { openSqliteEventLog } from '../../../src/adapters/embedded/sqlite-event-log';
import { CounterRegistry } from '../../../src/counters';
import { systemClock } from '../../../src/ports/clock';
import { batchOf, openWriter, row } from '../../contract/records';
import { configWith } from '../../support/in-process';
import { inDatabase } from '../../support/damage';
import { tempFolders } from '../../support/temp-folder';

const folders = tempFolders();
const PAGE = 16_384;
const never = new AbortController().signal;

/** An event log with some pages of records, closed. */
async function eventLog(): Promise<string> {
  const folder = folders.make();
  const log = await openSqliteEventLog({ path: join(folder, 'events.db'), clock: systemClock });
  await log.ensureTopics([{ name: 't', partitions: 1, cleanup: 'delete', retentionMs: Infinity }]);
  const writer = await openWriter(log, 'w', 't', 'none');
  for (let i = 0; i < 40; i++) {
    const transaction = writer.begin();
    await transaction.append('t', 0, batchOf(row('x'.repeat(3_000))));
    await transaction.commit();
  }
  await log.close();
  inDatabase(folder, (database) => database.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  return folder;
}

/** Damages the root page of the index by which batches are read. */
function damage(folder: string): void {
  const root = inDatabase(folder, (database) => {
    const found: unknown = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'batch_by_offset'").get();
    return (found as { readonly rootpage: number }).rootpage;
  });
  const file = openSync(join(folder, 'events.db'), 'r+');
  writeSync(file, Buffer.alloc(64, 0xff), 0, 64, (root - 1) * PAGE);
  closeSync(file);
}

describe('quickCheck', () => {
  it('finds nothing in a file that is whole, also while a program writes to it', async () => {
    const folder = await eventLog();
    const log = await openSqliteEventLog({ path: join(folder, 'events.db'), clock: systemClock });
    const checking = quickCheck(join(folder, 'events.db'), never);
    await openWriter(log, 'w', 't', 'none');
    expect(await checking).toEqual([]);
    expect(quickCheckNow(join(folder, 'events.db'))).toEqual([]);
    await log.close();
  });

  it('names damage', async () => {
    const folder = await eventLog();
    damage(folder);
    const found = await quickCheck(join(folder, 'events.db'), never);
    expect(found).toEqual([expect.stringMatching(/\w/)]);
    expect(quickCheckNow(join(folder, 'events.db'))).toEqual(found);
    writeFileSync(join(folder, 'events.db'), 'no database, but long enough to be one. '.repeat(1_000));
    expect(await quickCheck(join(folder, 'events.db'), never)).toEqual(['SQLITE_NOTADB']);
    expect(quickCheckNow(join(folder, 'events.db'))).toEqual(['SQLITE_NOTADB']);
  });

  it('rejects when the file cannot be checked, and ends when it is told to', async () => {
    const folder = folders.make();
    mkdirSync(join(folder, 'events.db'));
    await expect(quickCheck(join(folder, 'events.db'), never)).rejects.toMatchObject({ code: 'EVENT_LOG' });
    expect(() => quickCheckNow(join(folder, 'events.db'))).toThrow('Cannot check the structure of');
    const stop = new AbortController();
    const checking = quickCheck(join(await eventLog(), 'events.db'), stop.signal);
    stop.abort();
    expect(await checking).toEqual([]);
  });
});

describe('checkEventLog', () => {
  it.each([
    ['before the parts begin when the file is small', 1 << 30, true],
    ['later when it is large', 0, false],
  ])('reports damage %s: not ready, with the remedy, and counted', async (_, smallBytes, atOnce) => {
    const folder = await eventLog();
    damage(folder);
    const health = new HealthMonitor();
    const counters = new CounterRegistry();
    let reported: () => void = () => undefined;
    const logged = new Promise<void>((resolve) => (reported = resolve));
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => reported() };
    const config = configWith(`dataDir=${folder}`);
    const end = checkEventLog(config, { events: join(folder, 'events.db') }, { health, counters }, log, smallBytes);
    expect(health.notReady()).toHaveLength(atOnce ? 2 : 1);
    await logged;
    expect(health.notReady()).toContainEqual(
      expect.stringMatching(/^events\.db is damaged \(.+\): stop the programs, and run "telltale repair"$/),
    );
    expect(health.notAlive()).toEqual([]);
    expect(counters.samples()).toContainEqual(
      expect.objectContaining({ name: 'telltale_event_log_damaged_total', value: 1 }),
    );
    end();
  });

  it('leaves other event logs alone', () => {
    const config = configWith('eventLog.kind=kafka', 'eventLog.kafka.brokers=localhost:1');
    const parts = { health: new HealthMonitor(), counters: new CounterRegistry() };
    const log = { debug: fail, info: fail, warn: fail, error: fail };
    checkEventLog(config, { events: '/nowhere' }, parts, log)();
  });
});

function fail(): never {
  throw new Error('nothing is to be logged');
}

import fc from 'fast-check';

import { openSqliteEventLog } from '../../../../src/adapters/embedded/sqlite-event-log';
import { systemClock } from '../../../../src/ports/clock';
import type { EventLog, FetchedBatches } from '../../../../src/ports/event-log';
import type { TopicSpec } from '../../../../src/stream/topics';
import { batchOf, openWriter, row, rowsOf, type ReadRow } from '../../../contract/records';
import { flipByte, inDatabase, storeBytes, storedBatches } from '../../../support/damage';
import { tempFolders } from '../../../support/temp-folder';
import { join } from 'node:path';

const folders = tempFolders();
const topics: readonly TopicSpec[] = [
  { name: 'lines', partitions: 1, cleanup: 'delete', retentionMs: Infinity },
  { name: 'states', partitions: 1, cleanup: 'compact', retentionMs: Infinity },
].map((topic) => ({ ...topic, retentionMs: 10 ** 12 }) as TopicSpec);

let folder: string;
let log: EventLog;
beforeEach(async () => {
  folder = folders.make();
  log = await openSqliteEventLog({ path: join(folder, 'events.db'), clock: systemClock });
  await log.ensureTopics(topics);
  const transaction = (await openWriter(log, 'w', 'lines', 'states')).begin();
  await transaction.append('lines', 0, batchOf(row('one'), row('two'), row('three')));
  await transaction.append('lines', 0, batchOf(row('four')));
  await transaction.append('lines', 0, batchOf(row('five', null), row('six')));
  await transaction.append('states', 0, batchOf(row('a', 'A'), row('b', 'B'), row(null, 'C')));
  await transaction.commit();
});
afterEach(() => log.close());

const fetchAll = (topic: string): Promise<FetchedBatches> => log.openReader(topic, 0, 0).fetch(1 << 20, 0);
const rowsIn = ({ batches }: FetchedBatches): ReadRow[] => batches.flatMap((batch) => rowsOf(batch));

describe('The SQLite reader, when a byte of a stored batch is changed', () => {
  it('returns the written records, or names the place; and returns all other batches', async () => {
    const stored = storedBatches(folder);
    const before = new Map<string, FetchedBatches>();
    for (const { name } of topics) before.set(name, await fetchAll(name));
    const change = fc.constantFrom(...stored).chain((batch) =>
      fc.record({
        batch: fc.constant(batch),
        at: fc.nat(batch.bytes.length - 1),
        bits: fc.integer({ min: 1, max: 255 }),
      }),
    );
    let named = 0;
    await fc.assert(
      fc.asyncProperty(change, async ({ batch, at, bits }) => {
        flipByte(folder, batch, at, bits);
        const after = await fetchAll(batch.topic);
        storeBytes(folder, batch.id, batch.bytes);
        const whole = rowsIn(before.get(batch.topic) ?? after);
        const [damage] = after.unreadable;
        if (damage === undefined) {
          expect(rowsIn(after)).toEqual(whole);
          // The epoch of a broker's leader, which no reader uses.
          expect(at >= 12 && at < 16).toBe(true);
          return;
        }
        named += 1;
        expect(after.unreadable).toHaveLength(1);
        expect(damage.next).toBe(batch.lastOffset + 1);
        expect(rowsIn(after)).toEqual(whole.filter(({ offset }) => offset < damage.from || offset >= damage.next));
        expect(damage.next - damage.from).toBe(whole.length - rowsIn(after).length);
        expect(damage.problem).not.toBe('');
      }),
      { numRuns: 300 },
    );
    expect(named).toBeGreaterThan(100);
  });

  it('names the key of a record in a compacted topic, which is kept beside it', async () => {
    const [, second] = storedBatches(folder).filter(({ topic }) => topic === 'states');
    if (second === undefined) throw new Error('there is no second record');
    flipByte(folder, second, second.bytes.length - 2);
    expect((await fetchAll('states')).unreadable).toEqual([
      { from: 1, next: 2, problem: 'its checksum is wrong', key: Buffer.from('B') },
    ]);
  });

  it('names the fault of a batch that another batch, or nothing, has replaced', async () => {
    const [first, second] = storedBatches(folder).filter(({ topic }) => topic === 'lines');
    if (first === undefined || second === undefined) throw new Error('there are too few batches');
    storeBytes(folder, first.id, second.bytes);
    storeBytes(folder, second.id, Buffer.alloc(0));
    const { unreadable, next, end } = await fetchAll('lines');
    expect(unreadable).toEqual([
      { from: 0, next: 3, problem: 'it ends at offset 3, not 2', key: null },
      { from: 3, next: 4, problem: '0 bytes are too few for its header', key: null },
    ]);
    expect([next, end]).toEqual([6, 6]);
    inDatabase(folder, (database) => database.prepare("UPDATE batch SET bytes = 'text' WHERE id = ?").run(second.id));
    expect((await fetchAll('lines')).unreadable).toContainEqual({
      from: 3,
      next: 4,
      problem: 'its row is damaged',
      key: null,
    });
  });
});

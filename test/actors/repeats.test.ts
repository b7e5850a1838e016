import { slotsOf } from '../../src/lines/repeats/sketch';
import type { EventLog } from '../../src/ports/event-log';
import { tempFolders } from '../support/temp-folder';
import { readRecords } from '../support/topics';
import { changedLog, commitFaults, withCommitFaults, type CommitFault } from './decorators';
import { checkpointOf, linesOf, published, remove, text } from './observing';
import { info, openPlace, type Place } from './producing';

/** Lines of rewritten objects (`repeated-lines`), from the object store to the topics. */

const KEY = 'web-1/app.log';
const folders = tempFolders();

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

const lines = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => info(from + i));
const again = ' {AGAIN}';

/** Numbers of records by kind of key. */
async function sketchRecords(): Promise<{ written: number; removed: number }> {
  const records = await readRecords(place.log, 'sketches');
  const written = records.filter(({ value }) => value !== null).length;
  return { written, removed: records.length - written };
}

describe('a rotated file', () => {
  it('counts lines that are older than the newest line of the old file', async () => {
    const slow = info(8, 'of a slow thread');
    const setBack = info(-1_000, 'of a clock that was set back');
    const running = place.start();
    await running.upload(KEY, text(...lines(0, 10)), text(slow, info(10)), text(slow, info(10), setBack));
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, lines(0, 10)),
      ...published(1, [slow, info(10), setBack]),
    ]);
  });
});

describe('a rewritten file', () => {
  it('marks lines that several readings have read', async () => {
    const running = place.start();
    const all = lines(0, 2_000);
    const edited = all.map((line, i) => (i === 1_900 ? `${line} edited` : line));
    await running.upload(KEY, text(...all.slice(0, 1_000)), text(...all));
    await running.kill();
    const next = place.start();
    await next.upload(KEY, text(...edited), text(...all));
    const marked = (content: readonly string[], generation: number): string[] =>
      published(generation, content, 0, again).map((line) =>
        line.includes('edited') ? line.replace(again, '') : line,
      );
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, all), ...marked(edited, 1), ...marked(all, 2)]);
    expect(place.counted('telltale_repeated_lines_total', 'read-before')).toBe(3_999);
    expect(place.counted('telltale_old_lines_total', 'not-read-before')).toBe(1);
  });

  it('marks lines of a version that the same reading has read', async () => {
    await place.close();
    place = await openPlace(folders.make(), true);
    const all = lines(0, 300);
    for (const content of [all, [...all.slice(1), info(300)]]) await place.put(KEY, text(...content));
    await place.start().reconcile();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, all),
      ...published(1, all.slice(1), 0, again),
      ...published(1, [info(300)], text(...all.slice(1)).length),
    ]);
  });

  it('counts every line again, and says how many, when every line was edited', async () => {
    const running = place.start();
    const edited = lines(0, 40).map((line) => line.replace('INFO', 'INFO '));
    await running.upload(KEY, text(...lines(0, 40)), text(...edited, '\tat a continuation', info(40)));
    expect(await linesOf(place.log, KEY)).toHaveLength(82);
    expect(place.counted('telltale_old_lines_total', 'not-read-before')).toBe(40);
    await running.upload(KEY, text(...edited, '\tat a continuation', info(40), info(41)));
    expect(place.counted('telltale_old_lines_total', 'not-read-before')).toBe(40);
  });

  it('counts again, and says so, when blocks of its sketch are missing', async () => {
    const running = place.start();
    await running.upload(KEY, text(...lines(0, 40)));
    // The first listing after a day of silence trims the checkpoint.
    await running.reconcile();
    running.signal('web-9/none.log');
    await running.settle();
    const expected = slotsOf((await checkpointOf(place.log, KEY)).format.sketch).length;
    expect(expected).toBeGreaterThan(0);
    await running.kill();
    const offsets: EventLog['offsets'] = (topic, partition) =>
      topic === 'sketches' ? Promise.resolve({ start: 0, end: 0 }) : place.log.offsets(topic, partition);
    const without = place.start({ log: changedLog(place.log, { offsets }) });
    await without.upload(KEY, text(info(0, 'edited'), ...lines(1, 40)));
    expect(await linesOf(place.log, KEY)).toHaveLength(80);
    expect(place.counted('telltale_sketch_blocks_missing_total', 'blocks-missing')).toBe(expected);
  });
});

describe('the blocks of a sketch', () => {
  it.each(commitFaults)('are committed with their lines, or not at all, when a commit fails: %s', async (fault) => {
    const faults: (CommitFault | null)[] = [fault, null, fault];
    const running = place.start({ log: withCommitFaults(place.log, () => faults.shift() ?? null) });
    for (const count of [500, 700, 900]) await running.upload(KEY, text(...lines(0, count)));
    const { sketch } = (await checkpointOf(place.log, KEY)).format;
    const numbers = (await readRecords(place.log, 'sketches')).map(({ key, value }) => ({
      level: Number(key?.toString().slice(0, 1)),
      number: (JSON.parse(value?.toString() ?? '') as { n: number }).n,
    }));
    sketch.levels.forEach(({ blocks }, level) => {
      const found = numbers.filter((block) => block.level === level).map(({ number }) => number);
      expect([...new Set(found)].sort((a, b) => a - b)).toEqual(Array.from({ length: blocks }, (_, i) => i));
      expect(found).toHaveLength(blocks);
    });
    await running.upload(KEY, text(info(0, 'edited'), ...lines(1, 900)));
    expect((await linesOf(place.log, KEY))?.filter((line) => line.includes('AGAIN')).length).toBeGreaterThan(800);
  });

  it('are removed with their source', async () => {
    const running = place.start({ retentionMs: 0 });
    await running.upload(KEY, text(...lines(0, 40)));
    const { written } = await sketchRecords();
    expect(written).toBeGreaterThan(0);
    remove(place, KEY);
    await running.reconcile();
    await running.reconcile();
    running.signal('web-9/none.log');
    await running.settle();
    expect(await sketchRecords()).toEqual({ written: 0, removed: written });
  });
});

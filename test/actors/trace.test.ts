import { CounterRegistry } from '../../src/counters';
import { decisions } from '../../src/decisions';
import { tempFolders } from '../support/temp-folder';
import { checkpointOf, remove, text } from './observing';
import { BUCKET, info, openPlace, type Place, type Running } from './producing';

const KEY = 'web-1/app.log';
const SOURCE = `${BUCKET}/${KEY}`;
const folders = tempFolders();
const [l0, l1, l2, l3] = [info(0), info(1), info(2), info(3)];

let place: Place;
let running: Running;
let counters: CounterRegistry;
beforeEach(async () => {
  place = await openPlace(folders.make());
  counters = new CounterRegistry();
  running = place.start({ counters });
});
afterEach(() => place.close());

/** The decisions about the source in the log, with some of their fields. */
function traced(): unknown[] {
  const events = new Map<string, string>(Object.entries(decisions).map(([name, { event }]) => [event, name]));
  return running.seen.log.flatMap(({ message, fields }) =>
    events.has(message) && fields?.['source'] === SOURCE
      ? [[events.get(message), fields['reason'], fields['generation'], fields['from'], fields['to']]]
      : [],
  );
}

describe('the trace of a source', () => {
  it('names every decision with its reason and offsets when a file is read, appended, rewritten and deleted', async () => {
    const torn = l3.slice(0, 30);
    // A repeat is recognized with a neighbor.
    await running.upload(KEY, text(l0), text(l0, l1, l2) + torn, text(l1, l2, l3));
    remove(place, KEY);
    running.signal(KEY);
    await running.settle();
    const [one, three] = [text(l0).length, text(l0, l1, l2).length];
    expect(traced()).toEqual([
      ['firstRead', 'new', 0, 0, one],
      ['appended', 'checksum', 0, one, three + 30],
      ['held', 'unterminated', 0, three, three + 30],
      ['cut', 'tail', 0, three, three + 30],
      ['rewritten', 'shorter', 1, 0, three],
      ['possibleGap', 'rewritten', 1, 0, three],
      ['repeatedLines', 'read-before', 1, 0, three],
      // The torn line was published when the file was rewritten; whole, it is another line, and as old.
      ['oldLinesCounted', 'not-read-before', 1, 0, three],
    ]);
    expect((await checkpointOf(place.log, KEY)).ended).not.toBeNull();
  });

  it('names an object in quarantine once, and why it cannot be read', async () => {
    await running.upload(KEY, Buffer.from(`\ufeff${text(l0)}`, 'utf16le'));
    running.signal(KEY);
    await running.settle();
    expect(traced()).toEqual([
      ['quarantined', 'utf-16', 0, 0, expect.any(Number)],
      ['versionSkipped', 'in-quarantine', 0, 0, expect.any(Number)],
    ]);
    const entry = running.seen.log.find(({ message }) => message === decisions.quarantined.event);
    expect(entry?.fields).toMatchObject({ detail: expect.stringContaining(`The object ${KEY} is UTF-16`) as unknown });
  });

  it('counts decisions by job and reason, never by source', async () => {
    await running.upload(KEY, text(l0), text(l0, l1), text(l0, l1, l2));
    const samples = counters.samples().map(({ name, labels, value }) => ({ name, labels, value }));
    expect(samples).toEqual([
      { name: 'telltale_first_reads_total', labels: { job: 'producer', reason: 'new' }, value: 1 },
      { name: 'telltale_appends_total', labels: { job: 'producer', reason: 'checksum' }, value: 2 },
    ]);
  });
});

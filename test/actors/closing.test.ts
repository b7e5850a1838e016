import { gzipSync } from 'node:zlib';
import { readSource } from '../../actors/walking';
import type { ReadingOptions } from '../../actors/steps';
import type { Checkpoint } from '../../src/ingestion/checkpoint';
import type { Since } from '../../src/ingestion/versions';
import type { ObjectStore } from '../../src/ports/object-store';
import { tempFolders } from '../support/temp-folder';
import { changedStore } from './decorators';
import { checkpointOf, text } from './observing';
import { BUCKET, info, openPlace, type Place } from './producing';

const KEY = 'web-1/app.log';
const PIECE_BYTES = 100;
const folders = tempFolders();
let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

/** A store that hands over small pieces and counts the bodies that nobody has closed. */
function counting(store: ObjectStore): { readonly store: ObjectStore; readonly open: () => number } {
  let open = 0;
  async function* pieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    open += 1;
    try {
      for await (const chunk of chunks) {
        for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
      }
    } finally {
      open -= 1;
    }
  }
  const read: ObjectStore['read'] = async (...what) => pieces(await store.read(...what));
  return { store: changedStore(store, { read }), open: () => open };
}

const lines = Array.from({ length: 40 }, (_, i) => info(i));
const all = text(...lines);
const more = text(...lines, ...lines);
const other = text(...lines.slice(2), ...lines);
const twice = { maxProofBytes: 0 };
const hurried = { maxProofBytes: 0, hurried: true };
const passedOver = (since: Partial<Since>): Partial<ReadingOptions> => ({
  since: { ms: Infinity, older: 'passedOver', listed: null, ...since },
});

/** A body that stays open is a connection that S3's client does not get back: after fifty of them nothing is read any more. */
it.each<[string, string | Buffer | null, string | Buffer, Partial<ReadingOptions>]>([
  ['the first of plain text', null, all, {}],
  ['the first of a gzip', null, gzipSync(all), {}],
  ['the first of a gzip that is read twice', null, gzipSync(all), twice],
  ['an append', all, more, {}],
  ['an append that is read twice', all, more, twice],
  ['an append that has to do with one read', all, more, hurried],
  ['a shorter object', all, text(...lines.slice(2)), {}],
  ['a rewrite', all, other, {}],
  ['a rewrite that has to do with one read', all, other, hurried],
  ['a gzip that has grown', gzipSync(all), gzipSync(more), {}],
  ['text where a gzip was', gzipSync(all), more, {}],
  ['a gzip where text was', all, gzipSync(more), {}],
  ['what is passed over', null, all, passedOver({})],
  [
    'what has grown since it was passed over',
    null,
    all,
    passedOver({ listed: { size: 500, etag: '"x"', lastModified: 1 } }),
  ],
])('a reading of %s closes what it reads, wherever it is stopped', async (_, before, now, change) => {
  let committed: Checkpoint | null = null;
  if (before !== null) {
    const running = place.start();
    await place.put(KEY, before);
    await running.reconcile();
    await running.kill();
    committed = await checkpointOf(place.log, KEY);
  }
  await place.put(KEY, now);

  const { store, open } = counting(place.store);
  const since: Since = { ms: -Infinity, older: 'ignored', listed: null };
  const options = { ...place.options, bucket: BUCKET, since, hurried: false, ...change, store };
  for (let stopAfter = 0, ended = false; !ended; stopAfter++) {
    const steps = readSource(committed, KEY, null, options);
    for (let i = 0; i < stopAfter && !ended; i++) ended = (await steps.next()).done === true;
    await steps.return(null);
    expect({ stopAfter, open: open() }).toEqual({ stopAfter, open: 0 });
  }
});

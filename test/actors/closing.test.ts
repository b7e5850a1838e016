import { gzipSync } from 'node:zlib';
import { SourceReader } from '../../actors/reader/source-reader';
import type { ReaderRules } from '../../src/ingestion/reader/protocol';
import { TelltaleError } from '../../src/errors';
import type { Checkpoint } from '../../src/ingestion/checkpoint';
import type { Since } from '../../src/ingestion/versions';
import type { ObjectStore } from '../../src/ports/object-store';
import { tempFolders } from '../support/temp-folder';
import { changedStore } from './decorators';
import { checkpointOf, text } from './observing';
import { info, openPlace, type Place } from './producing';

const KEY = 'web-1/app.log';
const PIECE_BYTES = 100;
const folders = tempFolders();
let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

/** A store that yields small pieces and counts open bodies. The first few reads find the object changed. */
function counting(store: ObjectStore, changes: number): { readonly store: ObjectStore; readonly open: () => number } {
  let open = 0;
  let left = changes;
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
  const read: ObjectStore['read'] = async (...what) => {
    if (left-- > 0) throw new TelltaleError('OBJECT_CHANGED', 'The object was overwritten.');
    return pieces(await store.read(...what));
  };
  return { store: changedStore(store, { read }), open: () => open };
}

const lines = Array.from({ length: 40 }, (_, i) => info(i));
const all = text(...lines);
const more = text(...lines, ...lines);
const other = text(...lines.slice(2), ...lines);
const twice = { maxProofBytes: 0 };
/** After two changes an object is read once. */
const onePass = { maxProofBytes: 0, changes: 2 };
const skipped = (since: Partial<Since>): Change => ({
  since: { ms: Infinity, older: 'skipped', listed: null, ...since },
});

type Change = Partial<ReaderRules> & { readonly changes?: number };

describe('a reader', () => {
  // An open body keeps a connection of S3's client: after fifty of them it reads nothing.
  it.each<[string, string | Buffer | null, string | Buffer, Change]>([
    ['plain text for the first time', null, all, {}],
    ['a gzip for the first time', null, gzipSync(all), {}],
    ['a gzip for the first time, twice', null, gzipSync(all), twice],
    ['an append', all, more, {}],
    ['an append twice', all, more, twice],
    ['an append in one pass', all, more, onePass],
    ['a shorter object', all, text(...lines.slice(2)), {}],
    ['a rewrite', all, other, {}],
    ['a rewrite in one pass', all, other, onePass],
    ['a gzip that grew', gzipSync(all), gzipSync(more), {}],
    ['text that replaced a gzip', gzipSync(all), more, {}],
    ['a gzip that replaced text', all, gzipSync(more), {}],
    ['skipped text', null, all, skipped({})],
    ['text with a skipped beginning', null, all, skipped({ listed: { size: 500, etag: '"x"', lastModified: 1 } })],
  ])('closes what it opened when it reads %s and stops after any turn', async (_, before, now, change) => {
    let committed: Checkpoint | null = null;
    if (before !== null) {
      const running = place.start();
      await place.put(KEY, before);
      await running.reconcile();
      await running.kill();
      committed = await checkpointOf(place.log, KEY);
    }
    await place.put(KEY, now);

    const { changes = 0, ...changed } = change;
    const since: Since = { ms: -Infinity, older: 'ignored', listed: null };
    let turns = 0;
    for (let stopAfter = 0, isOver = false; !isOver; stopAfter++) {
      const { store, open } = counting(place.store, changes);
      const options = { ...place.options, store, rules: { ...place.options, since, ...changed } };
      const reader = new SourceReader({ key: KEY, request: null }, options, () => undefined);
      await reader.start(committed);
      for (let i = 0; i < stopAfter && !isOver; i++) {
        const turn = await reader.next();
        if (turn.kind !== 'ended') continue;
        isOver = turn.by.type === 'finish';
        if (turn.by.type === 'lookUp') await reader.start(committed);
      }
      turns = stopAfter;
      await reader.close();
      expect({ stopAfter, open: open() }).toEqual({ stopAfter, open: 0 });
    }
    expect(turns).toBeGreaterThan(1);
  });
});

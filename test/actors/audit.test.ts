import { gzipSync } from 'node:zlib';
import { loadCrc64Nvme } from '../../src/adapters/native/checksums';
import { audit } from '../../src/apps/audit';
import type { Audited } from '../../src/ingestion/audit/audit';
import { TelltaleError } from '../../src/errors';
import type { ObjectStore } from '../../src/ports/object-store';
import { tempFolders } from '../support/temp-folder';
import { appendOutputs } from './consuming';
import { changedStore } from './decorators';
import { quarantineOf, text } from './observing';
import { BUCKET, HOUR, info, openPlace, type Place } from './producing';

/** Results of `telltale audit` after a producer's work. */

const folders = tempFolders();

let place: Place;
beforeEach(async () => {
  place = await openPlace(folders.make());
});
afterEach(() => place.close());

async function audited(
  store: ObjectStore,
  change: Partial<Place['options']> = {},
): Promise<Pick<Audited, 'source' | 'ok' | 'problem'>[]> {
  const found: Pick<Audited, 'source' | 'ok' | 'problem'>[] = [];
  const { log, clock, partitions, lineTopics, concurrency } = { ...place.options, ...change };
  const options = {
    ...{
      log,
      store,
      clock,
      partitions,
      lineTopics,
      concurrency,
      crc64: await loadCrc64Nvme(),
      bucket: BUCKET,
      prefix: '',
    },
    ...{
      includes: () => true,
      sinceMs: -Infinity,
      retentionMs: HOUR,
      only: null,
      otherTopics: [],
      onUnreadable: () => undefined,
      onProgress: () => undefined,
    },
    stop: new AbortController().signal,
  };
  for await (const { source, ok, problem } of audit(options)) {
    found.push({ source, ok, ...(problem === undefined ? {} : { problem }) });
  }
  return found.sort((a, b) => (a.source < b.source ? -1 : 1));
}

describe('audit', () => {
  it('holds when everything from before the first start was skipped', async () => {
    await place.put('web-1/a.log', text(info(0)));
    await place.put('web-1/b.log.gz', gzipSync(text(info(0))));
    await place.put('web-1/c.log', Buffer.from(`\ufeff${text(info(0))}`, 'utf16le'));
    await place.start({ since: 'now' }).settle();
    expect(await audited(place.store)).toEqual([
      { source: `${BUCKET}/web-1/a.log`, ok: true },
      { source: `${BUCKET}/web-1/b.log.gz`, ok: true },
      { source: `${BUCKET}/web-1/c.log`, ok: true },
    ]);
    expect(await quarantineOf(place.log)).toMatchObject([{ source: `${BUCKET}/web-1/c.log`, reason: 'utf-16' }]);
  });

  it('continues with other objects when HEAD of one is denied', async () => {
    await place.put('web-1/a.log', text(info(0)));
    await place.put('web-1/b.log', text(info(0)));
    await place.start().settle();
    const store = changedStore(place.store, {
      head: async (bucket, key, versionId) => {
        if (key === 'web-1/a.log') throw new TelltaleError('OBJECT_STORE_DENIED', 'Access denied.');
        return place.store.head(bucket, key, versionId);
      },
    });
    expect(await audited(store)).toEqual([
      { source: `${BUCKET}/web-1/a.log`, ok: false, problem: 'Access denied.' },
      { source: `${BUCKET}/web-1/b.log`, ok: true },
    ]);
  });

  it('fails for a source with an unreadable checkpoint, and continues with the others', async () => {
    await place.put('web-2/b.log', text(info(0)));
    await place.start().settle();
    const key = Buffer.from(`${BUCKET}/web-1/a.log`);
    await appendOutputs(place.log, 'checkpoints', [{ key, value: Buffer.from('{"v":99}'), timestamp: Date.now() }]);
    expect(await audited(place.store)).toEqual([
      {
        source: `${BUCKET}/web-1/a.log`,
        ok: false,
        problem: expect.stringMatching(/^The checkpoint of ".*" cannot be read: its version is 99/) as string,
      },
      { source: `${BUCKET}/web-2/b.log`, ok: true },
    ]);
  });
});

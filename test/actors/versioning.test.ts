import { UNVERSIONED } from '../../src/ingestion/plan';
import type { ObjectInfo, ObjectStore } from '../../src/ports/object-store';
import { tempFolders } from '../support/temp-folder';
import { changedStore } from './decorators';
import { checkpointOf, linesOf, published, remove, text } from './observing';
import { BUCKET, info, openPlace, type Place, type Running } from './producing';

/** A bucket whose versioning is enabled or suspended between two checks: all kept content is read. */

const KEY = 'web-1/app.log';
const folders = tempFolders();
const [l0, l1, l2, l3] = [info(0), info(1), info(2), info(3)];

let place: Place;
let bucket: Bucket;
let running: Running;
beforeEach(async () => {
  place = await openPlace(folders.make(), true);
  bucket = bucketOf(place);
  running = place.start({ store: bucket.store });
});
afterEach(() => place.close());

interface Bucket {
  readonly store: ObjectStore;
  versioning: 'never' | 'enabled' | 'suspended';
  put(...contents: string[]): Promise<void>;
}

/** As S3: an object that is put while versioning is not enabled has the version `null`, and replaces the one before. */
function bucketOf(within: Place): Bucket {
  const { store } = within;
  const unversioned: string[] = [];
  const nameOf = ({ versionId = '' }: ObjectInfo): string =>
    unversioned.includes(versionId) ? UNVERSIONED : versionId;
  const named: Bucket = {
    versioning: 'never',
    put: async (...contents) => {
      for (const content of contents) {
        await within.put(KEY, content);
        const { versionId = '' } = (await store.head(BUCKET, KEY)) ?? {};
        if (named.versioning !== 'enabled') unversioned.push(versionId);
      }
    },
    store: changedStore(store, {
      head: async (name, key, versionId) => {
        const found = await store.head(name, key, versionId === UNVERSIONED ? unversioned.at(-1) : versionId);
        if (found === null) return null;
        const { size, etag, lastModified, checksum } = found;
        const version = named.versioning === 'never' ? {} : { versionId: nameOf(found) };
        return { key, size, etag, lastModified, ...(checksum && { checksum }), ...version };
      },
      read: (name, key, { versionId, ...range }) => {
        const inner = versionId === UNVERSIONED ? unversioned.at(-1) : versionId;
        return store.read(name, key, inner === undefined ? range : { ...range, versionId: inner });
      },
      versions: async (name, key, from) => {
        const kept = (await store.versions(name, key))
          .filter(({ versionId }) => !unversioned.slice(0, -1).includes(versionId))
          .map((version) => ({ ...version, versionId: nameOf(version) }));
        if (kept.every(({ versionId }) => versionId === UNVERSIONED)) return [];
        return kept.slice(
          Math.max(
            0,
            kept.findIndex(({ versionId }) => versionId === from),
          ),
        );
      },
    }),
  };
  return named;
}

async function look(): Promise<void> {
  running.signal(KEY);
  await running.settle();
}

describe('a bucket whose versioning is enabled', () => {
  it('loses nothing that was appended before', async () => {
    await bucket.put(text(l0));
    await look();
    await bucket.put(text(l0, l1));
    bucket.versioning = 'enabled';
    await bucket.put(text(l2), text(l2, l3));
    await look();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1]), ...published(1, [l2, l3])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
  });

  it('loses no kept version when the object was replaced before, which may hide others', async () => {
    await bucket.put(text(l0));
    await look();
    await bucket.put(text(l1), text(l2));
    bucket.versioning = 'enabled';
    await bucket.put(text(l3));
    await look();
    expect(await linesOf(place.log, KEY)).toEqual([
      ...published(0, [l0]),
      ...published(1, [l2]),
      ...published(2, [l3]),
    ]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 2, possibleGap: 1 } });
  });

  it('reads nothing twice', async () => {
    await bucket.put(text(l0));
    await look();
    bucket.versioning = 'enabled';
    await look();
    await bucket.put(text(l1));
    await look();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l1])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
  });
});

describe('a bucket whose versioning is suspended', () => {
  beforeEach(async () => {
    bucket.versioning = 'enabled';
    await bucket.put(text(l0));
    await look();
    bucket.versioning = 'suspended';
  });

  it('notes a possible gap where an object was replaced', async () => {
    await bucket.put(text(l0, l1), text(l2));
    await look();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0]), ...published(1, [l2])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 1 } });
  });

  it('notes no possible gap where an object was appended to', async () => {
    await bucket.put(text(l0, l1), text(l0, l1, l2));
    await look();
    expect(await linesOf(place.log, KEY)).toEqual(published(0, [l0, l1, l2]));
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 0, possibleGap: 0 } });
  });

  it('loses no version that was put meanwhile and deleted when versioning is enabled again', async () => {
    await bucket.put(text(l0, l1));
    await look();
    await bucket.put(text(l0, l1, l2));
    bucket.versioning = 'enabled';
    await bucket.put(text(l3));
    remove(place, KEY);
    await look();
    expect(await linesOf(place.log, KEY)).toEqual([...published(0, [l0, l1, l2]), ...published(1, [l3])]);
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
  });
});

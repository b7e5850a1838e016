import { createHash } from 'node:crypto';
import { appendFile, cp, link, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { openFolderStore } from '../../../../src/adapters/embedded/folder-store';
import { digestPath } from '../../../../src/adapters/embedded/object-metadata';
import type { Clock } from '../../../../src/ports/clock';
import type { ObjectInfo, ObjectStore } from '../../../../src/ports/object-store';

const noon = Date.UTC(2026, 10, 20, 12);
const clock: Clock = { now: () => noon, sleep: () => Promise.resolve() };
const bucket = 'telltale-logs';

describe('The folder store with versions', () => {
  let folder: string;
  let store: ObjectStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-versions-'));
    store = await open();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (versioning = true): Promise<ObjectStore> => openFolderStore({ folder, clock, versioning });
  const object = (key = 'k'): string => join(folder, 'objects', bucket, key);
  const versionFolder = (key = 'k'): string => join(folder, 'versions', bucket, digestPath(key));
  const put = async (content: string, key = 'k', into = store): Promise<ObjectInfo> => {
    const file = join(folder, `upload-${content}`);
    await writeFile(file, content);
    return into.putFile(bucket, key, file);
  };
  /** Version ids and contents, oldest first; each is read as a walker reads it. */
  const walk = async (key = 'k', after?: string): Promise<[string, string][]> => {
    const found: [string, string][] = [];
    for (const { versionId, etag, size } of await store.versions(bucket, key, after)) {
      const pieces: Buffer[] = [];
      for await (const piece of await store.read(bucket, key, { from: 0, ifMatch: etag, versionId }))
        pieces.push(piece);
      const content = Buffer.concat(pieces);
      expect(content).toHaveLength(size);
      found.push([versionId, content.toString()]);
    }
    return found;
  };
  const contents = async (): Promise<string[]> => (await walk()).map(([, content]) => content);
  const presentId = async (key = 'k'): Promise<string | undefined> => (await store.head(bucket, key))?.versionId;
  const md5 = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;

  it('keeps each version as a plain file apart from the objects, and no content twice', async () => {
    const one = await put('one');
    const two = await put('two');
    expect((await readdir(versionFolder())).sort()).toEqual([one.versionId, two.versionId]);
    expect(await readFile(join(versionFolder(), one.versionId ?? ''), 'utf8')).toBe('one');
    expect(await readFile(object(), 'utf8')).toBe('two');
    expect((await stat(object())).ino).toBe((await stat(join(versionFolder(), two.versionId ?? ''))).ino);
    expect(await readdir(join(folder, 'objects', bucket))).toEqual(['k']);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('gives the same ids after a restart, and after its digests were lost', async () => {
    await put('one');
    await put('two');
    const before = await walk();
    store = await open();
    expect(await walk()).toEqual(before);
    await rm(join(folder, 'meta'), { recursive: true });
    expect(await walk()).toEqual(before);
    expect(await presentId()).toBe(before[1]?.[0]);
  });

  it('gives the same ids in a copy of its folder', async () => {
    await put('one');
    await put('two');
    const before = await walk();
    const copy = `${folder}-copy`;
    await cp(folder, copy, { recursive: true, preserveTimestamps: true });
    try {
      store = await openFolderStore({ folder: copy, clock, versioning: true });
      expect((await walk()).slice(0, 2)).toEqual(before);
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  it('never gives an id again, though the clock stands still and the object was removed', async () => {
    const ids = new Set<string | undefined>();
    for (let i = 0; i < 5; i++) {
      ids.add((await put('same')).versionId);
      await rm(object());
    }
    expect(ids.size).toBe(5);
    expect(await walk()).toHaveLength(5);
  });

  it('makes a version of an object that was dropped by hand, when it is looked at', async () => {
    await put('one');
    await rm(object());
    await writeFile(object(), 'dropped');
    const id = await presentId();
    expect(await presentId()).toBe(id);
    expect(await contents()).toEqual(['one', 'dropped']);
    expect((await walk()).at(1)?.[0]).toBe(id);
  });

  it('keeps an object that was dropped by hand and never looked at, when it is replaced', async () => {
    await put('other', 'else');
    await writeFile(object(), 'dropped');
    await put('two');
    expect(await contents()).toEqual(['dropped', 'two']);
  });

  it('keeps the version before when a file is put in the place of the object by hand, as editors do', async () => {
    const one = await put('one');
    await writeFile(join(folder, 'edited'), 'edited');
    await rename(join(folder, 'edited'), object());
    const walked = await walk();
    expect(walked.map(([, content]) => content)).toEqual(['one', 'edited']);
    expect(walked[0]?.[0]).toBe(one.versionId);
    expect(await presentId()).toBe(walked[1]?.[0]);
  });

  it.each([
    ['is looked at', false],
    ['is replaced', true],
  ])(
    'gives an object that was edited in place another version when it %s; the one before is gone',
    async (_, replaced) => {
      const one = await put('one');
      const two = await put('two');
      await appendFile(object(), ' and more');
      if (replaced) await put('three');
      const walked = await walk();
      expect(walked.map(([, content]) => content)).toEqual(['one', 'two and more', ...(replaced ? ['three'] : [])]);
      expect(walked[0]?.[0]).toBe(one.versionId);
      expect(walked[1]?.[0]).not.toBe(two.versionId);
      expect(await store.head(bucket, 'k', two.versionId)).toBeNull();
    },
  );

  it('refuses to read what was edited in place as the version that it was', async () => {
    const { etag, versionId = '' } = await put('one');
    await writeFile(object(), 'edited');
    const reading = store.read(bucket, 'k', { from: 0, ifMatch: etag, versionId });
    await expect(reading).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
  });

  it('makes a new version of an old one that was put back by hand', async () => {
    const one = await put('one');
    await put('two');
    await rm(object());
    await link(join(versionFolder(), one.versionId ?? ''), object());
    expect(await contents()).toEqual(['one', 'two', 'one']);
    expect(await presentId()).toBe((await walk()).at(-1)?.[0]);
  });

  describe('after a put that was cut short', () => {
    it('before the rename, has the versions of before', async () => {
      const one = await put('one');
      await writeFile(join(folder, 'tmp', 'copy'), 'two');
      await link(join(folder, 'tmp', 'copy'), join(folder, 'tmp', 'copy.version'));
      store = await open();
      expect(await walk()).toEqual([[one.versionId, 'one']]);
      await put('three');
      expect(await contents()).toEqual(['one', 'three']);
    });

    it.each([
      ['is looked at', false],
      ['is put again', true],
    ])('between the rename and the version, has old and new once each when it %s', async (_, again) => {
      const one = await put('one');
      const two = await put('two');
      await rm(join(versionFolder(), two.versionId ?? ''));
      await rm(join(folder, 'meta'), { recursive: true });
      store = await open();
      if (again) await put('three');
      const walked = await walk();
      expect(walked.map(([, content]) => content)).toEqual(['one', 'two', ...(again ? ['three'] : [])]);
      expect(walked[0]?.[0]).toBe(one.versionId);
      expect(await presentId()).toBe(walked.at(-1)?.[0]);
      expect(await walk()).toEqual(walked);
    });

    it('before its digests were kept, has old and new once each', async () => {
      await put('one');
      await put('two');
      const before = await walk();
      await rm(join(folder, 'meta', bucket, dirname(digestPath('k'))), { recursive: true });
      store = await open();
      expect(await presentId()).toBe(before[1]?.[0]);
      expect(await walk()).toEqual(before);
    });
  });

  it('loses no put of several clients at the same time', async () => {
    const other = await open();
    const names = Array.from({ length: 30 }, (_, i) => `content-${i}`);
    const looking = Array.from({ length: 20 }, () => store.head(bucket, 'k'));
    const written = await Promise.all(names.map((name, i) => put(name, 'k', i % 2 === 0 ? store : other)));
    await Promise.all(looking);
    const walked = await walk();
    expect(walked.map(([, content]) => content).sort()).toEqual([...names].sort());
    expect(new Set(walked.map(([id]) => id)).size).toBe(names.length);
    for (const { versionId, etag } of written) {
      expect(etag).toBe(md5(walked.find(([id]) => id === versionId)?.[1] ?? ''));
    }
    expect(await presentId()).toBe(walked.at(-1)?.[0]);
  });

  it('keeps the versions of an object that has to go aside for others', async () => {
    await put('one', 'a');
    const before = await walk('a');
    await put('below', 'a/b');
    await put('two', 'a');
    const walked = await walk('a');
    expect(walked[0]).toEqual(before[0]);
    expect(walked.map(([, content]) => content)).toEqual(['one', 'two']);
    expect(await walk('a/b')).toHaveLength(1);
  });

  it('knows of no versions while it is not to keep any, and finds the old ones when it is to again', async () => {
    const one = await put('one');
    const plain = await open(false);
    expect(await plain.head(bucket, 'k')).not.toHaveProperty('versionId');
    expect(await plain.head(bucket, 'k', one.versionId)).toBeNull();
    expect(await plain.versions(bucket, 'k')).toEqual([]);
    await put('two', 'k', plain);
    expect(await contents()).toEqual(['one', 'two']);
  });

  it('opens no file for a version id that is none of its own', async () => {
    const { etag } = await put('one');
    await writeFile(join(versionFolder(), 'x'), 'one');
    for (const versionId of ['', 'x', '.', '..', '../x', '0', '-1', '1e3', '0x1', ' 1', '9'.repeat(20), 'null']) {
      expect(await store.head(bucket, 'k', versionId)).toBeNull();
      const reading = store.read(bucket, 'k', { from: 0, ifMatch: etag, versionId });
      await expect(reading).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    }
  });
});

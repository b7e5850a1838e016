import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openFolderStore } from '../../../../src/adapters/embedded/folder-store';
import type { S3Event } from '../../../../src/adapters/embedded/s3-event';
import type { Clock } from '../../../../src/ports/clock';
import type { ObjectStore } from '../../../../src/ports/object-store';

const noon = Date.UTC(2026, 10, 20, 12);
const clock: Clock = { now: () => noon, sleep: () => Promise.resolve() };
const bucket = 'telltale-logs';

describe('the folder store', () => {
  let folder: string;
  let file: string;
  let store: ObjectStore;
  let events: S3Event[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-folder-'));
    file = join(folder, 'upload');
    await writeFile(file, 'hello');
    events = [];
    store = await openFolderStore({ folder, clock, versioning: false, onEvent: (event) => events.push(event) });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const objectPath = (key: string): string => join(folder, 'objects', bucket, key);
  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const info of store.list(bucket)) found.push(info.key);
    return found;
  };
  const md5 = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;

  it('keeps an object as a plain file under its key, modified at the time of the put', async () => {
    const info = await store.putFile(bucket, 'logs/host/app.log', file);
    expect(await readFile(objectPath('logs/host/app.log'), 'utf8')).toBe('hello');
    expect(info.lastModified).toBe(noon);
    expect((await stat(objectPath('logs/host/app.log'))).mtimeMs).toBe(noon);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });

  it('lists an object that keeps changing, and the ones after it', async () => {
    await store.putFile(bucket, 'b.log', file);
    await writeFile(objectPath('a.log'), Buffer.alloc(4 << 20));
    const restless = openSync(objectPath('a.log'), 'a');
    let isOver = false;
    const write = (): void => {
      writeSync(restless, 'x');
      if (isOver) closeSync(restless);
      else setImmediate(write);
    };
    write();
    try {
      expect(await keys()).toEqual(['a.log', 'b.log']);
      await expect(store.head(bucket, 'a.log')).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
    } finally {
      isOver = true;
    }
  });

  it('writes nothing outside its folder for any key', async () => {
    for (const key of ['../../escaped', '/escaped', '..', 'a/../../../../escaped']) {
      await store.putFile(bucket, key, file);
    }
    expect(await readdir(join(folder, '..'))).not.toContain('escaped');
    expect((await readdir(folder)).sort()).toEqual(['meta', 'objects', 'tmp', 'upload']);
    expect(await readdir(join(folder, 'objects'))).toEqual([bucket]);
  });

  it('announces a put as an S3 event', async () => {
    await store.putFile(bucket, 'logs/red flower+ü(1).log', file);
    const sequencer = events[0]?.Records[0]?.s3.object.sequencer ?? '';
    expect(sequencer).toMatch(/^[0-9A-F]{16}$/);
    const owner = { principalId: 'telltale' };
    expect(events).toEqual([
      {
        Records: [
          {
            eventVersion: '2.1',
            eventSource: 'aws:s3',
            awsRegion: 'us-east-1',
            eventTime: '2026-11-20T12:00:00.000Z',
            eventName: 'ObjectCreated:Put',
            userIdentity: owner,
            requestParameters: { sourceIPAddress: '127.0.0.1' },
            responseElements: { 'x-amz-request-id': sequencer, 'x-amz-id-2': sequencer },
            s3: {
              s3SchemaVersion: '1.0',
              configurationId: 'telltale',
              bucket: { name: bucket, ownerIdentity: owner, arn: `arn:aws:s3:::${bucket}` },
              object: {
                key: 'logs/red+flower%2B%C3%BC%281%29.log',
                size: 5,
                eTag: '5d41402abc4b2a76b9719d911017c592',
                sequencer,
              },
            },
          },
        ],
      },
    ]);
  });

  it('gives each put of a key a larger sequencer, even when the clock stands still', async () => {
    for (let i = 0; i < 3; i++) await store.putFile(bucket, 'k', file);
    const sequencers = events.map((event) => event.Records[0]?.s3.object.sequencer ?? '');
    expect(new Set(sequencers).size).toBe(3);
    expect(sequencers).toEqual([...sequencers].sort());
  });

  it('finishes a put when its listener throws', async () => {
    const deaf = await openFolderStore({
      folder,
      clock,
      versioning: false,
      onEvent: () => {
        throw new Error('not today');
      },
    });
    await deaf.putFile(bucket, 'k', file);
    expect(await store.head(bucket, 'k')).toMatchObject({ size: 5 });
  });

  it('accepts files added, edited and removed by hand', async () => {
    await mkdir(join(folder, 'objects', bucket, 'logs'), { recursive: true });
    await writeFile(objectPath('logs/dropped.log'), 'one');
    expect(await store.head(bucket, 'logs/dropped.log')).toMatchObject({ size: 3, etag: md5('one') });
    await writeFile(objectPath('logs/dropped.log'), 'two');
    expect(await store.head(bucket, 'logs/dropped.log')).toMatchObject({ size: 3, etag: md5('two') });
    await appendFile(objectPath('logs/dropped.log'), ' and three');
    expect(await store.head(bucket, 'logs/dropped.log')).toMatchObject({ etag: md5('two and three') });
    expect(await keys()).toEqual(['logs/dropped.log']);
    await rm(objectPath('logs/dropped.log'));
    expect(await store.head(bucket, 'logs/dropped.log')).toBeNull();
    expect(await keys()).toEqual([]);
  });

  it('notices an edit that keeps size and modification time', async () => {
    await store.putFile(bucket, 'k', file);
    await writeFile(objectPath('k'), 'HELLO');
    await utimes(objectPath('k'), noon / 1000, noon / 1000);
    expect(await store.head(bucket, 'k')).toMatchObject({ etag: md5('HELLO') });
  });

  it('recomputes a digest that is damaged, or missing after a crash', async () => {
    await store.putFile(bucket, 'k', file);
    const kept = join(folder, 'meta', bucket);
    const damage = async (text: string): Promise<void> => {
      for (const name of await readdir(kept, { recursive: true })) {
        if (name.endsWith('.json')) await writeFile(join(kept, name), text);
      }
    };
    for (const text of ['', '{"key":"k"', '{"key":"other"}', '\0\0\0\0']) {
      await damage(text);
      expect(await store.head(bucket, 'k')).toMatchObject({ etag: md5('hello') });
    }
    await rm(join(folder, 'meta'), { recursive: true });
    expect(await store.head(bucket, 'k')).toMatchObject({ etag: md5('hello') });
  });

  it('yields no piece of an object that was edited by hand during the read', async () => {
    await writeFile(file, Buffer.alloc(3 << 20, 'a'));
    const { etag } = await store.putFile(bucket, 'k', file);
    const seen: Buffer[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of await store.read(bucket, 'k', { from: 0, ifMatch: etag })) {
        seen.push(piece);
        await writeFile(objectPath('k'), Buffer.alloc(3 << 20, 'b'));
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
    expect(Buffer.concat(seen).includes('b')).toBe(false);
  });

  it('treats neither links nor folders as objects', async () => {
    await store.putFile(bucket, 'folder/k', file);
    await symlink('/etc/passwd', objectPath('link'));
    expect(await store.head(bucket, 'link')).toBeNull();
    expect(await store.head(bucket, 'folder')).toBeNull();
    expect(await keys()).toEqual(['folder/k']);
  });

  it('keeps an object unchanged when a put fails', async () => {
    await store.putFile(bucket, 'k', file);
    await expect(store.putFile(bucket, 'k', folder)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(await store.head(bucket, 'k')).toMatchObject({ etag: md5('hello') });
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    expect(events).toHaveLength(1);
  });

  it('removes old copies of killed puts', async () => {
    await writeFile(join(folder, 'tmp', 'old'), 'x');
    await writeFile(join(folder, 'tmp', 'new'), 'x');
    await utimes(join(folder, 'tmp', 'old'), noon / 1000 - 3601, noon / 1000 - 3601);
    await utimes(join(folder, 'tmp', 'new'), noon / 1000 - 60, noon / 1000 - 60);
    await openFolderStore({ folder, clock, versioning: false });
    expect(await readdir(join(folder, 'tmp'))).toEqual(['new']);
  });

  it('puts keys that are folders of each other from several clients at once', async () => {
    const wanted = ['a', 'a/b', 'a/b/c', 'a/b/c/d'];
    const other = await openFolderStore({ folder, clock, versioning: false });
    const putAll = (client: ObjectStore): Promise<unknown>[] => wanted.map((key) => client.putFile(bucket, key, file));
    await Promise.all([...putAll(store), ...putAll(other), ...putAll(store)]);
    expect(await keys()).toEqual(wanted);
    for (const key of wanted) expect(await store.head(bucket, key)).toMatchObject({ etag: md5('hello') });
  });

  it('lists from cached digests, and notices edited, replaced and added files', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await store.putFile(bucket, `logs/${key}`, file);
    await writeFile(objectPath('logs/b'), 'HELLO');
    await utimes(objectPath('logs/b'), noon / 1000, noon / 1000);
    await rm(objectPath('logs/c'));
    await writeFile(objectPath('logs/c'), 'hello');
    await rm(objectPath('logs/d'));
    await writeFile(objectPath('logs/e'), 'new');
    const found: Record<string, string> = {};
    for await (const { key, etag } of store.list(bucket)) found[key] = etag;
    expect(found).toEqual({
      'logs/a': md5('hello'),
      'logs/b': md5('HELLO'),
      'logs/c': md5('hello'),
      'logs/e': md5('new'),
    });
  });

  it('lists more objects than one batch, from any key on', async () => {
    const all = Array.from({ length: 100 }, (_, i) => `host-${i % 3}/${i}.log`);
    for (const key of all) await store.putFile(bucket, key, file);
    all.sort();
    expect(await keys()).toEqual(all);
    for (const at of [0, 31, 32, 33, 63, 64, 99]) {
      const rest: string[] = [];
      for await (const { key } of store.list(bucket, { after: all[at] ?? '' })) rest.push(key);
      expect(rest).toEqual(all.slice(at + 1));
    }
  });

  it('says how to fix a folder that cannot be created', async () => {
    const opening = openFolderStore({ folder: join(file, 'below-a-file'), clock, versioning: false });
    await expect(opening).rejects.toMatchObject({ code: 'DATA_FOLDER' });
  });
});

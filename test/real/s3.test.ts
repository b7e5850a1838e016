import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
} from '@aws-sdk/client-s3';

import type { S3Store } from '../../src/adapters/aws/s3-store';
import type { ObjectInfo } from '../../src/ports/object-store';
import { BUCKET as PRODUCER_BUCKET, info, openPlace, type Place } from '../actors/producing';
import { checkpointOf } from '../actors/observing';
import { objectStoreContract } from '../contract/object-store';
import type { RunningS3 } from '../support/s3';
import { S3_START_MS, deleteObject, emptyBucket, keepVersions, makeBucket, openS3, runS3, useS3 } from '../support/s3';
import { tempFolders } from '../support/temp-folder';
import { readLines } from '../support/topics';

const folders = tempFolders();
let s3: RunningS3;

beforeAll(async () => {
  s3 = await runS3();
  useS3(s3);
}, S3_START_MS);
afterAll(() => s3.stop());

const kinds: [string, string, boolean][] = [
  ['without versions', 'plain', false],
  ['with versions', 'versioned', true],
];
describe.each(kinds)('%s', (how, bucket, versioned) => {
  let store: S3Store | undefined;

  beforeAll(() => makeBucket(bucket, versioned));

  objectStoreContract(`S3 ${how}`, {
    bucket,
    keepsEveryKey: false,
    keepsKeysBelowKeys: false,
    versioned,
    keepsVersionTimes: false,
    remove: (key) => deleteObject(bucket, key),
    removeVersion: (key, versionId) => deleteObject(bucket, key, versionId),
    fresh: async () => {
      store?.close();
      await emptyBucket(bucket);
      store = openS3();
      return store;
    },
    close: () => Promise.resolve(store?.close()),
  });

  it('returns the version only where there is one', async () => {
    const s3Store = openS3();
    const file = join(folders.make(), 'file');
    writeFileSync(file, 'one');
    const one = await s3Store.putFile(bucket, 'k', file);
    writeFileSync(file, 'two');
    const two = await s3Store.putFile(bucket, 'k', file);
    expect(one.versionId === undefined).toBe(!versioned);
    expect(two.versionId === one.versionId).toBe(!versioned);
    expect(await s3Store.head(bucket, 'k')).toEqual(two);
    s3Store.close();
  });
});

describe('S3', () => {
  const bucket = 'own';
  let store: S3Store;
  let client: S3Client;
  let file: string;

  beforeAll(() => makeBucket(bucket));
  beforeEach(async () => {
    await emptyBucket(bucket);
    store = openS3();
    client = new S3Client();
    file = join(folders.make(), 'file');
  });
  afterEach(() => {
    store.close();
    client.destroy();
  });

  const algorithms: [ChecksumAlgorithm, string | null][] = [
    ['CRC64NVME', 'ae8b14860a799888'],
    ['CRC32C', 'e3069283'],
    ['CRC32', 'cbf43926'],
    ['SHA256', null],
  ];
  it.each(algorithms)('returns a checksum of %s as %s', async (algorithm, value) => {
    const command = { Bucket: bucket, Key: 'k', Body: '123456789', ChecksumAlgorithm: algorithm };
    await client.send(new PutObjectCommand(command));
    const found = await store.head(bucket, 'k');
    expect(found?.checksum).toEqual(value === null ? undefined : { algorithm, value });
  });

  /** Uploads content in two parts; the first has 5 MiB. */
  async function uploadInParts(
    content: Buffer,
    ChecksumAlgorithm: ChecksumAlgorithm,
    type: ChecksumType,
  ): Promise<void> {
    const target = { Bucket: bucket, Key: 'k' };
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm, ChecksumType: type }),
    );
    const bodies = [content.subarray(0, 5 << 20), content.subarray(5 << 20)];
    const Parts = await Promise.all(
      bodies.map(async (Body, i) => {
        const part = { ...target, UploadId, PartNumber: i + 1, Body, ChecksumAlgorithm };
        const { ETag, ChecksumCRC32, ChecksumCRC64NVME } = await client.send(new UploadPartCommand(part));
        return { PartNumber: i + 1, ETag, ChecksumCRC32, ChecksumCRC64NVME };
      }),
    );
    const complete = { ...target, UploadId, MultipartUpload: { Parts }, ChecksumType: type };
    await client.send(new CompleteMultipartUploadCommand(complete));
  }

  it('returns no checksum that combines those of parts', async () => {
    const content = Buffer.alloc(6 << 20, 'some line\n');
    await uploadInParts(content, 'CRC32', 'COMPOSITE');
    const found = await store.head(bucket, 'k');
    expect(found).toMatchObject({ size: content.length });
    expect(found?.checksum).toBeUndefined();
  });

  it('returns the checksum of the whole object after an upload in parts', async () => {
    const content = Buffer.alloc(6 << 20, 'some line\n');
    await uploadInParts(content, 'CRC64NVME', 'FULL_OBJECT');
    const inParts = await store.head(bucket, 'k');
    writeFileSync(file, content);
    const inOne = await store.putFile(bucket, 'k', file);
    expect(inParts?.checksum).toEqual(inOne.checksum);
    expect(inParts?.etag).not.toBe(inOne.etag);
  });

  it('lists several pages in order', async () => {
    const keys = Array.from({ length: 1_050 }, (_, i) => `host-${i % 7}/${String(i).padStart(5, '0')}.log`);
    for (let i = 0; i < keys.length; i += 25) {
      const some = keys.slice(i, i + 25);
      await Promise.all(some.map((Key) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }))));
    }
    const listed: string[] = [];
    for await (const { key } of store.list(bucket)) listed.push(key);
    expect(listed).toEqual(keys.sort());
    const rest: string[] = [];
    for await (const { key } of store.list(bucket, { prefix: 'host-3/', after: keys[160] ?? '' })) rest.push(key);
    expect(rest).toEqual(keys.filter((key) => key.startsWith('host-3/') && key > (keys[160] ?? '')));
  }, 60_000);

  it('lists objects put before the bucket kept versions, then later versions', async () => {
    const later = 'versioned-later';
    await makeBucket(later);
    const put = async (content: string): Promise<ObjectInfo> => {
      writeFileSync(file, content);
      return store.putFile(later, 'k', file);
    };
    const old = await put('old');
    expect(await store.versions(later, 'k')).toEqual([]);
    await keepVersions(later);
    const two = await put('two');
    const three = await put('three');
    const found = await store.versions(later, 'k');
    expect(found.map(({ versionId }) => versionId)).toEqual(['null', two.versionId, three.versionId]);
    expect(await store.versions(later, 'k', 'null')).toEqual(found);
    expect(await store.versions(later, 'k', two.versionId)).toEqual(found.slice(1));
    expect(await store.head(later, 'k', 'null')).toMatchObject({ etag: old.etag, checksum: old.checksum });
    const pieces: Buffer[] = [];
    const range = { from: 1, ifMatch: old.etag, versionId: 'null' };
    for await (const piece of await store.read(later, 'k', range)) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('ld');
  });

  it('lists several pages of versions', async () => {
    const many = 'many-versions';
    await makeBucket(many, true);
    await client.send(new PutObjectCommand({ Bucket: many, Key: 'k.1', Body: 'another key' }));
    const ids: (string | undefined)[] = [];
    for (let i = 0; i < 1_010; i++) {
      const { VersionId } = await client.send(new PutObjectCommand({ Bucket: many, Key: 'k', Body: `${i}` }));
      ids.push(VersionId);
    }
    expect((await store.versions(many, 'k')).map(({ versionId }) => versionId)).toEqual(ids);
    expect((await store.versions(many, 'k', ids[1_005])).map(({ versionId }) => versionId)).toEqual(ids.slice(1_005));
    expect((await store.versions(many, 'k', ids[3])).map(({ versionId }) => versionId)).toEqual(ids.slice(3));
  }, 60_000);

  it('reads one version or none during repeated overwrites', async () => {
    const contents = ['a', 'b', 'c'].map((letter) => Buffer.alloc(6 << 20, `${letter}\n`));
    const digests = new Set(contents.map((content) => createHash('md5').update(content).digest('hex')));
    let left = 12;
    const write = async (): Promise<void> => {
      for (; left > 0; left--) {
        writeFileSync(file, contents[left % 3] ?? '');
        await store.putFile(bucket, 'k', file);
      }
    };
    writeFileSync(file, contents[0] ?? '');
    await store.putFile(bucket, 'k', file);
    const done = write();
    while (left > 0) {
      const found = await store.head(bucket, 'k');
      const hash = createHash('md5');
      try {
        for await (const piece of await store.read(bucket, 'k', { from: 0, ifMatch: found?.etag ?? '' })) {
          hash.update(piece);
        }
        expect(digests).toContain(hash.digest('hex'));
      } catch (error) {
        expect(error).toMatchObject({ code: 'OBJECT_CHANGED' });
      }
    }
    await done;
  });
});

describe('the producer on S3', () => {
  const KEY = 'logs/web 1/app+%2B.log';
  const SOURCE = `${PRODUCER_BUCKET}/${KEY}`;
  let place: Place;
  let store: S3Store;

  beforeAll(() => makeBucket(PRODUCER_BUCKET));
  beforeEach(async () => {
    store = openS3();
    place = await openPlace(folders.make());
  });
  afterEach(async () => {
    await place.close();
    store.close();
  });

  const upload = async (lines: readonly string[]): Promise<void> => {
    const path = join(place.folder, 'upload');
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    await store.putFile(PRODUCER_BUCKET, KEY, path);
  };

  /** The lines of one generation as in the topic, one after the other from byte 0. */
  const published = (generation: number, lines: readonly string[]): string[] => {
    let offset = 0;
    return lines.map((line) => {
      const name = `${generation}:${offset} ${line}`;
      offset += Buffer.byteLength(line) + 1;
      return name;
    });
  };

  it('publishes appended lines only, and a rewritten object from its start as a new generation', async () => {
    const before = Array.from({ length: 2_000 }, (_, i) => info(i));
    const appended = Array.from({ length: 6_000 }, (_, i) => info(2_000 + i, `${i} ${'x'.repeat(150)}`));
    const rewritten = Array.from({ length: 9_000 }, (_, i) => info(20_000 + i, `again ${'y'.repeat(150)}`));
    const running = place.start({ store });

    await upload(before);
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: published(0, before) });

    await upload([...before, ...appended]);
    await running.reconcile();
    running.signal(KEY);
    await running.settle();
    const whole = published(0, [...before, ...appended]);
    expect(await readLines(place.log)).toEqual({ [SOURCE]: whole });

    await upload(rewritten);
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({ [SOURCE]: [...whole, ...published(1, rewritten)] });
    expect(running.failures).toEqual([]);
  });

  it('loses no line that was appended before the bucket kept versions', async () => {
    const [one, two, three] = [info(0), info(1), info(2)];
    const running = place.start({ store });
    await upload([one]);
    running.signal(KEY);
    await running.settle();
    await upload([one, two]);
    await keepVersions(PRODUCER_BUCKET);
    await upload([three]);
    running.signal(KEY);
    await running.settle();
    expect(await readLines(place.log)).toEqual({
      [SOURCE]: [...published(0, [one, two]), ...published(1, [three])],
    });
    expect(await checkpointOf(place.log, KEY)).toMatchObject({ position: { generation: 1, possibleGap: 0 } });
  });
});

import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { HeadObjectCommandOutput, PutObjectCommandOutput } from '@aws-sdk/client-s3';

import { checkObjectKey } from '../../ingestion/object-key';
import { TelltaleError } from '../../errors';
import type { Clock } from '../../ports/clock';
import type { ObjectChecksum, ObjectInfo, ObjectStore, ObjectVersion, ReadRange } from '../../ports/object-store';
import { piecesOf } from './s3-body';
import { isNotFound, s3Error, statusOf } from './s3-errors';
import { listObjects, listVersions, wholeSeconds, type S3Connection } from './s3-listing';
import { bytesOf, openSnapshot, type FileSnapshot } from './s3-upload';

/** Region, endpoint and credentials come from the SDK's standard chain (environment, profile, role). */
export interface S3StoreOptions {
  readonly clock: Clock;
  /**
   * Puts the bucket into the path instead of the host name, for S3-compatible stores with a DNS name. IP addresses
   * always do.
   */
  readonly pathStyle: boolean;
  /** Maximum number of attempts while S3 throttles, fails (5xx) or is unreachable. */
  readonly maxAttempts: number;
  /** Time limit for the head of an answer, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** A transfer fails after this many milliseconds without a byte. */
  readonly stallMs: number;
}

export interface S3Store extends ObjectStore {
  /**
   * Checks the region, which waiting cannot supply. Sends nothing: credentials and network may become available later.
   * @throws CONFIG when the region is missing or invalid
   */
  checkRegion(): Promise<void>;
  /** Closes all connections; running transfers fail. The store cannot be used afterwards. */
  close(): void;
}

/** S3's limit for a put in one piece. */
const MAX_PUT_BYTES = 5 * 1024 ** 3;

const CONNECT_MS = 5_000;

/** Pause before the first retry of a failed put, in milliseconds; it doubles each time. */
const PUT_PAUSE_MS = 200;

/**
 * S3 and S3-compatible stores. The first call loads the SDK, so that programs without one start faster. Errors beyond
 * those of the port: OBJECT_STORE_DENIED, NO_SUCH_BUCKET.
 */
export function createS3Store(options: S3StoreOptions): S3Store {
  return new SdkS3Store(options);
}

class SdkS3Store implements S3Store {
  private loaded: Promise<S3Connection> | null = null;
  private closed = false;

  constructor(private readonly options: S3StoreOptions) {}

  async checkRegion(): Promise<void> {
    const { client } = await this.load();
    try {
      await client.config.region();
    } catch (cause) {
      const error = s3Error(cause, 'Cannot use S3');
      if (error.code === 'CONFIG') throw error;
    }
  }

  async head(bucket: string, key: string, versionId?: string): Promise<ObjectInfo | null> {
    checkObjectKey(key);
    const { sdk, client } = await this.load();
    const target = targetOf(bucket, key, versionId);
    try {
      return infoOf(key, await client.send(new sdk.HeadObjectCommand({ ...target, ...withChecksum })));
    } catch (answer) {
      const error = await this.inFull(answer, target);
      if (isNotFound(error, versionId)) return null;
      throw s3Error(error, `Cannot check ${nameOf(target)}`);
    }
  }

  async read(bucket: string, key: string, { from, ifMatch, versionId }: ReadRange): Promise<AsyncIterable<Buffer>> {
    checkObjectKey(key);
    const { sdk, client } = await this.load();
    const target = targetOf(bucket, key, versionId);
    const name = nameOf(target);
    try {
      const command = new sdk.GetObjectCommand({ ...target, Range: `bytes=${from}-`, IfMatch: ifMatch });
      const { Body: body, ContentLength: length, ContentRange: served, ETag: etag } = await client.send(command);
      if (!(body instanceof Readable)) throw new Error('the answer has no body');
      const pieces = piecesOf(body, { name, length: length ?? null, stallMs: this.options.stallMs });
      // Some S3-compatible stores ignore If-Match or Range. Fail rather than return wrong bytes.
      const wrong =
        etag === ifMatch ? (isFrom(served, from) ? null : misplaced(name, from, served)) : changed(name, ifMatch);
      if (wrong === null) return pieces;
      body.destroy();
      throw wrong;
    } catch (error) {
      const status = statusOf(error);
      if (status === 416) return Readable.from([]);
      if (status === 412) throw changed(name, ifMatch);
      if (isNotFound(error, versionId)) {
        throw new TelltaleError('OBJECT_NOT_FOUND', `There is no object ${name}.`);
      }
      throw s3Error(error, `Cannot read ${name}`);
    }
  }

  async *list(bucket: string, range: { prefix?: string; after?: string } = {}): AsyncIterable<ObjectInfo> {
    yield* listObjects(await this.load(), bucket, range);
  }

  async versions(bucket: string, key: string, from?: string): Promise<readonly ObjectVersion[]> {
    checkObjectKey(key);
    return listVersions(await this.load(), bucket, key, from);
  }

  async putFile(bucket: string, key: string, path: string): Promise<ObjectInfo> {
    checkObjectKey(key);
    const what = `Cannot put ${path} to s3://${bucket}/${key}`;
    for (let attempt = 1; ; attempt++) {
      const snapshot = await openSnapshot(path);
      try {
        if (snapshot.size > MAX_PUT_BYTES) {
          const advice = 'rotate it earlier, or upload it in parts with the AWS CLI (--checksum-algorithm CRC64NVME)';
          throw new TelltaleError('OBJECT_STORE', `${what}: it has more than 5 GiB; ${advice}.`, { retriable: false });
        }
        return await this.written(bucket, key, snapshot, await this.put(bucket, key, snapshot));
      } catch (cause) {
        // The SDK cannot resend this body, so each attempt opens it again.
        const error = s3Error(cause, what);
        if (!error.retriable || attempt >= this.options.maxAttempts || this.closed) throw error;
      } finally {
        await snapshot.handle.close();
      }
      await pause(PUT_PAUSE_MS * 2 ** (attempt - 1));
    }
  }

  close(): void {
    this.closed = true;
    void this.loaded?.then(({ client }) => client.destroy()).catch(() => undefined);
  }

  private async put(bucket: string, key: string, snapshot: FileSnapshot): Promise<PutObjectCommandOutput> {
    const { sdk, client } = await this.load();
    const { handle, size, crc64nvme } = snapshot;
    const transfer = new AbortController();
    let broken: unknown = null;
    const giveUp = (error: unknown): void => {
      broken ??= error;
      transfer.abort();
    };
    const stalled = new TelltaleError('OBJECT_STORE', `S3 accepted no byte for ${this.options.stallMs / 1000} s.`);
    const deadline = setTimeout(() => giveUp(stalled), this.options.stallMs);
    const body = Readable.from(
      (async function* () {
        for await (const piece of bytesOf(handle, size)) {
          deadline.refresh();
          yield piece;
        }
      })(),
      { objectMode: false },
    ).on('error', giveUp);
    const command = new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentLength: size,
      ChecksumCRC64NVME: crc64nvme,
    });
    try {
      return await client.send(command, { abortSignal: transfer.signal, requestTimeout: 0 });
    } catch (error) {
      throw broken ?? error;
    } finally {
      clearTimeout(deadline);
      body.destroy();
    }
  }

  /** The written object, with S3's LastModified. */
  private async written(
    bucket: string,
    key: string,
    { size, crc64nvme }: FileSnapshot,
    { ETag: etag, VersionId: versionId }: PutObjectCommandOutput,
  ): Promise<ObjectInfo> {
    if (etag === undefined) throw new TelltaleError('OBJECT_STORE', `S3 returned no ETag for s3://${bucket}/${key}.`);
    const now = await this.head(bucket, key);
    if (now?.etag === etag && now.versionId === versionId) return now;
    // Another writer has already replaced it.
    const lastModified = wholeSeconds(new Date(this.options.clock.now()));
    const checksum = { algorithm: 'CRC64NVME', value: hexOf(crc64nvme) } as const;
    return { key, size, etag, lastModified, checksum, ...(versionId === undefined ? {} : { versionId }) };
  }

  /** A failed HEAD has no body with a reason; a GET of one byte has one. */
  private async inFull(error: unknown, target: Target): Promise<unknown> {
    if (![301, 400, 403, 404].includes(statusOf(error) ?? 0)) return error;
    const { sdk, client } = await this.load();
    try {
      const { Body: body } = await client.send(new sdk.GetObjectCommand({ ...target, Range: 'bytes=0-0' }));
      if (body instanceof Readable) body.destroy();
      return error;
    } catch (explained) {
      return explained;
    }
  }

  private async load(): Promise<S3Connection> {
    if (this.closed) throw new TelltaleError('CLOSED', 'The object store was closed.');
    const { pathStyle, maxAttempts, requestTimeoutMs } = this.options;
    this.loaded ??= import('@aws-sdk/client-s3').then((sdk) => ({
      sdk,
      client: new sdk.S3Client({
        forcePathStyle: pathStyle,
        maxAttempts,
        retryMode: 'standard',
        // The domain verifies checksums of whole objects; a range has none.
        responseChecksumValidation: 'WHEN_REQUIRED',
        // Errors carry all failures; the SDK would also write to the console.
        logger: silent,
        requestHandler: {
          connectionTimeout: CONNECT_MS,
          requestTimeout: requestTimeoutMs,
          throwOnRequestTimeout: true,
          // A reader that waits for the event log leaves its socket idle meanwhile.
          socketTimeout: 0,
        },
      }),
    }));
    return this.loaded;
  }
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const withChecksum = { ChecksumMode: 'ENABLED' } as const;

/** An object or one of its versions, as in requests. */
interface Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

function targetOf(bucket: string, key: string, versionId?: string): Target {
  return { Bucket: bucket, Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) };
}

function nameOf({ Bucket, Key, VersionId }: Target): string {
  return `s3://${Bucket}/${Key}${VersionId === undefined ? '' : ` (version ${VersionId})`}`;
}

function infoOf(key: string, head: HeadObjectCommandOutput): ObjectInfo {
  const { ContentLength: size, ETag: etag, LastModified: modified, VersionId: versionId } = head;
  if (size === undefined || etag === undefined || modified === undefined) {
    throw new Error('the answer has no size, ETag or date');
  }
  const checksum = checksumOf(head);
  return {
    key,
    size,
    etag,
    lastModified: wholeSeconds(modified),
    ...(versionId === undefined ? {} : { versionId }),
    ...(checksum === null ? {} : { checksum }),
  };
}

/** Only a checksum of the whole object can be combined. A checksum of the parts' checksums (COMPOSITE) cannot. */
function checksumOf(head: HeadObjectCommandOutput): ObjectChecksum | null {
  if (head.ChecksumType !== 'FULL_OBJECT') return null;
  if (head.ChecksumCRC64NVME !== undefined) return { algorithm: 'CRC64NVME', value: hexOf(head.ChecksumCRC64NVME) };
  if (head.ChecksumCRC32C !== undefined) return { algorithm: 'CRC32C', value: hexOf(head.ChecksumCRC32C) };
  if (head.ChecksumCRC32 !== undefined) return { algorithm: 'CRC32', value: hexOf(head.ChecksumCRC32) };
  return null;
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

/** True when an answer starts at the requested byte. Without `Content-Range` it is the whole object. */
function isFrom(contentRange: string | undefined, from: number): boolean {
  return contentRange === undefined ? from === 0 : contentRange.startsWith(`bytes ${from}-`);
}

function misplaced(name: string, from: number, served: string | undefined): TelltaleError {
  const message = `Cannot read ${name} from byte ${from}: the store sent ${served ?? 'all bytes'}. Use an S3-compatible store.`;
  return new TelltaleError('OBJECT_STORE', message, { retriable: false });
}

function changed(name: string, ifMatch: string): TelltaleError {
  return new TelltaleError('OBJECT_CHANGED', `The object ${name} is no longer ${ifMatch}: read the new one.`);
}

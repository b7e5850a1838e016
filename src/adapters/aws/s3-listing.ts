import type * as Sdk from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';

import { TelltaleError } from '../../errors';
import type { ObjectInfo, ObjectVersion } from '../../ports/object-store';
import { s3Error } from './s3-errors';

/** The SDK, which is loaded on first use, and a client of it. */
export interface S3Connection {
  readonly sdk: typeof Sdk;
  readonly client: S3Client;
}

/**
 * The version id of objects that were put while the bucket kept no versions:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
 */
const NO_VERSION = 'null';

/** XML 1.0 cannot represent most control characters. */
const ENCODING = { EncodingType: 'url' } as const;

/** Lists the objects of a bucket in pages of 1,000. */
export async function* listObjects(
  { sdk, client }: S3Connection,
  bucket: string,
  { prefix = '', after = '' }: { readonly prefix?: string; readonly after?: string },
): AsyncGenerator<ObjectInfo> {
  const what = `Cannot list s3://${bucket}/${prefix}`;
  let token: string | undefined;
  do {
    const from = token !== undefined ? { ContinuationToken: token } : after !== '' ? { StartAfter: after } : {};
    const command = new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...from, ...ENCODING });
    const page = await client.send(command).catch((error: unknown) => {
      throw s3Error(error, what);
    });
    for (const found of page.Contents ?? []) yield infoOf(found, page, what);
    const next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    if (page.IsTruncated === true && (next === undefined || next === token)) throw endless(what);
    token = next;
  } while (token !== undefined);
}

/**
 * Lists the versions of one key, oldest first. S3 lists the newest first, followed by keys that begin with this one:
 * reading stops at `from`, or at the first other key.
 */
export async function listVersions(
  { sdk, client }: S3Connection,
  bucket: string,
  key: string,
  from?: string,
): Promise<ObjectVersion[]> {
  const what = `Cannot list the versions of s3://${bucket}/${key}`;
  const newestFirst: ObjectVersion[] = [];
  // A listing shows it well enough; asking the bucket would require another permission.
  let keepsVersions = false;
  let marker: { KeyMarker: string; VersionIdMarker: string | undefined } | undefined;
  const versions = (): ObjectVersion[] => (keepsVersions ? newestFirst.reverse() : []);
  for (;;) {
    const command = new sdk.ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, ...marker, ...ENCODING });
    const page = await client.send(command).catch((error: unknown) => {
      throw s3Error(error, what);
    });
    for (const found of page.Versions ?? []) {
      const info = infoOf(found, page, what);
      if (info.key !== key) return versions();
      const versionId = found.VersionId ?? NO_VERSION;
      keepsVersions ||= versionId !== NO_VERSION;
      newestFirst.push({ ...info, versionId });
      if (versionId === from) return versions();
    }
    if (page.IsTruncated !== true) return versions();
    const { NextKeyMarker: nextKey, NextVersionIdMarker: VersionIdMarker } = page;
    if (nextKey === undefined) throw endless(what);
    const KeyMarker = decoded(nextKey, page);
    if (KeyMarker !== key) return versions();
    if (VersionIdMarker === marker?.VersionIdMarker) throw endless(what);
    marker = { KeyMarker, VersionIdMarker };
  }
}

interface Listed {
  readonly Key?: string | undefined;
  readonly Size?: number | undefined;
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
}

interface Page {
  readonly EncodingType?: Sdk.EncodingType | undefined;
}

function infoOf({ Key, Size, ETag, LastModified }: Listed, page: Page, what: string): ObjectInfo {
  if (Key === undefined || Size === undefined || ETag === undefined || LastModified === undefined) {
    throw new TelltaleError('OBJECT_STORE', `${what}: the answer names an object without key, size, ETag or date.`);
  }
  return { key: decoded(Key, page), size: Size, etag: ETag, lastModified: wholeSeconds(LastModified) };
}

/**
 * S3-compatible stores may ignore the requested encoding without saying so, or claim it for keys that are not encoded.
 */
function decoded(key: string, { EncodingType }: Page): string {
  if (EncodingType !== 'url') return key;
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

/** Epoch milliseconds, in whole seconds as in S3: some S3-compatible stores list fractions that their HEAD omits. */
export function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000;
}

function endless(what: string): TelltaleError {
  return new TelltaleError(
    'OBJECT_STORE',
    `${what}: truncated page without continuation token: use an S3-compatible store.`,
  );
}

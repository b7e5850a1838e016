/**
 * The object store: S3, or a folder. Every adapter passes `test/contract/object-store.ts`.
 * Reads and listings are consistent: what a finished `put` wrote is what every later call sees.
 */
export interface ObjectStore {
  /** Null when there is no such object. */
  head(bucket: string, key: string): Promise<ObjectInfo | null>;

  /**
   * Streams bytes [from, end of object). One version only: an overwrite in mid-read never mixes contents.
   * @throws OBJECT_CHANGED when the object's ETag is not `ifMatch`; OBJECT_NOT_FOUND; OBJECT_STORE
   */
  read(bucket: string, key: string, range: { from: number; ifMatch: string }): Promise<AsyncIterable<Buffer>>;

  /** All objects of a bucket in order of their keys (UTF-8), page by page, in bounded memory. */
  list(bucket: string, prefix?: string): AsyncIterable<ObjectInfo>;

  /** Writes an object from a file as it is at this moment; atomic for readers. Returns what was written. */
  putFile(bucket: string, key: string, path: string): Promise<ObjectInfo>;
}

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** As S3 gives it, quotes included. */
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  readonly versionId?: string;
  /** Checksum of the whole object; absent in listings, and where the store keeps none that can be combined. */
  readonly checksum?: ObjectChecksum;
}

/** A full-object checksum. `value` is big-endian hexadecimal, 16 digits for CRC64NVME, 8 for the others. */
export interface ObjectChecksum {
  readonly algorithm: 'CRC64NVME' | 'CRC32C' | 'CRC32';
  readonly value: string;
}

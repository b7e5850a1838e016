/**
 * The object store: S3, or a folder. Every adapter passes `test/contract/object-store.ts`.
 * Reads and listings are consistent: what a finished `put` wrote is what every later call sees.
 */
export interface ObjectStore {
  /** Null when there is no such object, or not this version of it. Without `versionId` the newest. */
  head(bucket: string, key: string, versionId?: string): Promise<ObjectInfo | null>;

  /**
   * Streams bytes [from, end of object). One version only: an overwrite in mid-read never mixes contents.
   * @throws OBJECT_CHANGED when the object's ETag is not `ifMatch`; OBJECT_NOT_FOUND; OBJECT_STORE
   */
  read(bucket: string, key: string, range: ReadRange): Promise<AsyncIterable<Buffer>>;

  /**
   * All objects of a bucket whose key begins with `prefix`, in order of their keys (UTF-8), page by page, in bounded
   * memory.
   * @param range.after only keys behind this one: a listing that failed goes on where it stood
   */
  list(bucket: string, range?: { readonly prefix?: string; readonly after?: string }): AsyncIterable<ObjectInfo>;

  /**
   * The versions of an object that are kept, oldest first, without checksums; delete markers are left out. Each has a
   * `versionId`. Empty when there is no such object, or the bucket never kept versions.
   * @param from those from this version on, itself first; all when it is not among them any more
   */
  versions(bucket: string, key: string, from?: string): Promise<readonly ObjectVersion[]>;

  /** Writes an object from a file as it is at this moment; atomic for readers. Returns what was written. */
  putFile(bucket: string, key: string, path: string): Promise<ObjectInfo>;
}

/** What is read: of the version named, or of the newest; only if its ETag is `ifMatch`. */
export interface ReadRange {
  readonly from: number;
  readonly ifMatch: string;
  readonly versionId?: string;
}

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** As S3 gives it, quotes included. */
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** Absent in listings, and where the bucket never kept versions. */
  readonly versionId?: string;
  /** Checksum of the whole object; absent in listings, and where the store keeps none that can be combined. */
  readonly checksum?: ObjectChecksum;
}

export interface ObjectVersion extends ObjectInfo {
  readonly versionId: string;
}

/** A full-object checksum. `value` is big-endian hexadecimal, 16 digits for CRC64NVME, 8 for the others. */
export interface ObjectChecksum {
  readonly algorithm: 'CRC64NVME' | 'CRC32C' | 'CRC32';
  readonly value: string;
}

/**
 * The object store: S3, or a folder. Every adapter passes `test/contract/object-store.ts`. Reads and listings are
 * consistent: every call after a finished `put` sees its result.
 */
export interface ObjectStore {
  /** Null when the object, or this version of it, does not exist. Without `versionId`, the newest version. */
  head(bucket: string, key: string, versionId?: string): Promise<ObjectInfo | null>;

  /**
   * Streams bytes [from, end of object) of one version: an overwrite during the read never mixes contents.
   * @throws OBJECT_CHANGED when the object's ETag is not `ifMatch`; OBJECT_NOT_FOUND; OBJECT_STORE
   */
  read(bucket: string, key: string, range: ReadRange): Promise<AsyncIterable<Buffer>>;

  /**
   * Lists the objects of a bucket whose key begins with `prefix`, in UTF-8 order of keys, page by page, in bounded
   * memory.
   * @param range.after only keys after this one, so that a failed listing can continue
   */
  list(bucket: string, range?: { readonly prefix?: string; readonly after?: string }): AsyncIterable<ObjectInfo>;

  /**
   * The kept versions of an object, oldest first, without checksums or delete markers. Each has a `versionId`. Empty
   * when the object does not exist, or the bucket never kept versions.
   * @param from starts with this version; all versions when it no longer exists
   */
  versions(bucket: string, key: string, from?: string): Promise<readonly ObjectVersion[]>;

  /** Writes an object from a file's present content, atomically for readers. Returns the written object. */
  putFile(bucket: string, key: string, path: string): Promise<ObjectInfo>;
}

/** The bytes to read, of the named or the newest version, only if its ETag is `ifMatch`. */
export interface ReadRange {
  readonly from: number;
  readonly ifMatch: string;
  readonly versionId?: string;
}

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** As S3 returns it, including quotes. */
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  /** Absent in listings, and when the bucket never kept versions. */
  readonly versionId?: string;
  /** Checksum of the whole object; absent in listings, and when the store keeps none that can be combined. */
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

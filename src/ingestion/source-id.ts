/** `bucket/key`: names a source everywhere. */
export type SourceId = string;

export function sourceId(bucket: string, key: string): SourceId {
  return `${bucket}/${key}`;
}

/** Splits a SourceId; the bucket has no slash. */
export function splitSourceId(source: SourceId): { bucket: string; key: string } {
  const slash = source.indexOf('/');
  return { bucket: source.slice(0, slash), key: source.slice(slash + 1) };
}

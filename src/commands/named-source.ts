import { sourceId, type SourceId } from '../ingestion/source-id';

/**
 * Parses the source that a person names: `s3://bucket/key`, `bucket/key`, or a key of the configured bucket. A key that
 * begins with the bucket's own name and a slash has to be written in full.
 */
export function namedSource(text: string, bucket: string): SourceId {
  const name = text.startsWith('s3://') ? text.slice('s3://'.length) : text;
  return name !== text || name.startsWith(`${bucket}/`) ? name : sourceId(bucket, name);
}

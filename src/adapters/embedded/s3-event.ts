/** The event that S3 sends to a Lambda for a new object (event message structure, version 2.1). */
export interface S3Event {
  readonly Records: readonly S3EventRecord[];
}

export interface S3EventRecord {
  readonly eventVersion: '2.1';
  readonly eventSource: 'aws:s3';
  readonly awsRegion: string;
  /** ISO 8601 with milliseconds, UTC. */
  readonly eventTime: string;
  readonly eventName: 'ObjectCreated:Put';
  readonly userIdentity: { readonly principalId: string };
  readonly requestParameters: { readonly sourceIPAddress: string };
  readonly responseElements: { readonly 'x-amz-request-id': string; readonly 'x-amz-id-2': string };
  readonly s3: {
    readonly s3SchemaVersion: '1.0';
    readonly configurationId: string;
    readonly bucket: {
      readonly name: string;
      readonly ownerIdentity: { readonly principalId: string };
      readonly arn: string;
    };
    readonly object: {
      /** URL-encoded, with `+` for a space. */
      readonly key: string;
      readonly size: number;
      /** Without quotes. */
      readonly eTag: string;
      /** Hexadecimal. Sorting by it orders the events of one key. */
      readonly sequencer: string;
    };
  };
}

/** Makes the event that S3 would send for a finished put. */
export interface PutDone {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  /** With quotes, as object stores return it. */
  readonly etag: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly sequencer: bigint;
}

export function objectCreatedEvent(put: PutDone): S3Event {
  const sequencer = put.sequencer.toString(16).toUpperCase().padStart(16, '0');
  const owner = { principalId: 'telltale' };
  const record: S3EventRecord = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-1',
    eventTime: new Date(put.at).toISOString(),
    eventName: 'ObjectCreated:Put',
    userIdentity: owner,
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': sequencer, 'x-amz-id-2': sequencer },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'telltale',
      bucket: { name: put.bucket, ownerIdentity: owner, arn: `arn:aws:s3:::${put.bucket}` },
      object: { key: urlEncodeKey(put.key), size: put.size, eTag: put.etag.replaceAll('"', ''), sequencer },
    },
  };
  return { Records: [record] };
}

/** Encodes a key as S3 events do: form encoding, except slashes. */
function urlEncodeKey(key: string): string {
  const escape = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key)
    .replace(/[!'()~]/g, escape)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}

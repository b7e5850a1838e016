import { TelltaleError, type ErrorCode, isTelltaleError } from '../../errors';

/** The facts of an error from S3, the SDK or the network that may be logged. */
interface Fault {
  /** S3's error code, a system error's code, or the class of the error. */
  readonly name: string;
  readonly message: string;
  /** HTTP status; null without an answer. */
  readonly status: number | null;
  /** The request id that AWS support asks for. */
  readonly requestId: string | null;
  /** The bucket's region, according to the answer. */
  readonly region: string | null;
}

interface Advice {
  readonly code: ErrorCode;
  readonly advice: string;
  readonly retriable?: boolean;
  /** Why S3 does not give an object: a reason of topic `quarantine`. */
  readonly reason?: string;
}

const rights: Advice = {
  code: 'OBJECT_STORE_DENIED',
  advice: 'give these credentials the permissions that docs/s3.md lists',
};
const credentials: Advice = {
  code: 'OBJECT_STORE_DENIED',
  advice: 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile or the role',
};
const expired: Advice = {
  code: 'OBJECT_STORE_DENIED',
  advice: 'the credentials have expired: get new ones and start again',
};
const region: Advice = { code: 'NO_SUCH_BUCKET', advice: 'set AWS_REGION to the region of the bucket' };
const network: Advice = { code: 'OBJECT_STORE', advice: 'check the network and AWS_ENDPOINT_URL_S3' };
const customerKey: Advice = {
  code: 'OBJECT_STORE',
  advice: 'the object is encrypted with a key of its own (SSE-C), which Telltale does not have: upload it without',
  retriable: false,
  reason: 'customer-key',
};
const kmsKey: Advice = {
  code: 'OBJECT_STORE',
  advice: 'enable the key of KMS that the object is encrypted with, and allow kms:Decrypt',
  retriable: false,
  reason: 'kms-key',
};
const busy: Advice = { code: 'OBJECT_STORE', advice: 'S3 is busy or failing: Telltale tries again later' };

/** Advice by S3 error code: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const advices: ReadonlyMap<string, Advice> = new Map(
  Object.entries({
    AccessDenied: rights,
    AllAccessDisabled: rights,
    AccountProblem: rights,
    InvalidAccessKeyId: credentials,
    SignatureDoesNotMatch: credentials,
    InvalidToken: credentials,
    CredentialsProviderError: {
      code: 'OBJECT_STORE_DENIED',
      advice: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the instance a role',
    },
    ExpiredToken: expired,
    ExpiredTokenException: expired,
    TokenRefreshRequired: expired,
    RequestTimeTooSkewed: {
      code: 'OBJECT_STORE_DENIED',
      advice: 'the clock of this machine is more than 15 minutes wrong: set it, best by NTP',
    },
    NoSuchBucket: { code: 'NO_SUCH_BUCKET', advice: 'check objectStore.bucket and AWS_REGION' },
    InvalidBucketName: { code: 'NO_SUCH_BUCKET', advice: 'check objectStore.bucket' },
    PermanentRedirect: region,
    AuthorizationHeaderMalformed: region,
    IllegalLocationConstraintException: region,
    KeyTooLongError: { code: 'OBJECT_KEY', advice: 'a key has at most 1,024 bytes: shorten it' },
    InvalidObjectState: {
      code: 'OBJECT_STORE',
      advice: 'the object is archived: restore it first',
      retriable: false,
      reason: 'archived',
    },
    BadDigest: { code: 'OBJECT_STORE', advice: 'the file changed during the upload: Telltale tries again later' },
    EntityTooLarge: {
      code: 'OBJECT_STORE',
      advice: 'one put takes at most 5 GiB: rotate the file earlier, or upload it in parts with the AWS CLI',
      retriable: false,
    },
    SlowDown: busy,
    InternalError: busy,
    ServiceUnavailable: busy,
    RequestTimeout: busy,
    ECONNREFUSED: network,
    ECONNRESET: network,
    EPIPE: network,
    ENOTFOUND: network,
    EAI_AGAIN: network,
    EHOSTUNREACH: network,
    ENETUNREACH: network,
    ETIMEDOUT: network,
    TimeoutError: network,
  } satisfies Record<string, Advice>),
);

/** The HTTP status of an SDK error; null without an answer. */
export function statusOf(error: unknown): number | null {
  const status = at(at(error, '$metadata'), 'httpStatusCode');
  return typeof status === 'number' ? status : null;
}

/**
 * True when an error says that the object, or this version of it, does not exist. Status 404 alone is not enough: a
 * missing bucket has it too, and so does an unknown user in some S3-compatible stores.
 * @param versionId the requested version: S3 answers 405 for a delete marker and 400 for an id it did not issue
 */
export function isNotFound(error: unknown, versionId?: string): boolean {
  const name = at(error, 'name');
  const status = statusOf(error);
  if (status === 404) return name === 'NoSuchKey' || name === 'NotFound' || name === 'NoSuchVersion';
  if (versionId === undefined) return false;
  return status === 405 || (status === 400 && name === 'InvalidArgument');
}

/**
 * Makes the error that the user reads. It does not carry the SDK's error, which holds the signed request and parts that
 * S3 repeats, such as an expired session token.
 */
export function s3Error(error: unknown, what: string): TelltaleError {
  if (isTelltaleError(error)) return error;
  const fault = faultOf(error);
  const { code, advice, retriable, reason } = adviceOf(fault);
  const where = fault.region === null ? '' : ` (the bucket is in ${fault.region})`;
  const cause = new Error(
    `${fault.name}: ${fault.message} (HTTP ${fault.status ?? 'none'}, request ${fault.requestId ?? 'unknown'})`,
  );
  const why = fault.name === 'Error' ? fault.message : `${fault.name}, ${fault.message}`;
  return new TelltaleError(code, `${what}: ${why}; ${advice}${where}.`, {
    cause,
    ...(retriable === undefined ? {} : { retriable }),
    ...(reason === undefined ? {} : { reason }),
  });
}

function adviceOf({ name, message, status }: Fault): Advice {
  const known = advices.get(name);
  if (known !== undefined) return known;
  if (/^Region (is missing|not accepted)/.test(message)) {
    return { code: 'CONFIG', advice: 'set AWS_REGION to the region of the bucket, such as eu-central-1' };
  }
  if (name.startsWith('KMS.'))
    return /Throttling|Internal|Timeout|Unavailable|LimitExceeded/.test(name) ? busy : kmsKey;
  // S3 has no code of its own for SSE-C: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
  if (name === 'InvalidRequest' && /server.side encryption/i.test(message)) return customerKey;
  if (status === 301 || status === 307) return region;
  if (status === 401 || status === 403) return rights;
  if (status === null || status === 429 || status >= 500) return busy;
  return { code: 'OBJECT_STORE', advice: 'see docs/s3.md for what Telltale asks of S3', retriable: false };
}

/** Checks shapes, not classes: an error from another realm is not an instance of this realm's Error. */
function faultOf(error: unknown): Fault {
  const code = textAt(error, 'code') ?? textAt(error, 'Code');
  const name = textAt(error, 'name');
  return {
    name: (advices.has(name ?? '') ? name : (code ?? name)) ?? 'unknown error',
    message: (textAt(error, 'message') ?? String(error)).replace(/\.$/, ''),
    status: statusOf(error),
    requestId: textAt(at(error, '$metadata'), 'requestId'),
    region: textAt(at(at(error, '$response'), 'headers'), 'x-amz-bucket-region'),
  };
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textAt(value: unknown, name: string): string | null {
  const text = at(value, name);
  return typeof text === 'string' && text !== '' ? text : null;
}

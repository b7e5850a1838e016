import { s3Error } from '../../../../src/adapters/aws/s3-errors';
import { quarantineReasonOf } from '../../../../src/ingestion/quarantine';

/** An error as the SDK throws it. */
function answer(httpStatusCode: number, name: string, message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode, requestId: 'R' } });
}

const ofCustomer =
  'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.';

describe('an answer of S3 about one object', () => {
  const cases: [status: number, name: string, reason: string | null, message?: string][] = [
    [403, 'InvalidObjectState', 'archived'],
    [400, 'InvalidRequest', 'customer-key', ofCustomer],
    [400, 'InvalidRequest', 'refused'],
    [400, 'KMS.DisabledException', 'kms-key'],
    [400, 'KMS.NotFoundException', 'kms-key'],
    [400, 'KMS.KMSInvalidStateException', 'kms-key'],
    [400, 'KMS.AccessDeniedException', 'kms-key'],
    [400, 'KMS.ThrottlingException', null],
    [500, 'KMS.KMSInternalException', null],
    [400, 'KMS.KeyUnavailableException', null],
    [403, 'AccessDenied', 'denied', 'User is not authorized to perform: kms:Decrypt'],
    [403, 'AllAccessDisabled', 'denied'],
    [403, 'SomethingNew', 'denied'],
    [400, 'InvalidArgument', 'refused'],
    [400, 'InvalidURI', 'refused'],
    [400, 'KeyTooLongError', 'refused'],
    [400, 'BadRequest', 'refused'],
    [405, 'MethodNotAllowed', 'refused'],
    [404, 'NoSuchBucket', null],
    [301, 'PermanentRedirect', null],
    [400, 'RequestTimeout', null],
    [429, 'TooManyRequests', null],
    [503, 'SlowDown', null],
    [500, 'InternalError', null],
  ];
  it.each(cases.map(([status, name, reason, message = 'the message.']) => [status, name, reason, message] as const))(
    '%i %s is quarantined as %s',
    (status, name, reason, message) => {
      const error = s3Error(answer(status, name, message), 'Cannot read s3://b/k');
      expect(quarantineReasonOf(error)).toBe(reason);
      expect(error.message).toMatch(new RegExp(`^Cannot read s3://b/k: ${name.replace('.', '\\.')}, .*; .*\\.$`));
    },
  );

  it('is retried when the network is at fault', () => {
    const error = s3Error(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'Cannot read s3://b/k');
    expect(error.retriable).toBe(true);
    expect(quarantineReasonOf(error)).toBeNull();
  });
});

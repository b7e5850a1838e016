import { runCheck } from '../../../src/doctor/check';
import { ok, type State } from '../../../src/doctor/finding';
import { TelltaleError } from '../../../src/errors';

const never = new Promise<void>(() => undefined);

function sdkError(name: string, httpStatusCode: number, message = 'it says so'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

test('a check that answers in time gives its findings', async () => {
  const check = { name: 'x', run: () => Promise.resolve([ok('x', 'fine')]) };
  expect(await runCheck(check, never)).toEqual([ok('x', 'fine')]);
});

test('a check whose time is over is unknown, and is told to stop', async () => {
  let aborted = false;
  const check = {
    name: 'bucket',
    run: (signal: AbortSignal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise<never>(() => undefined);
    },
  };
  const [finding] = await runCheck(check, Promise.resolve());
  expect(finding).toMatchObject({ check: 'bucket', state: 'unknown', says: 'no answer within 5 s' });
  expect(aborted).toBe(true);
});

const rows: readonly (readonly [Error, State, string])[] = [
  [sdkError('CredentialsProviderError', 0), 'fail', 'no credentials or no region'],
  [new Error('Region is missing'), 'fail', 'no credentials or no region'],
  [sdkError('InvalidClientTokenId', 403), 'fail', 'it says so'],
  [sdkError('ExpiredToken', 400), 'fail', 'it says so'],
  [sdkError('RequestTimeTooSkewed', 403), 'fail', 'it says so'],
  [sdkError('NotFound', 404, 'UnknownError'), 'fail', 'does not exist'],
  [sdkError('NoSuchBucket', 404), 'fail', 'does not exist'],
  [sdkError('PermanentRedirect', 301), 'fail', 'another region'],
  [sdkError('AccessDenied', 403), 'unknown', 'may not ask'],
  [sdkError('403', 403, 'UnknownError'), 'unknown', 'may not ask'],
  [sdkError('AccessDeniedException', 400), 'unknown', 'may not ask'],
  [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'unknown', 'connect ECONNREFUSED'],
  [new TelltaleError('EVENT_LOG', 'Cannot use the Kafka at x: refused.'), 'fail', 'Cannot use the Kafka at x'],
  [new TelltaleError('CONFIG', 'eventLog.kafka.tls.ca: x'), 'fail', 'eventLog.kafka.tls.ca'],
  [new Error(''), 'unknown', 'Error'],
];
test.each(rows)('%p is %s', async (error, state, text) => {
  const [finding] = await runCheck({ name: 'x', run: () => Promise.reject(error) }, never);
  expect(finding).toMatchObject({ check: 'x', state, says: expect.stringContaining(text) as unknown });
  expect(finding?.advice).not.toBeNull();
});

import { inspectAccount } from '../../../../src/adapters/aws/inspect-account';
import { inspectBucket } from '../../../../src/adapters/aws/inspect-bucket';
import { inspectMail } from '../../../../src/adapters/aws/inspect-mail';
import { countMessages, inspectDocument, inspectInstances } from '../../../../src/adapters/aws/inspect-signals';
import { systemClock } from '../../../../src/ports/clock';
import { startHttpReceiver, type HttpReceiver, type Received } from '../../../support/http-receiver';

/** Answers as AWS documents them, by the path or target of the request; everything else is not found. */
let answers: Readonly<Record<string, string | number>>;
let server: HttpReceiver;
const before = { ...process.env };
const { signal } = new AbortController();

beforeAll(async () => {
  server = await startHttpReceiver((request, response) => {
    const answer = Object.entries(answers).find(([part]) => keyOf(request).includes(part))?.[1] ?? 404;
    const body = typeof answer === 'string' ? answer : '';
    const isXml = body.startsWith('<');
    response.writeHead(typeof answer === 'string' ? 200 : answer, {
      'content-type': isXml ? 'text/xml' : 'application/x-amz-json-1.1',
      date: 'Tue, 01 Dec 2026 03:00:00 GMT',
      ...(answer === 404 ? { 'x-amzn-errortype': 'NotFoundException' } : {}),
    });
    response.end(body);
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});
afterAll(async () => {
  process.env = before;
  await server.close();
});

function keyOf({ path, headers, body }: Received): string {
  return `${path} ${String(headers['x-amz-target'])} ${body}`;
}

test('the account: who calls, and the time of the answer', async () => {
  answers = {
    GetCallerIdentity:
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      '<Arn>arn:aws:iam::1:role/x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
  };
  expect(await inspectAccount(systemClock, signal)).toMatchObject({
    arn: 'arn:aws:iam::1:role/x',
    region: 'eu-central-1',
    answeredAt: Date.UTC(2026, 11, 1, 3),
  });
});

describe('the bucket', () => {
  const bucket = { bucket: 'telltale-logs', pathStyle: true };

  test('has versions, lifecycle and notifications', async () => {
    answers = {
      '?versioning': '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
      '?lifecycle':
        '<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter>' +
        '<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration></Rule>' +
        '</LifecycleConfiguration>',
      '?notification':
        '<NotificationConfiguration><QueueConfiguration><Id>q</Id><Queue>arn:aws:sqs:e</Queue>' +
        '<Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>Prefix</Name><Value>logs/</Value>' +
        '</FilterRule></S3Key></Filter></QueueConfiguration></NotificationConfiguration>',
      '/telltale-logs': '<x/>',
    };
    expect(await inspectBucket(bucket, signal)).toEqual({
      bucket: 'telltale-logs',
      versioning: 'Enabled',
      lifecycle: [{ enabled: true, prefix: 'logs/', noncurrentDays: 3, days: null }],
      notifications: [{ target: 'arn:aws:sqs:e', events: ['s3:ObjectCreated:*'], prefix: 'logs/', suffix: '' }],
      sendsToEventBridge: false,
    });
  });

  test('is reported when it does not exist', async () => {
    answers = {};
    await expect(inspectBucket(bucket, signal)).rejects.toMatchObject({ name: 'NotFound' });
  });

  test('is reported when these credentials may not read it', async () => {
    answers = { '/telltale-logs': 403 };
    await expect(inspectBucket(bucket, signal)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});

test('the document, the instances with the tag, and the queue of failed events', async () => {
  answers = {
    GetDocument: JSON.stringify({ Name: 'doc', Content: '{"schemaVersion": "2.2"}' }),
    DescribeInstanceInformation: JSON.stringify({
      InstanceInformationList: [{ InstanceId: 'i-1', AgentVersion: '3.3.2746.0', PingStatus: 'Online' }],
    }),
    GetQueueAttributes: JSON.stringify({
      Attributes: { ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesNotVisible: '1' },
    }),
  };
  expect(await inspectDocument('doc', signal)).toEqual({ name: 'doc', content: '{"schemaVersion": "2.2"}' });
  expect(await inspectInstances('prod', signal)).toEqual([{ id: 'i-1', agent: '3.3.2746.0', ping: 'Online' }]);
  const asked = server.received.find((request) => keyOf(request).includes('DescribeInstanceInformation'));
  expect(JSON.parse(asked?.body ?? '')).toEqual({ Filters: [{ Key: 'tag:telltale:signals', Values: ['prod'] }] });
  expect(await countMessages(`${server.url}/1/failed`, signal)).toBe(3);
});

describe('mail', () => {
  const account = JSON.stringify({
    ProductionAccessEnabled: true,
    SendingEnabled: true,
    EnforcementStatus: 'HEALTHY',
    SendQuota: { Max24HourSend: 200, SentLast24Hours: 5 },
  });
  const names = { receiver: 'ses', region: null, from: 'Telltale <t@mail.example.com>', to: ['a@b.c', 'D <d@e.f>'] };

  test('is sent by the domain above, where SES does not know the address', async () => {
    answers = {
      '/v2/email/account': account,
      '/v2/email/identities/example.com': JSON.stringify({
        VerifiedForSendingStatus: true,
        DkimAttributes: { Status: 'SUCCESS' },
      }),
      '/v2/email/suppression/addresses/d%40e.f': JSON.stringify({
        SuppressedDestination: { EmailAddress: 'd@e.f', Reason: 'BOUNCE', LastUpdateTime: 1 },
      }),
    };
    expect(await inspectMail(names, signal)).toEqual({
      receiver: 'ses',
      region: 'eu-central-1',
      isProduction: true,
      maySend: true,
      quota: 200,
      sent: 5,
      identity: { name: 'example.com', verified: true, dkim: 'SUCCESS' },
      suppressed: [{ address: 'd@e.f', reason: 'BOUNCE' }],
      recipients: 2,
    });
  });

  test('has no identity in this region', async () => {
    answers = { '/v2/email/account': account };
    expect(await inspectMail(names, signal)).toMatchObject({ identity: null, suppressed: [] });
  });
});

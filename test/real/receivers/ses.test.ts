import { SESClient, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses';
import PostalMime from 'postal-mime';
import { sesSender } from '../../../src/adapters/receivers/ses';
import { systemClock } from '../../../src/ports/clock';
import type { Sending } from '../../../src/ports/delivery';
import type { OutgoingMail } from '../../../src/ports/mail-transport';
import type { MailSender } from '../../../src/ports/sender';
import { senderContract } from '../../contract/sender';
import { answering, startHttpReceiver } from '../../support/http-receiver';
import { freePort } from '../../support/kafka';
import { runScript, type ScriptServer } from '../../support/script-server';

let server: ScriptServer;
let endpoint: string;

beforeAll(async () => {
  const port = await freePort();
  server = await runScript('run-ses', ['--port', `${port}`], 'SES is ready');
  Object.assign(process.env, server.environment, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
  endpoint = `http://127.0.0.1:${port}`;
  const client = new SESClient();
  await client.send(new VerifyEmailIdentityCommand({ EmailAddress: 'telltale@example.com' }));
  client.destroy();
}, 300_000);
afterAll(() => server.stop());
beforeEach(async () => {
  process.env['AWS_ENDPOINT_URL_SES'] = endpoint;
  await fetch(`${endpoint}/moto-api/data.json`);
});

const mail: OutgoingMail = {
  id: 'm-1',
  from: 'telltale@example.com',
  to: ['ops@example.com', 'dev@example.com'],
  subject: '4 errors on häuser-1',
  text: 'grüße',
  html: '<p>grüße</p>',
  thread: 'i-1',
};
const to: Sending = {
  id: 'm-1',
  target: { receiver: 'aws', address: 'dev@example.com' },
  attempt: 1,
  possibleRepeat: false,
};

const open = (): MailSender =>
  sesSender({ name: 'aws', region: 'eu-central-1', configurationSet: null, clock: systemClock });

interface Kept {
  readonly destinations: readonly string[];
  readonly raw_data: string;
}

/** The mails that moto keeps. */
async function kept(): Promise<readonly Kept[]> {
  const response = await fetch(`${endpoint}/moto-api/data.json`);
  const all = (await response.json()) as { readonly ses?: { readonly RawMessage?: readonly Kept[] } };
  return all.ses?.RawMessage ?? [];
}

/** Answers as SES does. */
const error = (code: string, message: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

senderContract('Amazon SES', async () => {
  const before = (await kept()).length;
  const sent = { ...mail };
  const fake = await startHttpReceiver(answering(400, error('Throttling', 'Maximum sending rate exceeded.')));
  let sender = open();
  const toOther = (url: string): void => {
    process.env['AWS_ENDPOINT_URL_SES'] = url;
    sender.close();
    sender = open();
  };
  return {
    payload: sent,
    to,
    sender: { send: (payload: OutgoingMail, sending) => sender.send(payload, sending), close: () => sender.close() },
    taken: async () => (await kept()).slice(before).map(() => to.id),
    refuse: () => Promise.resolve(void Object.assign(sent, { from: 'unverified@example.org' })),
    throttle: () => {
      toOther(fake.url);
      return Promise.resolve();
    },
    goDown: async () => toOther(`http://127.0.0.1:${await freePort()}`),
    secrets: [],
    close: () => fake.close(),
  };
});

describe('the sender to Amazon SES', () => {
  it('sends to one address, and shows all of them', async () => {
    const before = (await kept()).length;
    const sender = open();
    await sender.send(mail, to);
    sender.close();
    const [got] = (await kept()).slice(before);
    // Moto adds the addresses of the header `To`.
    expect(got?.destinations[0]).toBe('dev@example.com');
    const read = await PostalMime.parse(got?.raw_data ?? '');
    expect(read.to?.map((each) => each.address)).toEqual(mail.to);
    expect([read.subject, read.text?.trim()]).toEqual([mail.subject, mail.text]);
  });

  it.each<[string, string, string, object]>([
    ['waits a second when it is throttled', 'Throttling', 'Maximum sending rate exceeded.', { retryAfterMs: 1000 }],
    [
      'waits 15 minutes when the daily quota is used up',
      'Throttling',
      'Daily message quota exceeded.',
      { retryAfterMs: 900_000 },
    ],
    ['tries again while the account is paused', 'AccountSendingPausedException', 'paused', { code: 'DELIVERY_FAILED' }],
    [
      'refuses a mail that SES rejects',
      'MessageRejected',
      'Email address is not verified.',
      { code: 'DELIVERY_REFUSED' },
    ],
  ])('%s', async (_, code, message, expected) => {
    const fake = await startHttpReceiver(answering(400, error(code, message), { 'content-type': 'text/xml' }));
    process.env['AWS_ENDPOINT_URL_SES'] = fake.url;
    const sender = open();
    await expect(sender.send(mail, to)).rejects.toMatchObject(expected);
    sender.close();
    // The SDK repeats nothing by itself: such a repeat would not be marked.
    expect(fake.received).toHaveLength(1);
    await fake.close();
  });
});

import { createHmac } from 'node:crypto';
import {
  alertmanagerSender,
  pagerDutySender,
  slackSender,
  webhookSender,
} from '../../src/adapters/receivers/json-senders';
import { systemClock } from '../../src/ports/clock';
import type { Sending } from '../../src/ports/delivery';
import type { Sender } from '../../src/ports/sender';
import { Secret } from '../../src/secret';
import { answering, startHttpReceiver, type HttpReceiver } from '../support/http-receiver';
import { senderContract } from './sender';

const KEY = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';
const ROUTING_KEY = 'R0123456789ABCDEFGHIJKLMNOPQRSTU';
const to: Sending = { id: 'm-1', target: { receiver: 'x', address: null }, attempt: 1, possibleRepeat: false };

interface Kind {
  readonly name: string;
  readonly open: (url: string) => Sender<never>;
  readonly payload: unknown;
  readonly accepted: readonly [number, string];
  readonly refused: readonly [number, string];
  readonly secrets: readonly string[];
}

const kinds: readonly Kind[] = [
  {
    name: 'a webhook',
    open: (url) =>
      webhookSender({ name: 'x', url: new Secret(`${url}/T0KEN`), key: new Secret(KEY), clock: systemClock }),
    payload: { text: 'é' },
    accepted: [204, ''],
    refused: [422, 'no such hook: /T0KEN'],
    secrets: ['T0KEN', KEY],
  },
  {
    name: 'Slack',
    open: (url) => slackSender({ name: 'x', url: new Secret(`${url}/services/T0KEN`) }),
    payload: { text: 'x' },
    accepted: [200, 'ok'],
    refused: [400, 'invalid_payload'],
    secrets: ['T0KEN'],
  },
  {
    name: 'PagerDuty',
    open: (url) => pagerDutySender({ name: 'x', url: `${url}/v2/enqueue`, key: new Secret(ROUTING_KEY) }),
    payload: { event_action: 'trigger' },
    accepted: [202, '{"status":"success","dedup_key":"i-1"}'],
    refused: [400, '{"status":"invalid event"}'],
    secrets: [ROUTING_KEY],
  },
  {
    name: 'Alertmanager',
    open: (url) => alertmanagerSender({ name: 'x', url: new Secret(`${url}/T0KEN/`) }),
    payload: [{ labels: { alertname: 'x' } }],
    accepted: [200, ''],
    refused: [400, '"bad"'],
    secrets: ['T0KEN'],
  },
];

let receiver: HttpReceiver;

for (const { name, open, payload, accepted, refused, secrets } of kinds) {
  senderContract(name, async () => {
    receiver = await startHttpReceiver(answering(...accepted));
    let isUp = true;
    return {
      payload: payload as never,
      to,
      sender: open(receiver.url),
      taken: () => Promise.resolve(receiver.received.map(() => to.id)),
      refuse: () => Promise.resolve(void (receiver.answer = answering(...refused))),
      throttle: () => Promise.resolve(void (receiver.answer = answering(429, 'slow down', { 'retry-after': '30' }))),
      goDown: async () => {
        isUp = false;
        await receiver.close();
      },
      secrets,
      close: async () => {
        if (isUp) await receiver.close();
      },
    };
  });
}

describe('a sender of JSON', () => {
  let server: HttpReceiver;
  beforeEach(async () => {
    server = await startHttpReceiver(answering(204, ''));
  });
  afterEach(() => server.close());

  const webhook = (): Sender<object> =>
    webhookSender({ name: 'hook', url: new Secret(`${server.url}/a`), key: new Secret(KEY), clock: systemClock });

  it('signs a webhook as Standard Webhooks says', async () => {
    await webhook().send({ a: 'é' }, to);
    const [got] = server.received;
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = got?.headers ?? {};
    expect([id, got?.body]).toEqual(['m-1', '{"a":"é"}']);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
    const key = Buffer.from('01234567890123456789012345678901');
    const signed = createHmac('sha256', key)
      .update(`m-1.${String(timestamp)}.{"a":"é"}`)
      .digest('base64');
    expect(signature).toBe(`v1,${signed}`);
  });

  it('waits as long as the receiver asks it to', async () => {
    server.answer = answering(503, 'later', { 'retry-after': '120' });
    await expect(webhook().send({}, to)).rejects.toMatchObject({ code: 'DELIVERY_FAILED', retryAfterMs: 120_000 });
  });

  it.each([401, 403, 404, 410, 500])('tries again after %i, which settings can correct', async (status) => {
    server.answer = answering(status, 'no');
    await expect(webhook().send({}, to)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
  });

  it('sends the user and password of a URL as a header, and never shows them', async () => {
    const url = server.url.replace('//', '//telltale:p%40ss@');
    const sender = alertmanagerSender({ name: 'am', url: new Secret(url) });
    await sender.send([], to);
    const encoded = Buffer.from('telltale:p@ss').toString('base64');
    expect(server.received[0]?.headers.authorization).toBe(`Basic ${encoded}`);
    server.answer = answering(500, `no: ${encoded} p@ss /api/v2/alerts`);
    await expect(sender.send([], to)).rejects.toThrow('(no: [secret] [secret] [secret])');
  });

  it('follows no redirect', async () => {
    server.answer = answering(307, '', { location: `${server.url}/b` });
    await expect(webhook().send({}, to)).rejects.toThrow('a redirect');
    expect(server.received).toHaveLength(1);
  });

  it('reads the start of an answer that never ends, and quotes it without control characters', async () => {
    server.answer = (_, response) => {
      response.writeHead(500);
      const write = (): void => {
        while (response.write('\u001b[31mno '.repeat(1000)));
        response.once('drain', write);
      };
      write();
    };
    const error = await webhook()
      .send({}, to)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('answered 500');
    expect(String(error).length).toBeLessThan(500);
    expect(String(error)).not.toContain('\u001b');
  });

  it('takes a wrong routing key for a wrong setting', async () => {
    server.answer = answering(400, '{"status":"invalid event","errors":["Invalid routing key"]}');
    const sender = pagerDutySender({ name: 'p', url: server.url, key: new Secret(ROUTING_KEY) });
    await expect(sender.send({}, to)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
  });

  it('refuses an event that is too large for PagerDuty', async () => {
    const sender = pagerDutySender({ name: 'p', url: server.url, key: new Secret(ROUTING_KEY) });
    await expect(sender.send({ x: 'x'.repeat(512 * 1024) }, to)).rejects.toMatchObject({ code: 'DELIVERY_REFUSED' });
    expect(server.received).toEqual([]);
  });

  it('takes any other answer of Slack than ok for a failure', async () => {
    server.answer = answering(200, '<html>log in</html>');
    const sender = slackSender({ name: 's', url: new Secret(server.url) });
    await expect(sender.send({}, to)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
  });
});

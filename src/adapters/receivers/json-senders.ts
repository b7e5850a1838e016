import { createHmac } from 'node:crypto';
import { TelltaleError } from '../../errors';
import { Secret } from '../../secret';
import type { Clock } from '../../ports/clock';
import type { Sender } from '../../ports/sender';
import { postJson, type Answering } from './http';

/** Receivers that take JSON by HTTP. Each takes the body that its renderer made. */

interface Named {
  readonly name: string;
}

/**
 * A webhook, signed as Standard Webhooks says when there is a key. Its receiver can tell a repeat by `webhook-id`.
 * @param key `whsec_` and the key in base64
 */
export function webhookSender(
  options: Named & { readonly url: Secret; readonly key: Secret | null; readonly clock: Clock },
): Sender<object> {
  const { name, url, key, clock } = options;
  const how: Answering = { name, refusals: [400, 413, 422] };
  return {
    send: async (payload, { id }) => {
      const body = JSON.stringify(payload);
      const timestamp = String(Math.floor(clock.now() / 1000));
      const signature = key === null ? {} : { 'webhook-signature': signatureOf(key, `${id}.${timestamp}.${body}`) };
      const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, ...signature };
      await postJson({ url, body, headers, secrets: key === null ? [] : [key] }, how);
      return id;
    },
    close: () => undefined,
  };
}

/** The symmetric signature of the Standard Webhooks specification, version 1. */
function signatureOf(key: Secret, content: string): string {
  const bytes = Buffer.from(key.reveal().replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`;
}

/** An incoming webhook of Slack. It answers `ok`; a wrong address answers 404 or 410. */
export function slackSender({ name, url }: Named & { readonly url: Secret }): Sender<object> {
  const how: Answering = { name, refusals: [400, 413], isAccepted: (body) => body.trim() === 'ok' };
  return {
    send: async (payload, { id }) => {
      await postJson({ url, body: JSON.stringify(payload) }, how);
      return id;
    },
    close: () => undefined,
  };
}

/** The largest event that PagerDuty takes: "Events API v2 overview", in bytes. */
const MAX_EVENT_BYTES = 512 * 1024;

/** PagerDuty's Events API v2. */
export function pagerDutySender({
  name,
  url,
  key,
}: Named & { readonly url: string; readonly key: Secret }): Sender<object> {
  const how: Answering = { name, refusals: [400, 413], isSetting: (body) => /routing[_ ]key/i.test(body) };
  return {
    send: async (payload, { id }) => {
      const body = JSON.stringify({ routing_key: key.reveal(), ...payload });
      if (Buffer.byteLength(body) > MAX_EVENT_BYTES) {
        throw new TelltaleError(
          'DELIVERY_REFUSED',
          `Receiver ${name} takes events of at most ${MAX_EVENT_BYTES} bytes.`,
        );
      }
      const answer = await postJson({ url: new Secret(url), body, secrets: [key] }, how);
      return dedupKeyIn(answer.body) ?? id;
    },
    close: () => undefined,
  };
}

function dedupKeyIn(body: string): string | null {
  try {
    const answer: unknown = JSON.parse(body);
    const key: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'dedup_key') : null;
    return typeof key === 'string' ? key.slice(0, 255) : null;
  } catch {
    return null;
  }
}

/** Alertmanager: takes lists of alerts. Sending one again changes nothing but its end. */
export function alertmanagerSender({ name, url }: Named & { readonly url: Secret }): Sender<readonly object[]> {
  const alerts = new Secret(`${url.reveal().replace(/\/+$/, '')}/api/v2/alerts`);
  const how: Answering = { name, refusals: [400, 413] };
  return {
    send: async (payload, { id }) => {
      await postJson({ url: alerts, body: JSON.stringify(payload), secrets: [url] }, how);
      return id;
    },
    close: () => undefined,
  };
}

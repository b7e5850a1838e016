import { html } from '../html/escape';
import type { Renderers } from '../stream/pipeline';

/** The message that `telltale receivers test` sends. */
export interface TestMessage {
  readonly id: string;
  /** The name of the receiver. */
  readonly receiver: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** How long Alertmanager shows the test. */
const ALERT_LASTS_MS = 5 * 60_000;

const SUBJECT = '[TEST] Telltale reaches you';

/** Renders a test message for each kind of receiver: each says that it is a test, and none asks for an action. */
export const testRenderers: Renderers<TestMessage> = {
  mail: (message) => ({
    subject: SUBJECT,
    text: `${textOf(message)}\n`,
    html: html`<p>${textOf(message)}</p>`.toString(),
    thread: message.id,
  }),
  webhook: (message) => ({
    version: 'draft-1',
    type: 'telltale.test',
    id: message.id,
    text: textOf(message),
    sentAt: timeOf(message),
  }),
  slack: (message) => ({ text: `${SUBJECT}. ${textOf(message)}` }),
  pagerDuty: (message) => ({
    event_action: 'trigger',
    dedup_key: 'telltale-test',
    client: 'Telltale',
    payload: { summary: SUBJECT, source: 'telltale', severity: 'info', custom_details: { text: textOf(message) } },
  }),
  alert: (message) => ({
    labels: { alertname: 'Telltale test', severity: 'info' },
    annotations: { summary: SUBJECT, description: textOf(message) },
    startsAt: timeOf(message),
    endsAt: new Date(message.at + ALERT_LASTS_MS).toISOString(),
  }),
};

function textOf(message: TestMessage): string {
  return (
    `This is a test of the receiver ${message.receiver}, sent by telltale receivers test at ${timeOf(message)}. ` +
    'Nothing is wrong, and there is nothing to do.'
  );
}

function timeOf({ at }: TestMessage): string {
  return new Date(at).toISOString();
}

import Ajv from 'ajv';

/**
 * The published rules of Slack and PagerDuty for requests, as JSON schemas: only fields that Telltale sends are allowed, so
 * that a mistyped field is an error here, and not an answer 400 at the receiver.
 */

const ajv = new Ajv({ strict: true, allErrors: true });

function textObject(type: 'plain_text' | 'mrkdwn', maxLength: number): object {
  const emoji = type === 'plain_text' ? { emoji: { type: 'boolean' } } : {};
  return {
    type: 'object',
    required: ['type', 'text'],
    additionalProperties: false,
    properties: { type: { const: type }, text: { type: 'string', minLength: 1, maxLength }, ...emoji },
  };
}

function block(type: string, content: Readonly<Record<string, object>>): object {
  return {
    type: 'object',
    required: ['type', ...Object.keys(content)],
    additionalProperties: false,
    properties: { type: { const: type }, ...content },
  };
}

/** Slack's reference of the blocks `header`, `section` and `context`, and of `text` and `blocks` of a message. */
const slackMessage = {
  type: 'object',
  required: ['text', 'blocks'],
  additionalProperties: false,
  properties: {
    text: { type: 'string', minLength: 1, maxLength: 40_000 },
    blocks: {
      type: 'array',
      minItems: 1,
      maxItems: 50,
      items: {
        anyOf: [
          block('header', { text: textObject('plain_text', 150) }),
          block('section', { text: textObject('mrkdwn', 3000) }),
          block('context', {
            elements: { type: 'array', minItems: 1, maxItems: 10, items: textObject('mrkdwn', 3000) },
          }),
        ],
      },
    },
  },
};

const text = { type: 'string' };
const dedupKey = { type: 'string', minLength: 1, maxLength: 255 };

/** "Send an Alert Event" of PagerDuty's Events API v2, without `routing_key`, which the sender adds. */
const pagerDutyEvent = {
  type: 'object',
  anyOf: [
    {
      type: 'object',
      required: ['event_action', 'dedup_key'],
      additionalProperties: false,
      properties: { event_action: { enum: ['resolve', 'acknowledge'] }, dedup_key: dedupKey },
    },
    {
      type: 'object',
      required: ['event_action', 'dedup_key', 'payload'],
      additionalProperties: false,
      properties: {
        event_action: { const: 'trigger' },
        dedup_key: dedupKey,
        client: text,
        payload: {
          type: 'object',
          required: ['summary', 'source', 'severity'],
          additionalProperties: false,
          properties: {
            summary: { type: 'string', minLength: 1, maxLength: 1024 },
            source: { type: 'string', minLength: 1 },
            severity: { enum: ['critical', 'error', 'warning', 'info'] },
            timestamp: {
              type: 'string',
              pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?(Z|[+-]\\d{2}:?\\d{2})$',
            },
            component: text,
            group: text,
            class: text,
            custom_details: { type: 'object' },
          },
        },
      },
    },
  ],
};

/** Lists the errors in `body`, one text for each; empty when the receiver would take it. */
type Check = (body: unknown) => readonly string[];

function check(schema: object): Check {
  const matches = ajv.compile(schema);
  return (body) => {
    matches(JSON.parse(JSON.stringify(body)));
    return (matches.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  };
}

export const slackErrors = check(slackMessage);
export const pagerDutyErrors = check(pagerDutyEvent);

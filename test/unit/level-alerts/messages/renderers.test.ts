import Ajv from 'ajv';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import type { MailReport, Transition } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { renderersOf } from '../../../../src/pipelines/level-alerts/messages/renderers';
import type { Severity } from '../../../../src/pipelines/level-alerts/alerting/severity';
import { projectFile } from '../../../../src/project-file';
import { pagerDutyErrors, slackErrors } from '../../../support/receiver-schemas';
import { report } from '../mail/sample-reports';
import { runs } from '../../../support/runs';

const render = renderersOf({ mail: { from: 'a@x', to: ['b@x'], zone: 'UTC', redact: true } });
const once = { possibleRepeat: false };
const transitions: readonly Transition[] = [
  'opened',
  'over',
  'reminder',
  'new-pattern',
  'reopened',
  'grown',
  'resolved',
  'merged',
  'digest',
];

/** A report that holds `text` wherever text from outside can stand, as much of it as fits a report. */
function holding(text: string, transition: Transition): MailReport {
  const many = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);
  const held = report({
    transition,
    rule: { name: text, level: 'error', threshold: 1, window: 60_000, origins: text },
    group: text,
    patterns: many(20, { pattern: text, count: 1, isNew: true }),
    samples: many(10, { source: text, at: text, text }),
    origins: many(20, { origin: text, count: 1 }),
  });
  const words = { worst: text, limit: text, condition: text, change: text, yaml: many(4, text) };
  return { ...held, rule: { ...held.rule, words } };
}

/** Long, hostile and short texts. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((part) => part.repeat(200)),
  fc.constantFrom('&<>'.repeat(3000), '```'.repeat(3000), '<!channel> <@U1> <http://x|y>', '"', '\n\u2028\0', 'x'),
);

interface Block {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string };
  readonly elements?: readonly { readonly text: string }[];
}

const rule = { name: 'errors', level: 'error', threshold: 1, window: 60_000, origins: '*' } as const;

describe('the body for Slack', () => {
  it('shows how urgent an open incident is', () => {
    const shown = JSON.stringify(render.slack(report({ rule: { ...rule, severity: 'critical' } }), once));
    expect(shown).toContain(':rotating_light: *payments-3*, critical');
  });

  it('stays within the limits of Slack, and holds no markup of a log line', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...transitions), (text, transition) => {
        const body = render.slack(holding(text, transition), { possibleRepeat: true });
        expect(slackErrors(body)).toEqual([]);
        const { text: plain, blocks } = body as { readonly text: string; readonly blocks: readonly Block[] };
        expect(plain.length).toBeLessThanOrEqual(3000);
        for (const block of blocks) {
          const shown = block.text?.text ?? block.elements?.map((element) => element.text).join('') ?? '';
          expect(shown.length).toBeLessThanOrEqual(block.type === 'header' ? 150 : 3000);
          if (block.type === 'header') continue;
          expect(shown).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)/);
          expect(shown.split('```').length).toBeLessThanOrEqual(3);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  it('names the verdict, the patterns and a line', () => {
    const body = JSON.stringify(render.slack(report(), once));
    expect(body).toContain('Open: 37 errors in 1 min (threshold 1)');
    expect(body).toContain('37  Connection to &lt;ip&gt; refused');
    expect(body).toContain('```10:05:12.003 [main] ERROR Pay - no route to host```');
    expect(body).not.toContain('may have this');
    expect(JSON.stringify(render.slack(report(), { possibleRepeat: true }))).toContain('may have this');
  });
});

describe('the event for PagerDuty', () => {
  it.each<[Transition, string, string | undefined]>([
    ['opened', 'trigger', 'error'],
    ['reminder', 'trigger', 'error'],
    ['new-pattern', 'trigger', 'error'],
    ['over', 'trigger', 'warning'],
    ['digest', 'trigger', 'warning'],
    ['resolved', 'resolve', undefined],
  ])('has the incident as key, and for %s the action %s', (transition, action, severity) => {
    const event = render.pagerDuty(report({ transition }), once);
    expect(event).toMatchObject({ event_action: action, dedup_key: 'i-77aa01' });
    expect((event as { payload?: { severity: string } }).payload?.severity).toBe(severity);
  });

  it.each<[Transition, Severity, string]>([
    ['opened', 'critical', 'critical'],
    ['opened', 'warning', 'warning'],
    ['opened', 'info', 'info'],
    ['over', 'critical', 'warning'],
    ['digest', 'error', 'warning'],
    ['over', 'info', 'info'],
  ])('has for %s of a rule with severity %s the severity %s', (transition, severity, expected) => {
    expect(render.pagerDuty(report({ transition, rule: { ...rule, severity } }), once)).toMatchObject({
      payload: { severity: expected },
    });
    expect(render.webhook(report({ transition, rule: { ...rule, severity } }), once)).toMatchObject({
      severity: expected,
      rule: { severity },
    });
  });

  it.each<[MailReport['rule']['level'], Severity]>([
    ['error', 'error'],
    ['warn', 'warning'],
    ['info', 'info'],
    ['debug', 'info'],
  ])('takes for a message of a version without severities, of level %s, the severity %s', (level, severity) => {
    expect(render.pagerDuty(report({ rule: { ...rule, level } }), once)).toMatchObject({ payload: { severity } });
  });

  it('stays within the limits of PagerDuty', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...transitions), (text, transition) => {
        const event = render.pagerDuty(holding(text, transition), once) as { readonly payload?: { summary: string } };
        expect(pagerDutyErrors(event)).toEqual([]);
        expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(400 * 1024);
        expect(event.payload?.summary.length ?? 0).toBeLessThanOrEqual(1024);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('the alert for Alertmanager', () => {
  const now = Date.parse('2026-11-20T10:07:00Z');
  const alert = (transition: Transition): Record<string, unknown> =>
    render.alert(report({ transition }), { ...once, now }) as Record<string, unknown>;

  it.each<[Transition, string]>([
    ['opened', '2026-11-21T10:07:00.000Z'],
    ['reminder', '2026-11-21T10:07:00.000Z'],
    ['resolved', '2026-11-20T10:07:00.000Z'],
    ['over', '2026-11-20T10:22:00.000Z'],
    ['digest', '2026-11-20T10:22:00.000Z'],
  ])('ends for %s at %s', (transition, endsAt) => {
    expect(alert(transition)).toMatchObject({ startsAt: '2026-11-20T10:05:00Z', endsAt });
  });

  it('has the same labels for every message of an incident, which are its identity', () => {
    const labels = new Set(transitions.map((transition) => JSON.stringify(alert(transition)['labels'])));
    expect([...labels]).toEqual([
      '{"alertname":"Telltale errors","rule":"errors","level":"error","severity":"error","hosts":"all","incident":"i-77aa01"}',
    ]);
  });

  it('has the lines and patterns as annotations', () => {
    expect(alert('opened')['annotations']).toMatchObject({
      patterns: '37  Connection to <ip> refused',
      lines: 'logs/payments-3/app.log, byte 18204\n10:05:12.003 [main] ERROR Pay - no route to host',
    });
  });
});

describe('the JSON of a webhook', () => {
  const schema = JSON.parse(
    readFileSync(projectFile('src/pipelines/level-alerts/messages/webhook.schema.json'), 'utf8'),
  ) as object;
  const matches = new Ajv({ strict: true }).compile(schema);

  it('matches its schema for any report', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(...transitions), (text, transition) => {
        const body: unknown = JSON.parse(JSON.stringify(render.webhook(holding(text, transition), once)));
        matches(body);
        expect(matches.errors).toBeNull();
        expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(256 * 1024);
      }),
      { numRuns: runs(60) },
    );
  });

  it('has every field that docs/webhook.md shows, and no other', () => {
    const page = readFileSync(projectFile('docs/webhook.md'), 'utf8');
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(JSON.parse(example)).toEqual(JSON.parse(JSON.stringify(render.webhook(report(), once))));
  });

  it('holds no secret of a log line', () => {
    const samples = [{ source: 'x', at: '0:1', text: 'password=hunter2' }];
    const patterns = [{ pattern: 'token=abcdef123456', count: 1, isNew: true }];
    for (const kind of ['webhook', 'slack', 'pagerDuty'] as const) {
      const shown = JSON.stringify(render[kind](report({ samples, patterns }), once));
      expect(shown).not.toMatch(/hunter2|abcdef123456/);
    }
  });
});

import Ajv from 'ajv';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { projectFile } from '../../../../src/project-file';
import { pagerDutyErrors, slackErrors } from '../../../support/receiver-schemas';
import { runs } from '../../../support/runs';
import type { SummaryReport } from '../../../../src/pipelines/level-alerts/alerting/summary-report';
import { renderersOf } from '../../../../src/pipelines/level-alerts/messages/renderers';
import { summarized, summary } from '../mail/sample-summary';

const render = renderersOf({ mail: { from: 'a@x', to: ['b@x'], zone: 'Europe/Berlin', redact: true } });
const once = { possibleRepeat: false };

/** A summary that holds `text` wherever text from outside can stand, as much of it as fits. */
function holding(text: string, isOver: boolean): SummaryReport {
  const many = <T>(count: number, each: T): T[] => Array.from({ length: count }, () => each);
  return summary({
    rules: many(20, text),
    open: isOver ? 0 : 2000,
    incidents: Array.from({ length: 2000 }, (_, i) =>
      summarized(i, { rule: text, group: text, pattern: text, origins: many(3, text), isOver, severity: 'critical' }),
    ),
    otherIncidents: 1e6,
    origins: many(20, { origin: text, count: 1e9 }),
    otherOrigins: 1e6,
    patterns: many(20, { pattern: text, count: 1e9 }),
    samples: many(5, { source: text, at: text, text }),
    notes: { withoutWindows: 1, lagging: many(20, text), gaps: 3 },
  });
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((part) => part.repeat(200)),
  fc.constantFrom('&<>'.repeat(3000), '```'.repeat(3000), '<!channel> <@U1> <http://x|y>', '"', '\n\u2028\0', 'x'),
);

describe('a mail about several incidents', () => {
  it('has an exact text', () => {
    const report = summary({
      incidents: [summarized(0, { isOver: false, rule: 'payments' }), summarized(1), summarized(2)],
      rules: ['errors', 'payments'],
      open: 1,
      otherIncidents: 3,
    });
    const { subject, text, thread } = render.mail(report, { possibleRepeat: true });
    expect(subject).toBe(
      '[errors and payments] Summary: 6 incidents, 240 errors on web-0 and 9 others (12:30–17:51, 1 open): order <n> declined by <ip>:<n>',
    );
    expect(thread).toBe('m-11aa22bb');
    expect(text.split('\n').slice(0, 28)).toEqual([
      'SUMMARY: 6 incidents (1 open)',
      'web-0 and 9 others',
      '2026-11-20 12:30–17:51 UTC (13:30–18:51 Europe/Berlin)',
      '',
      'These incidents were over when their lines were read, so they are in one',
      'message. 240 errors in all. 1 of them is still open.',
      '',
      'You may have this message already: an earlier attempt to send it ended',
      'without an answer.',
      '',
      'What the errors say',
      '-------------------',
      '  160  com.acme.Shop - order <n> declined by <ip>:<n>',
      '   76  com.acme.Db - rack <n> unreachable',
      '  and 4 lines with other messages',
      '',
      'The incidents with the most lines, times in UTC',
      '-----------------------------------------------',
      '  12:30–12:31  open   2 errors  web-0, payments',
      '      com.acme.Db - rack <n> unreachable',
      '  12:41–12:42  1 min  5 errors  web-1, errors',
      '      com.acme.Shop - order <n> declined by <ip>:<n>',
      '  12:52–12:53  1 min  8 errors  web-2, errors',
      '      com.acme.Shop - order <n> declined by <ip>:<n>',
      '  and 3 other incidents with fewer lines',
      '',
      'Where they come from',
      '--------------------',
    ]);
  });

  it('names days where the incidents have several, and leaves out a pattern that all have', () => {
    const { text } = render.mail(
      summary({
        from: '2026-11-19T12:30:00.000Z',
        patterns: [{ pattern: 'declined', count: 9 }],
        otherPatterns: 0,
        incidents: [summarized(0)],
        otherIncidents: 1,
      }),
      once,
    );
    expect(text).toContain(
      '  2026-11-20 12:30–12:31  1 min  2 errors  web-0\n  and 1 other incident with fewer lines\n',
    );
  });

  it.each<[Partial<SummaryReport>, string]>([
    [{ cause: 'together', open: 30 }, 'Open: 30 incidents, 240 errors on web-0 and 9 others (12:30–17:51, all open)'],
    [{ cause: 'together' }, 'Over: 30 incidents, 240 errors on web-0 and 9 others (12:30–17:51, all over)'],
    [{ cause: 'cap', open: 1200 }, 'Summary: 30 incidents, 240 errors on web-0 and 9 others (12:30–17:51, 1,200 open)'],
    [{ incidents: [summarized(0)] }, 'Summary: 1 incident, 240 errors on web-0 and 9 others (12:30–17:51, over)'],
    [
      { origins: [], otherOrigins: 0, lines: [], incidents: [summarized(0, { group: 'web-9' })] },
      'Summary: 1 incident on web-9 (12:30–17:51, over)',
    ],
    [{ origins: [], otherOrigins: 0, lines: [] }, 'Summary: 30 incidents on all hosts (12:30–17:51, all over)'],
  ])('has the subject of its cause: %j', (changes, expected) => {
    expect(render.mail(summary(changes), once).subject).toContain(`[errors] ${expected}: order`);
  });

  it('stays below 100 kB, on one line of subject and at most 80 columns of text, for any text', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, isOver) => {
        const mail = render.mail(holding(text, isOver), { possibleRepeat: true });
        expect(Buffer.byteLength(mail.html)).toBeLessThan(100_000);
        expect(Buffer.byteLength(mail.text)).toBeLessThan(100_000);
        expect(mail.subject).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(mail.subject.length).toBeLessThan(320);
        const incidents = mail.text.split('\n\n').find((section) => section.startsWith('The incidents')) ?? '';
        for (const line of incidents.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
        expect(mail.html).not.toContain('<!channel>');
      }),
      { numRuns: runs(20) },
    );
  });
});

describe('the body for Slack', () => {
  it('stays within the limits of Slack, and holds no markup of a log line', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, isOver) => {
        const body = render.slack(holding(text, isOver), { possibleRepeat: true });
        expect(slackErrors(body)).toEqual([]);
        const { text: plain, blocks } = body as {
          readonly text: string;
          readonly blocks: readonly {
            readonly type: string;
            readonly text?: { readonly text: string };
            readonly elements?: readonly { readonly text: string }[];
          }[];
        };
        expect(plain.length).toBeLessThanOrEqual(3000);
        for (const block of blocks) {
          const shown = block.text?.text ?? block.elements?.map((element) => element.text).join('') ?? '';
          expect(shown.length).toBeLessThanOrEqual(block.type === 'header' ? 150 : 3000);
          if (block.type !== 'header') expect(shown).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)/);
        }
      }),
      { numRuns: runs(20) },
    );
  });

  it('lists the incidents, and counts those that it does not list', () => {
    const body = JSON.stringify(render.slack(summary({ otherIncidents: 5 }), once));
    expect(body).toContain('Summary: 30 incidents (all over)'.replace('30', '35'));
    expect(body).toContain('• 12:30–12:31 (1 min)  2 errors on web-0: com.acme.Db - rack &lt;n&gt; unreachable');
    expect(body).toContain('and 25 others');
  });
});

describe('the bodies for other receivers', () => {
  const schema = JSON.parse(
    readFileSync(projectFile('src/pipelines/level-alerts/messages/summary.schema.json'), 'utf8'),
  ) as object;
  const matches = new Ajv({ strict: true }).compile(schema);

  it('match the schema of webhooks, and stay within the limits of webhooks and PagerDuty, for any text', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, isOver) => {
        const body: unknown = JSON.parse(JSON.stringify(render.webhook(holding(text, isOver), once)));
        matches(body);
        expect(matches.errors).toBeNull();
        expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(512 * 1024);
        const event = render.pagerDuty(holding(text, isOver), once) as {
          readonly payload: { readonly summary: string };
        };
        expect(pagerDutyErrors(event)).toEqual([]);
        expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(400 * 1024);
        expect(event.payload.summary.length).toBeLessThanOrEqual(1024);
      }),
      { numRuns: runs(20) },
    );
  });

  it('are an event of its own at PagerDuty, and an alert that ends by itself at Alertmanager', () => {
    const report = summary({ incidents: [summarized(0, { severity: 'critical' })] });
    expect(render.pagerDuty(report, once)).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'm-11aa22bb',
      payload: { severity: 'warning', source: 'web-0 and 9 others' },
    });
    const now = Date.parse('2026-11-20T18:00:00Z');
    expect(render.alert(report, { ...once, now })).toMatchObject({
      labels: { alertname: 'Telltale summary', rule: 'errors', severity: 'warning', incident: 'm-11aa22bb' },
      startsAt: '2026-11-20T12:30:00.000Z',
      endsAt: '2026-11-20T18:15:00.000Z',
    });
  });

  it.each([
    [{ isOver: false, severity: 'critical' as const }, 'critical'],
    [{ isOver: true, severity: 'critical' as const }, 'warning'],
    [{ isOver: true, severity: 'info' as const }, 'info'],
  ])('have the severity of the most urgent open incident: %j', (changes, severity) => {
    const report = summary({ incidents: [summarized(0, changes), summarized(1, { severity: 'info' })] });
    expect(render.webhook(report, once)).toMatchObject({ severity });
  });

  it('hold no secret of a log line', () => {
    const report = summary({
      incidents: [summarized(0, { pattern: 'token=abcdef123456' }), summarized(1)],
      patterns: [{ pattern: 'token=abcdef123456', count: 1 }],
      samples: [{ source: 'x', at: '0:1', text: 'password=hunter2' }],
    });
    const shown = [
      JSON.stringify(render.mail(report, once)),
      ...(['webhook', 'slack', 'pagerDuty'] as const).map((kind) => JSON.stringify(render[kind](report, once))),
      JSON.stringify(render.alert(report, { ...once, now: 0 })),
    ].join('\n');
    expect(shown).not.toMatch(/hunter2|abcdef123456/);
  });
});

import type { SummarizedIncident, SummaryReport } from '../../../../src/pipelines/level-alerts/alerting/summary-report';

const minute = 60_000;
const from = Date.parse('2026-11-20T12:30:00Z');

/** One of the incidents of a plain summary, every eleven minutes. */
export function summarized(i: number, changes: Partial<SummarizedIncident> = {}): SummarizedIncident {
  return {
    incident: `i-${i}`,
    rule: 'errors',
    definition: 'd',
    level: 'error',
    severity: 'error',
    group: `web-${i % 10}`,
    openedBy: from + i * 11 * minute,
    from: from + i * 11 * minute,
    to: from + (i * 11 + 1) * minute,
    isOver: true,
    windows: 1,
    count: 2 + (i % 5) * 3,
    origins: [`web-${i % 10}`],
    otherOrigins: 0,
    pattern: i % 3 === 0 ? 'com.acme.Db - rack <n> unreachable' : 'com.acme.Shop - order <n> declined by <ip>:<n>',
    ...changes,
  };
}

/** A plain summary to render, with changes. */
export function summary(changes: Partial<SummaryReport> = {}): SummaryReport {
  return {
    v: 1,
    id: 'm-11aa22bb',
    transition: 'summary',
    cause: 'backlog',
    receivers: ['mail'],
    from: '2026-11-20T12:30:00.000Z',
    to: '2026-11-20T17:51:00.000Z',
    incidents: Array.from({ length: 30 }, (_, i) => summarized(i)),
    otherIncidents: 0,
    open: 0,
    rules: ['errors'],
    lines: [{ level: 'error', count: 240 }],
    origins: Array.from({ length: 10 }, (_, i) => ({ origin: `web-${i}`, count: 30 - i })),
    otherOrigins: 0,
    patterns: [
      { pattern: 'com.acme.Shop - order <n> declined by <ip>:<n>', count: 160 },
      { pattern: 'com.acme.Db - rack <n> unreachable', count: 76 },
    ],
    otherPatterns: 4,
    samples: [
      {
        source: 'logs/web-1/app.log',
        at: '0:18204',
        text: '2026-11-20 12:41:01.000 [main] ERROR com.acme.Shop - order 17 declined by 10.0.0.7:8443',
      },
      {
        source: 'logs/web-0/app.log',
        at: '0:20',
        text: '2026-11-20 12:30:01.000 [main] ERROR com.acme.Db - rack 3 unreachable\n\tat com.acme.Db.read(Db.java:17)',
      },
    ],
    notes: { withoutWindows: 0, lagging: [], gaps: 0 },
    decidedAt: '2026-11-20T18:00:00.000Z',
    ...changes,
  };
}

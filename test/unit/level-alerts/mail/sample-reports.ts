import type { ChartBar, MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { readReport } from '../../../../src/pipelines/level-alerts/alerting/stored-rule';

type Changes = Partial<Omit<MailReport, 'rule'>> & {
  readonly rule?: Pick<MailReport['rule'], 'name' | 'level' | 'window' | 'origins'> & {
    readonly threshold: number;
    readonly severity?: MailReport['rule']['severity'];
  };
};

/** A plain report to render, with changes. */
export function report(changes: Changes = {}): MailReport {
  const worst = { windowStart: '2026-11-20T10:05:00Z', windowEnd: '2026-11-20T10:06:00Z', count: 37 };
  const stored = {
    v: 1,
    id: 'm-5f0c2a91',
    incident: 'i-77aa01',
    transition: 'opened',
    rule: { name: 'errors', level: 'error', threshold: 1, window: 60_000, origins: '*' },
    group: 'all',
    from: worst.windowStart,
    to: worst.windowEnd,
    breaches: [worst],
    worst,
    totals: { error: 37, warn: 12, info: 1204, debug: 0, none: 0 },
    median: { error: 0, warn: 10, info: 1180, debug: 0, none: 0 },
    chart: chartBars(30, '2026-11-20T10:05:00Z', (i) => (i === 29 ? 37 : i % 7 === 3 ? 1 : 0)),
    patterns: [{ pattern: 'Connection to <ip> refused', count: 37, isNew: false }],
    otherPatterns: 0,
    samples: [
      { source: 'logs/payments-3/app.log', at: '0:18204', text: '10:05:12.003 [main] ERROR Pay - no route to host' },
    ],
    origins: [{ origin: 'payments-3', count: 37 }],
    notes: { incomplete: 0, continuation: 0, unparsed: 0, again: 0, future: 0, expired: 0, lagging: [] },
    decidedAt: '2026-11-20T10:06:30Z',
    ...changes,
  } as const;
  const read = readReport(stored);
  if (read === null) throw new Error('no report');
  return read;
}

/** Bars of one minute each up to `last`; those with more than one error are breached. */
export function chartBars(count: number, last: string, errors: (i: number) => number): ChartBar[] {
  return Array.from({ length: count }, (_, i) => ({
    windowStart: new Date(Date.parse(last) - (count - 1 - i) * 60_000).toISOString(),
    error: errors(i),
    warn: 2,
    info: 100,
    debug: 0,
    none: 0,
    breached: errors(i) > 1,
  }));
}

import type { OutputRecord } from '../../../stream/job';
import type { BreachedWindow, ChartBar, MailReport, MailStatus, PendingMail } from './mail-report';
import {
  isBoolean,
  isListOf,
  isMissingOr,
  isNullOr,
  isNumber,
  isObjectOf,
  isOneOf,
  isString,
  parseJson,
} from './shape';
import { isStoredRule, readReport, type StoredReport } from './stored-rule';

/** What a record of topic `outbox` says (rule 18). */
export type OutboxRecord =
  { readonly kind: 'mail'; readonly report: MailReport } | { readonly kind: 'status'; readonly status: MailStatus };

/** `<id>/mail`: a mail that alerting decided. @param now epoch milliseconds */
export function pendingMail(report: MailReport, now: number): OutputRecord {
  const value: PendingMail = { v: 1, state: 'PENDING', report };
  return record(`${report.id}/mail`, value, now);
}

/** `<id>/status`: how far the mailer got with it. @param now epoch milliseconds */
export function mailStatus(status: MailStatus, now: number): OutputRecord {
  return record(`${status.id}/status`, status, now);
}

/** Null for what is not ours: an unknown key, a tombstone, a value that does not fit its key. */
export function parseOutboxRecord(key: Buffer | null, value: Buffer | null): OutboxRecord | null {
  if (key === null || value === null) return null;
  const [id, kind] = splitKey(key.toString('utf8'));
  if (kind === 'mail') {
    const mail = parseJson(value, isStoredMail);
    const report = mail?.report.id === id ? readReport(mail.report) : null;
    return report === null ? null : { kind, report };
  }
  if (kind === 'status') {
    const status = parseJson(value, isMailStatus);
    return status?.id === id ? { kind, status } : null;
  }
  return null;
}

function splitKey(key: string): [id: string, kind: string] {
  const slash = key.lastIndexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}

function record(key: string, value: PendingMail | MailStatus, timestamp: number): OutputRecord {
  return { key: Buffer.from(key, 'utf8'), value: Buffer.from(JSON.stringify(value), 'utf8'), timestamp };
}

const counts = { error: isNumber, warn: isNumber, info: isNumber, debug: isNumber, none: isNumber };
const isBreachedWindow = isObjectOf<BreachedWindow>({ windowStart: isString, windowEnd: isString, count: isNumber });

const isStoredMail = isObjectOf<Omit<PendingMail, 'report'> & { readonly report: StoredReport }>({
  v: isOneOf(1),
  state: isOneOf('PENDING'),
  report: isObjectOf<StoredReport>({
    v: isOneOf(1),
    id: isString,
    incident: isString,
    transition: isOneOf('opened', 'over', 'reminder', 'new-pattern', 'resolved', 'digest'),
    rule: isStoredRule,
    group: isString,
    from: isString,
    to: isString,
    breaches: isListOf(isBreachedWindow),
    worst: isBreachedWindow,
    totals: isObjectOf(counts),
    median: isNullOr(isObjectOf(counts)),
    chart: isListOf(isObjectOf<ChartBar>({ windowStart: isString, breached: isBoolean, ...counts })),
    patterns: isListOf(
      isObjectOf<MailReport['patterns'][number]>({ pattern: isString, count: isNumber, isNew: isBoolean }),
    ),
    otherPatterns: isNumber,
    samples: isListOf(isObjectOf<MailReport['samples'][number]>({ source: isString, at: isString, text: isString })),
    origins: isListOf(isObjectOf<MailReport['origins'][number]>({ origin: isString, count: isNumber })),
    notes: isObjectOf<MailReport['notes']>({
      incomplete: isNumber,
      continuation: isNumber,
      unparsed: isNumber,
      again: isNumber,
      future: isNumber,
      expired: isNumber,
      gaps: isMissingOr(isNumber),
      lagging: isListOf(isString),
    }),
    decidedAt: isString,
  }),
});

const isMailStatus = isObjectOf<MailStatus>({
  v: isOneOf(1),
  id: isString,
  state: isOneOf('SENDING', 'SENT', 'FAILED'),
  attempt: isNumber,
  transportId: isMissingOr(isString),
  reason: isMissingOr(isString),
});

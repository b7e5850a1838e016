import type { OutputRecord } from '../../../stream/job';
import { parseOutboxKey, parseStatus, type DeliveryStatus, type MessageFormat } from '../../../stream/outbox-records';
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
} from '../../../stream/shape';
import type { NotUnderstood } from '../counting/window-record';
import type { BreachedWindow, ChartBar, MailReport, ReportedBefore, ReportedMember, Transition } from './mail-report';
import { isStoredRule, readReport, type StoredReport } from './stored-rule';
import { isSummaryReport, type AnyReport, type SummaryReport } from './summary-report';

/** A record of topic `outbox` with key `<id>/mail`: written by alerting. */
interface Pending<R> {
  readonly v: 1;
  readonly state: 'PENDING';
  readonly report: R;
}

/** A record of topic `outbox`. */
export type OutboxRecord =
  { readonly kind: 'mail'; readonly report: AnyReport } | { readonly kind: 'status'; readonly status: DeliveryStatus };

/** `<id>/mail`: a message that alerting decided. @param now epoch milliseconds */
export function pendingMail(report: AnyReport, now: number): OutputRecord {
  const value: Pending<AnyReport> = { v: 1, state: 'PENDING', report };
  return {
    key: Buffer.from(`${report.id}/mail`, 'utf8'),
    value: Buffer.from(JSON.stringify(value), 'utf8'),
    timestamp: now,
  };
}

/** How the delivery of mails finds its messages. */
export const mailFormat: MessageFormat<AnyReport> = {
  kind: 'mail',
  decode: (value, id) => {
    const summary = parseJson(value, isStoredSummary);
    if (summary !== null) return summary.report.id === id ? summary.report : null;
    const mail = parseJson(value, isStoredMail);
    return mail?.report.id === id ? readReport(mail.report) : null;
  },
};

/**
 * Null for a record that this version does not understand: an unknown key, a tombstone, a value that does not match its
 * key.
 */
export function parseOutboxRecord(key: Buffer | null, value: Buffer | null): OutboxRecord | null {
  if (key === null || value === null) return null;
  const parsed = parseOutboxKey(key);
  const { id, kind } = parsed;
  if (kind === 'mail') {
    const report = mailFormat.decode(value, id);
    return report === null ? null : { kind, report };
  }
  const status = kind === 'status' ? parseStatus(value, parsed) : null;
  return status === null ? null : { kind: 'status', status };
}

const counts = { error: isNumber, warn: isNumber, info: isNumber, debug: isNumber, none: isNumber };
const isBreachedWindow = isObjectOf<BreachedWindow>({ windowStart: isString, windowEnd: isString, count: isNumber });

const isStoredSummary = isObjectOf<Pending<SummaryReport>>({
  v: isOneOf(1),
  state: isOneOf('PENDING'),
  report: isSummaryReport,
});

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

const isStoredMail = isObjectOf<Pending<StoredReport>>({
  v: isOneOf(1),
  state: isOneOf('PENDING'),
  report: isObjectOf<StoredReport>({
    v: isOneOf(1),
    id: isString,
    incident: isString,
    transition: isOneOf(...transitions),
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
      unread: isMissingOr(isBoolean),
      notUnderstood: isMissingOr(
        isListOf(
          isObjectOf<NotUnderstood>({
            source: isString,
            at: isString,
            text: isString,
            unparsed: isNumber,
          }),
        ),
      ),
      otherNotUnderstood: isMissingOr(isNumber),
      lagging: isListOf(isString),
    }),
    decidedAt: isString,
    receivers: isMissingOr(isListOf(isString)),
    owedTo: isMissingOr(isListOf(isString)),
    flaps: isMissingOr(isNumber),
    before: isMissingOr(
      isObjectOf<ReportedBefore>({ lines: isNumber, from: isString, to: isString, newHosts: isListOf(isString) }),
    ),
    isOver: isMissingOr(isBoolean),
    mergedInto: isMissingOr(isString),
    members: isMissingOr(
      isListOf(
        isObjectOf<ReportedMember>({
          incident: isString,
          group: isString,
          openedBy: isNumber,
          from: isNumber,
          to: isNumber,
        }),
      ),
    ),
  }),
});

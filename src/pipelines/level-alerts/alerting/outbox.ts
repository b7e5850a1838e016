import type { OutputRecord } from '../../../stream/job';
import type { MailReport, MailStatus } from './mail-report';
import { mailStatus, parseOutboxRecord } from './outbox-records';

/**
 * What the mailer knows of topic `outbox`, and what it does next (rule 18). Times are the mailer's own clock, epoch
 * milliseconds: a lease runs from when this reader first saw it, so that clocks of hosts need not agree.
 *
 * The mailer's way with one mail:
 *
 * 1. `nextSend` says `send`; it writes `beginSend`'s record and commits it.
 * 2. It sends.
 * 3. It writes `mailSent`'s or `mailRefused`'s record; or, when it may go later, calls `sendFailed` and writes nothing.
 *
 * When it dies anywhere between, or another mailer takes over, the SENDING record is what remains: the mail goes again,
 * marked as a possible repeat. It is never lost, and never sent again once SENT or FAILED is known.
 */
export interface OutboxState {
  /** Mails that are neither SENT nor FAILED, in order of their records. */
  readonly pending: Map<string, PendingEntry>;
  /** Ids of the rest, with how they ended. */
  readonly done: Map<string, 'SENT' | 'FAILED'>;
}

export interface PendingEntry {
  /** Null when only its status was seen. */
  report: MailReport | null;
  /** Sends that were begun, by whomever. */
  attempt: number;
  /** Nobody sends it before: end of a lease or of a back-off. */
  notBefore: number;
}

export type NextSend =
  /** `possibleRepeat`: an earlier attempt may have reached its reader. */
  | {
      readonly kind: 'send';
      readonly id: string;
      readonly attempt: number;
      readonly report: MailReport;
      readonly possibleRepeat: boolean;
    }
  /** Nothing may go before `until`; null: before another record comes. */
  | { readonly kind: 'wait'; readonly until: number | null };

/** More than twice the transport's request timeout. */
export const sendLeaseMs = 2 * 60 * 1000;
const firstBackOffMs = 1000;
const longestBackOffMs = 5 * 60 * 1000;

export function openOutbox(): OutboxState {
  return { pending: new Map(), done: new Map() };
}

/**
 * Takes one record of the outbox; what is not ours is passed over.
 * @param phase `takeover`: it was there when this mailer fenced its predecessors, so nobody is sending it any more;
 * `running`: whoever wrote it may be sending. Records of one's own that come back change nothing.
 */
export function foldOutbox(
  state: OutboxState,
  record: { readonly key: Buffer | null; readonly value: Buffer | null },
  phase: 'takeover' | 'running',
  now: number,
): void {
  const known = parseOutboxRecord(record.key, record.value);
  if (known?.kind === 'mail' && !state.done.has(known.report.id)) {
    entryOf(state, known.report.id).report = known.report;
  } else if (known?.kind === 'status') {
    foldStatus(state, known.status, phase === 'takeover' ? now : now + sendLeaseMs);
  }
}

function foldStatus(state: OutboxState, status: MailStatus, leaseEnd: number): void {
  if (status.state !== 'SENDING') {
    finish(state, status.id, status.state);
    return;
  }
  if (state.done.has(status.id)) return;
  const entry = entryOf(state, status.id);
  if (status.attempt <= entry.attempt) return;
  entry.attempt = status.attempt;
  entry.notBefore = leaseEnd;
}

/** The first mail that may go now. One that has to wait does not hold up those behind it. */
export function nextSend(state: OutboxState, now: number): NextSend {
  let until: number | null = null;
  for (const [id, { report, attempt, notBefore }] of state.pending) {
    if (report === null) continue;
    if (notBefore <= now) return { kind: 'send', id, attempt: attempt + 1, report, possibleRepeat: attempt > 0 };
    until = Math.min(notBefore, until ?? notBefore);
  }
  return { kind: 'wait', until };
}

/** Before a send: the record to commit first. Takes the lease. */
export function beginSend(state: OutboxState, id: string, now: number): OutputRecord {
  const entry = entryOf(state, id);
  entry.attempt++;
  entry.notBefore = now + sendLeaseMs;
  return mailStatus({ v: 1, id, state: 'SENDING', attempt: entry.attempt }, now);
}

/** After a send that succeeded. @param transportId the transport's own id of the mail */
export function mailSent(state: OutboxState, id: string, transportId: string, now: number): OutputRecord {
  return mailStatus({ v: 1, id, state: 'SENT', attempt: finish(state, id, 'SENT'), transportId }, now);
}

/** After MAIL_REFUSED: it will never go. @param reason one sentence */
export function mailRefused(state: OutboxState, id: string, reason: string, now: number): OutputRecord {
  return mailStatus({ v: 1, id, state: 'FAILED', attempt: finish(state, id, 'FAILED'), reason }, now);
}

/** After a failure that may pass: 1 s, 2 s, 4 s … up to 5 min until the next attempt. */
export function sendFailed(state: OutboxState, id: string, now: number): void {
  const entry = entryOf(state, id);
  entry.notBefore = now + Math.min(firstBackOffMs * 2 ** (entry.attempt - 1), longestBackOffMs);
}

/** @returns how many sends were begun */
function finish(state: OutboxState, id: string, how: 'SENT' | 'FAILED'): number {
  const attempt = state.pending.get(id)?.attempt ?? 0;
  state.pending.delete(id);
  state.done.set(id, how);
  return attempt;
}

function entryOf(state: OutboxState, id: string): PendingEntry {
  const known = state.pending.get(id);
  if (known !== undefined) return known;
  const entry = { report: null, attempt: 0, notBefore: 0 };
  state.pending.set(id, entry);
  return entry;
}

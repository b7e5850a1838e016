import type { MailReport } from '../alerting/mail-report';
import type { OutboxRecord } from '../alerting/outbox-records';

/** A decided mail that did not reach its receivers. */
export interface UndeliveredMail {
  readonly report: MailReport;
  /** Attempts so far. */
  readonly attempts: number;
  /** Why the mail was refused permanently; null while it waits to be sent. */
  readonly refusal: string | null;
}

/** At most this many ids are remembered as sent, and this many refusals shown. The oldest are dropped first. */
const bounds = { sent: 10_000, refused: 100 };

/** Follows an outbox: for pages and tables, never for decisions. */
export class UndeliveredMails {
  readonly #waiting = new Map<string, UndeliveredMail>();
  readonly #refused = new Map<string, UndeliveredMail>();
  /** Alerting may write a mail again that was sent before. */
  readonly #sent = new Set<string>();

  /** Oldest first; the refused ones first. */
  list(): readonly UndeliveredMail[] {
    return [...this.#refused.values(), ...this.#waiting.values()];
  }

  /** @returns the report of the mail that was sent, if the record says so */
  take(record: OutboxRecord): MailReport | null {
    if (record.kind === 'mail') {
      const { report } = record;
      if (this.#sent.has(report.id) || this.#refused.has(report.id)) return null;
      this.#waiting.set(report.id, { report, attempts: this.#waiting.get(report.id)?.attempts ?? 0, refusal: null });
      return null;
    }
    const { id, state, attempt, reason } = record.status;
    const mail = this.#waiting.get(id);
    if (state === 'SENDING') {
      if (mail !== undefined) this.#waiting.set(id, { ...mail, attempts: attempt });
      return null;
    }
    this.#waiting.delete(id);
    if (state === 'SENT') {
      this.#sent.add(id);
      dropOldest(this.#sent, bounds.sent);
      return mail?.report ?? null;
    }
    if (mail !== undefined) {
      this.#refused.set(id, { ...mail, attempts: attempt, refusal: reason ?? '' });
      dropOldest(this.#refused, bounds.refused);
    }
    return null;
  }
}

function dropOldest(ids: Set<string> | Map<string, unknown>, most: number): void {
  for (const oldest of ids.keys()) {
    if (ids.size <= most) return;
    ids.delete(oldest);
  }
}

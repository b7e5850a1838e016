import type { DeliveryStatus } from '../../../stream/outbox-records';
import type { AnyReport } from '../alerting/summary-report';
import type { OutboxRecord } from '../alerting/outbox-records';

/** A decided message that did not reach one of its receivers. */
export interface Undelivered {
  readonly report: AnyReport;
  /** `slack`, or `mail/ops@example.com`; null while no delivery has taken it up. */
  readonly target: string | null;
  /** Attempts so far. */
  readonly attempts: number;
  /** Why the receiver refused it permanently; null while it waits to be sent. */
  readonly refusal: string | null;
}

/** At most this many ids are remembered as done, and this many refusals shown. The oldest are dropped first. */
const bounds = { done: 10_000, refused: 100 };

interface Waiting {
  readonly report: AnyReport;
  /** Attempts by target, of those that are not done. */
  readonly targets: Map<string, number>;
  /** Targets that are done, or are known to be none: those that `targets` never gets back. */
  readonly done: Set<string>;
  pinned: readonly string[] | null;
}

/** Follows an outbox: for pages and tables, never for decisions. */
export class UndeliveredMessages {
  readonly #waiting = new Map<string, Waiting>();
  readonly #refused = new Map<string, Undelivered>();
  /** Alerting may write a message again that was sent before. */
  readonly #done = new Set<string>();

  /** Oldest first; the refused ones first. */
  list(): readonly Undelivered[] {
    const waiting = [...this.#waiting.values()].flatMap(({ report, targets }): readonly Undelivered[] =>
      targets.size === 0
        ? [{ report, target: null, attempts: 0, refusal: null }]
        : [...targets].map(([target, attempts]) => ({ report, target: target || null, attempts, refusal: null })),
    );
    return [...this.#refused.values(), ...waiting];
  }

  /** @returns the report of the message that reached a receiver, if the record says so */
  take(record: OutboxRecord): AnyReport | null {
    if (record.kind === 'status') return this.#takeStatus(record.status);
    const { report } = record;
    if (this.#done.has(report.id)) return null;
    const known = this.#waiting.get(report.id);
    if (known === undefined) {
      this.#waiting.set(report.id, { report, targets: new Map(), done: new Set(), pinned: null });
    }
    return null;
  }

  #takeStatus({ id, target = '', targets, state, attempt, reason }: DeliveryStatus): AnyReport | null {
    const message = this.#waiting.get(id);
    if (message === undefined) {
      if (state !== 'SENDING') this.#note(id);
      return null;
    }
    if (message.done.has(target)) return null;
    message.pinned ??= targets ?? [target];
    for (const each of message.pinned) {
      if (!message.done.has(each) && !message.targets.has(each)) message.targets.set(each, 0);
    }
    if (state === 'SENDING') {
      message.targets.set(target, attempt);
      return null;
    }
    message.targets.delete(target);
    message.done.add(target);
    if (state === 'FAILED') {
      const refused = { report: message.report, target: target || null, attempts: attempt, refusal: reason ?? '' };
      this.#refused.set(`${id}/${target}`, refused);
      dropOldest(this.#refused, bounds.refused);
    }
    if (target === '' || message.targets.size === 0) {
      this.#waiting.delete(id);
      this.#note(id);
    }
    return state === 'SENT' ? message.report : null;
  }

  #note(id: string): void {
    this.#done.add(id);
    dropOldest(this.#done, bounds.done);
  }
}

function dropOldest(ids: Set<string> | Map<string, unknown>, most: number): void {
  for (const oldest of ids.keys()) {
    if (ids.size <= most) return;
    ids.delete(oldest);
  }
}

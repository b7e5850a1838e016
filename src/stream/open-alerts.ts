import { parseOutboxKey, parseStatus, type MessageFormat } from './outbox-records';

/** The incident of a message, for receivers that hold an alert as long as it is refreshed. */
export interface AlertState {
  readonly incident: string;
  readonly isOpen: boolean;
}

/** A record of an outbox. */
export interface OutboxEntry {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

interface Known<M> {
  readonly message: M;
  readonly offset: number;
}

/** For how long the end of an alert is repeated: a refresh that was on its way may come after it. */
const REPEAT_END_MS = 15 * 60_000;

/**
 * The alerts that one receiver holds, as the outbox shows them: those of incidents whose messages it got, until the message
 * that ends them is decided. Follows the outbox from its start.
 */
export class OpenAlerts<M> {
  /** Messages that wait for their delivery, by id. */
  readonly #waiting = new Map<string, Known<M>>();
  /** By incident. */
  readonly #open = new Map<string, Known<M>>();
  readonly #ended = new Map<string, Known<M> & { readonly at: number }>();

  constructor(
    private readonly receiver: string,
    private readonly format: MessageFormat<M>,
    private readonly stateOf: (message: M) => AlertState,
  ) {}

  take({ key, value, offset, timestamp }: OutboxEntry): void {
    if (key === null || value === null) return;
    const parsed = parseOutboxKey(key);
    if (parsed.kind === this.format.kind) {
      const message = this.format.decode(value, parsed.id);
      if (message !== null) this.#takeMessage(parsed.id, { message, offset }, timestamp);
    } else if (parsed.kind === 'status') {
      const status = parseStatus(value, parsed);
      if (status === null) return;
      const isOurs = parsed.target?.receiver === this.receiver;
      if (isOurs && status.state === 'SENT') this.#sent(parsed.id);
      const isTarget = status.targets?.includes(this.receiver) ?? false;
      if (!isTarget || (isOurs && status.state !== 'SENDING')) this.#waiting.delete(parsed.id);
    }
  }

  /** Messages of open incidents. */
  open(): readonly M[] {
    return [...this.#open.values()].map(({ message }) => message);
  }

  /** Messages that ended an incident a short while ago. @param now epoch milliseconds */
  ended(now: number): readonly { readonly message: M; readonly at: number }[] {
    for (const [incident, { at }] of this.#ended) if (at < now - REPEAT_END_MS) this.#ended.delete(incident);
    return [...this.#ended.values()];
  }

  #takeMessage(id: string, known: Known<M>, timestamp: number): void {
    const { incident, isOpen } = this.stateOf(known.message);
    if (isOpen) {
      this.#waiting.set(id, known);
      return;
    }
    // From now on nothing may refresh it, also while the receiver does not know the end yet.
    if (this.#open.delete(incident)) this.#ended.set(incident, { ...known, at: timestamp });
    for (const [waiting, { message }] of this.#waiting) {
      if (this.stateOf(message).incident === incident) this.#waiting.delete(waiting);
    }
  }

  #sent(id: string): void {
    const known = this.#waiting.get(id);
    if (known === undefined) return;
    const { incident } = this.stateOf(known.message);
    const before = this.#open.get(incident);
    if (before !== undefined && before.offset > known.offset) return;
    this.#ended.delete(incident);
    this.#open.set(incident, known);
  }
}

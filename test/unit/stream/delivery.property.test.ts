import fc from 'fast-check';
import { decide, LEASE_MS, openDelivery } from '../../../src/stream/delivery';
import type { DeliveryEvent, Effect } from '../../../src/stream/delivery-events';
import type { OutputRecord } from '../../../src/stream/job';
import { parseOutboxKey, parseStatus } from '../../../src/stream/outbox-records';
import { targetName, targetNamed } from '../../../src/stream/target';
import { note, noteFormat } from './outbox-support';

/** Two addresses of one receiver, and another receiver. */
const TARGETS = ['mail/a@example.com', 'mail/b@example.com', 'slack'];

/** How the next write or send of an owner ends. */
type WriteFault = 'committed' | 'answer lost, committed' | 'answer lost, not committed';
type SendFault = 'sent' | 'sent, answer lost' | 'failed' | 'refused';

type Action =
  | { readonly type: 'message' }
  /** The job writes an earlier message again. */
  | { readonly type: 'message again'; readonly which: number }
  /** A new owner fences all others, which do not know it yet. */
  | { readonly type: 'takeover' }
  | { readonly type: 'crash'; readonly owner: number }
  | { readonly type: 'read'; readonly owner: number }
  | { readonly type: 'wait'; readonly ms: number; readonly owner: number }
  | { readonly type: 'work'; readonly owner: number; readonly write: WriteFault; readonly send: SendFault };

/** A pending step of an owner: an effect to carry out, or the answer to its send. */
type Work = Effect<string> | Exclude<DeliveryEvent, { type: 'read' }>;

class Owner {
  readonly state = openDelivery<string>({
    format: noteFormat,
    retentionMs: Number.MAX_SAFE_INTEGER,
    targetsOf: () => TARGETS.map(targetNamed),
    isConfigured: () => true,
    maxAttempts: Infinity,
  });
  readonly work: Work[] = [];
  alive = true;
  constructor(readonly epoch: number) {}
}

/** One outbox, and every owner that it ever had. */
class World {
  readonly log: OutputRecord[] = [];
  readonly owners: Owner[] = [];
  /** Marks of the deliveries that reached a receiver, by message id and target. */
  readonly delivered = new Map<string, { readonly marked: boolean }[]>();
  /** Takeovers (after a crash, too) and lost answers of the receiver: each may repeat one message. */
  disturbances = -1;
  messages = 0;
  now = 1_000_000;

  get current(): Owner | undefined {
    return this.owners.at(-1);
  }

  act(action: Action): void {
    switch (action.type) {
      case 'message':
        this.log.push(note(`m${this.messages++}`));
        break;
      case 'message again':
        if (this.messages > 0) this.log.push(note(`m${action.which % this.messages}`));
        break;
      case 'takeover':
        this.takeOver();
        break;
      case 'crash':
        this.kill(this.ownerOf(action.owner));
        break;
      case 'read':
        this.read(this.ownerOf(action.owner));
        break;
      case 'wait':
        this.now += action.ms;
        this.tell(this.ownerOf(action.owner), { type: 'woken', now: this.now });
        break;
      case 'work':
        this.workOn(this.ownerOf(action.owner), action.write, action.send);
        break;
    }
  }

  takeOver(): void {
    this.disturbances += 1;
    const owner = new Owner(this.owners.length);
    this.owners.push(owner);
    this.read(owner);
    this.tell(owner, { type: 'restored', next: this.log.length, now: this.now });
  }

  /** The newest owners are asked most: 0 is the current one. */
  private ownerOf(index: number): Owner | undefined {
    return this.owners.at(-1 - index);
  }

  private kill(owner: Owner | undefined): void {
    if (owner !== undefined) owner.alive = false;
  }

  private read(owner: Owner | undefined): void {
    if (owner === undefined) return;
    const records = this.log.slice(owner.state.position);
    this.tell(owner, { type: 'read', records, next: this.log.length, now: this.now });
  }

  private tell(owner: Owner | undefined, event: DeliveryEvent): void {
    if (owner?.alive === true) owner.work.push(...decide(owner.state, event));
  }

  /** Carries out one effect, or hands over one answer. */
  workOn(owner: Owner | undefined, fault: WriteFault, answer: SendFault): void {
    if (owner?.alive === false && owner === this.current) this.takeOver();
    const work = owner?.alive === true ? owner.work.shift() : undefined;
    if (owner === undefined || work === undefined) return;
    switch (work.type) {
      case 'write':
        this.write(owner, work, fault);
        break;
      case 'send':
        this.send(owner, work, answer);
        break;
      case 'sent':
      case 'refused':
      case 'failed':
        this.tell(owner, { ...work, now: this.now });
        break;
      default:
        break;
    }
  }

  private write(owner: Owner, { record, receiver }: Extract<Work, { type: 'write' }>, fault: WriteFault): void {
    const isFenced = owner !== this.current;
    if (!isFenced && fault !== 'answer lost, not committed') this.log.push(record);
    if (isFenced || fault !== 'committed') this.kill(owner);
    else this.tell(owner, { type: 'committed', receiver, now: this.now });
  }

  private send(owner: Owner, { attempt, possibleRepeat }: Extract<Work, { type: 'send' }>, how: SendFault): void {
    const name = `${attempt.id}/${targetName(attempt.target)}`;
    if (owner === this.current) expect([name, this.isDone(name)]).toEqual([name, false]);
    const { now } = this;
    if (how === 'sent' || how === 'sent, answer lost') {
      this.delivered.set(name, [...(this.delivered.get(name) ?? []), { marked: possibleRepeat }]);
    }
    if (how === 'sent') owner.work.push({ type: 'sent', attempt, transportId: 'x', now });
    else if (how === 'refused') owner.work.push({ type: 'refused', attempt, reason: 'no such address', now });
    else owner.work.push({ type: 'failed', attempt, error: how, now });
    if (how === 'sent, answer lost') this.disturbances += 1;
  }

  isDone(name: string): boolean {
    return this.log.some(({ key, value }) => {
      const parsed = parseOutboxKey(key);
      if (value === null || parsed.target === null || `${parsed.id}/${targetName(parsed.target)}` !== name)
        return false;
      const status = parseStatus(value, parsed);
      return status !== null && status.state !== 'SENDING';
    });
  }

  /** A last owner finishes without disturbance. */
  settle(): void {
    this.takeOver();
    const owner = this.current;
    for (let turns = 0; turns < 20 * (TARGETS.length * this.messages + 1); turns++) {
      this.act({ type: 'wait', ms: LEASE_MS * 5, owner: 0 });
      while (owner !== undefined && owner.work.length > 0) this.workOn(owner, 'committed', 'sent');
    }
  }
}

const owner = fc.constantFrom(0, 0, 0, 1, 2);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Action>({ type: 'message' }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('message again' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant<Action>({ type: 'takeover' }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const), owner }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('read' as const), owner }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(1000, 60_000, LEASE_MS), owner }),
  },
  {
    weight: 30,
    arbitrary: fc.record({
      type: fc.constant('work' as const),
      owner,
      write: fc.oneof(
        { weight: 6, arbitrary: fc.constant<WriteFault>('committed') },
        {
          weight: 1,
          arbitrary: fc.constantFrom<WriteFault[]>('answer lost, committed', 'answer lost, not committed'),
        },
      ),
      send: fc.constantFrom<SendFault[]>('sent', 'sent', 'sent, answer lost', 'failed', 'refused'),
    }),
  },
);

describe('the delivery, in any interleaving of owners and faults', () => {
  it('loses no message, repeats at most one for each disturbance, and sends none again that is done', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 150, size: 'max' }), (actions) => {
        const world = new World();
        world.takeOver();
        for (const next of actions) world.act(next);
        world.settle();

        for (let i = 0; i < world.messages; i++) {
          for (const to of TARGETS) expect([i, to, world.isDone(`m${i}/${to}`)]).toEqual([i, to, true]);
        }
        const deliveries = [...world.delivered.values()];
        // A takeover repeats at most one message for each receiver.
        expect(deliveries.flat().length - deliveries.length).toBeLessThanOrEqual(2 * world.disturbances);
        // Only the first attempt is unmarked, and it happens once.
        for (const marks of deliveries) expect(marks.filter(({ marked }) => !marked).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});

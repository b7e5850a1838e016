import { decide, LEASE_MS, openDelivery, type DeliveryState } from '../../../src/stream/delivery';
import type { Attempt, DeliveryEvent, Effect } from '../../../src/stream/delivery-events';
import type { OutputRecord } from '../../../src/stream/job';
import { parseOutboxKey, parseStatus } from '../../../src/stream/outbox-records';
import { targetName, targetNamed } from '../../../src/stream/target';
import { note, noteFormat, status, statusOf } from './outbox-support';

const DAY = 24 * 60 * 60_000;
const NOW = 1_000_000;

const TO = { receiver: 'mail', address: null };

const first = (id: string, to = 'mail'): Attempt => ({ id, target: targetNamed(to), attempt: 1 });

/** An owner that reads and carries out, until a send or until nothing is to be done. */
class Owner {
  readonly state: DeliveryState<string>;
  readonly written: unknown[] = [];
  now = NOW;
  private readonly maxAttempts = 20;

  /** A takeover: these records were there. */
  constructor(...records: readonly OutputRecord[]) {
    this.state = this.open(['mail']);
    decide(this.state, { type: 'read', records, next: records.length, now: this.now });
  }

  /** As the constructor, with these targets. */
  static to(targets: readonly string[], ...records: readonly OutputRecord[]): Owner {
    const owner = new Owner();
    Object.assign(owner, { state: owner.open(targets) });
    decide(owner.state, { type: 'read', records, next: records.length, now: owner.now });
    return owner;
  }

  private open(targets: readonly string[]): DeliveryState<string> {
    return openDelivery({
      format: noteFormat,
      retentionMs: 30 * DAY,
      targetsOf: () => targets.map(targetNamed),
      isConfigured: (target) => targets.includes(targetName(target)),
      maxAttempts: this.maxAttempts,
    });
  }

  restore(): readonly Effect<string>[] {
    return this.after({ type: 'restored', next: this.state.position });
  }

  read(...records: readonly OutputRecord[]): readonly Effect<string>[] {
    return this.after({ type: 'read', records, next: this.state.position + records.length });
  }

  /** Returns the effects of an event. Each write is committed at once. */
  after(event: Without<DeliveryEvent, 'now'>): readonly Effect<string>[] {
    return decide(this.state, { ...event, now: this.now }).flatMap((effect) => {
      if (effect.type !== 'write') return [effect];
      this.written.push(statusIn(effect.record));
      return this.after({ type: 'committed', receiver: effect.receiver });
    });
  }
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const unreadableStatus = (id: string): OutputRecord => ({
  key: Buffer.from(`${id}/status`),
  value: Buffer.from('{"v":2}'),
  timestamp: NOW,
});

function statusIn({ key, value }: OutputRecord): unknown {
  return value === null ? null : parseStatus(value, parseOutboxKey(key));
}

const send = (id: string, attempt = 1, to = 'mail'): object => ({
  type: 'send',
  attempt: { id, target: targetNamed(to), attempt },
  message: `text of ${id}`,
  possibleRepeat: attempt > 1,
});

describe('the delivery, at a takeover', () => {
  it.each<[string, readonly OutputRecord[], readonly object[]]>([
    ['nothing', [], []],
    ['a message', [note('a')], [send('a')]],
    ['two messages', [note('b'), note('a')], [send('b')]],
    ['a message twice', [note('a'), note('a')], [send('a')]],
    ['a message that was sent', [note('a'), status('a', 'SENT')], []],
    ['a message that was refused', [note('a'), status('a', 'FAILED')], []],
    ['a message that its job wrote again after it was sent', [note('a'), status('a', 'SENT'), note('a')], []],
    ['a status before its message', [status('a', 'SENT'), note('a')], []],
    ['SENDING after SENT', [note('a'), status('a', 'SENT'), status('a', 'SENDING', 2)], []],
    ['a message that a predecessor was sending', [note('a'), status('a', 'SENDING', 3)], [send('a', 4)]],
    ['a SENDING before its message', [status('a', 'SENDING', 3), note('a')], [send('a', 4)]],
    ['the SENDING of an expired message', [status('a', 'SENDING')], []],
    ['a tombstone', [{ ...note('a'), value: null }], []],
    [
      'a message that it does not understand',
      [note('a', '?'), note('b')],
      [{ type: 'outcome', outcome: 'unreadable', what: 'message', id: 'a', target: null, attempt: 0 }, send('b')],
    ],
    [
      'a status that it does not understand, which may say SENT',
      [note('a'), unreadableStatus('a'), note('b')],
      [{ type: 'outcome', outcome: 'unreadable', what: 'status', id: 'a', target: null, attempt: 0 }, send('b')],
    ],
    [
      'a status that it understands after one that it does not',
      [note('a'), unreadableStatus('a'), status('a', 'SENT')],
      [],
    ],
    [
      'a SENDING after a status that it does not understand',
      [note('a'), unreadableStatus('a'), status('a', 'SENDING')],
      [send('a', 2)],
    ],
  ])('with %s', (_, records, effects) => {
    expect(new Owner(...records).restore()).toEqual(effects);
  });

  it('sends nothing before it has read the whole outbox', () => {
    const owner = new Owner(note('a'));
    expect(owner.read(note('b'))).toEqual([]);
    expect(owner.read(status('a', 'SENT'))).toEqual([]);
    expect(owner.restore()).toEqual([send('b')]);
  });
});

describe('the delivery', () => {
  it('commits SENDING before a send, and SENT after it', () => {
    const owner = new Owner(note('a'));
    expect(owner.restore()).toEqual([send('a')]);
    expect(owner.written).toEqual([{ v: 1, id: 'a', target: 'mail', targets: ['mail'], state: 'SENDING', attempt: 1 }]);
    const outcome = { type: 'outcome', outcome: 'sent', ...first('a'), transportId: 'ses-1' };
    expect(owner.after({ type: 'sent', attempt: first('a'), transportId: 'ses-1' })).toEqual([outcome]);
    expect(owner.written[1]).toMatchObject({ target: 'mail', state: 'SENT', attempt: 1, transportId: 'ses-1' });
    owner.now += 30 * LEASE_MS;
    expect(owner.after({ type: 'woken' })).toEqual([]);
  });

  it('does not send before SENDING is committed', () => {
    const owner = new Owner(note('a'));
    const effects = decide(owner.state, { type: 'restored', next: 1, now: NOW });
    expect(effects).toEqual([
      { type: 'write', receiver: 'mail', record: statusOf('a', 'mail', 'SENDING', ['mail'], 1, NOW) },
    ]);
    expect(owner.read(note('b'))).toEqual([]);
    expect(owner.after({ type: 'committed', receiver: 'mail' })).toEqual([send('a')]);
  });

  it('sends one message at a time, in order', () => {
    const owner = new Owner(note('a'), note('b'));
    expect(owner.restore()).toEqual([send('a')]);
    expect(owner.read(note('c'))).toEqual([]);
    expect(owner.after({ type: 'sent', attempt: first('a'), transportId: 'x' })).toContainEqual(send('b'));
    expect(owner.after({ type: 'sent', attempt: first('b'), transportId: 'x' })).toContainEqual(send('c'));
  });

  it('commits FAILED with the reason when a message is refused, and never tries it again', () => {
    const owner = new Owner(note('a'), note('b'));
    owner.restore();
    expect(owner.after({ type: 'refused', attempt: first('a'), reason: 'no such address' })).toEqual([
      { type: 'outcome', outcome: 'refused', ...first('a'), reason: 'no such address' },
      send('b'),
    ]);
    expect(owner.written[1]).toMatchObject({ target: 'mail', state: 'FAILED', attempt: 1, reason: 'no such address' });
    owner.after({ type: 'sent', attempt: first('b'), transportId: 'x' });
    expect(owner.read(note('a'))).toEqual([]);
  });

  it('waits from 1 s to 5 min between attempts that fail, and sends the others meanwhile', () => {
    const owner = new Owner(note('a'));
    owner.restore();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 11; attempt++) {
      const other = `other-${attempt}`;
      owner.read(note(other));
      const [outcome, next] = owner.after({
        type: 'failed',
        attempt: { id: 'a', target: TO, attempt },
        error: 'throttled',
      });
      expect(outcome).toMatchObject({ outcome: 'failed', id: 'a', attempt, error: 'throttled' });
      expect(next).toEqual(send(other));
      const [, wake] = owner.after({ type: 'sent', attempt: first(other), transportId: 'x' });
      if (wake?.type !== 'wake') throw new Error('it does not wait');
      waits.push(wake.inMs / 1000);
      owner.now += wake.inMs;
      expect(owner.after({ type: 'woken' })).toEqual([send('a', attempt + 1)]);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('ignores its own SENDING record when it reads it back', () => {
    const owner = new Owner(note('a'));
    owner.restore();
    owner.after({ type: 'failed', attempt: first('a'), error: 'throttled' });
    expect(owner.read(status('a', 'SENDING'))).toEqual([{ type: 'wake', inMs: 1000 }]);
  });

  it('waits no longer than the longest pause after the clock was ahead', () => {
    const owner = new Owner();
    owner.restore();
    owner.now += 400 * DAY;
    owner.read(status('b', 'SENDING'), note('b'));
    owner.now = NOW;
    expect(owner.after({ type: 'woken' })).toEqual([{ type: 'wake', inMs: 5 * 60_000 }]);
  });

  it('leaves a message for the whole lease when another owner is sending it, and then repeats it', () => {
    const owner = new Owner(note('a'));
    owner.restore();
    owner.after({ type: 'sent', attempt: first('a'), transportId: 'x' });
    owner.now += 5000;
    expect(owner.read(status('b', 'SENDING'), note('b'))).toEqual([{ type: 'wake', inMs: LEASE_MS }]);
    owner.now += LEASE_MS - 1;
    expect(owner.after({ type: 'woken' })).toEqual([{ type: 'wake', inMs: 1 }]);
    owner.now += 1;
    expect(owner.after({ type: 'woken' })).toEqual([send('b', 2)]);
  });

  it('ignores the answer to an attempt that it gave up', () => {
    const owner = new Owner(note('a'));
    owner.restore();
    owner.after({ type: 'failed', attempt: first('a'), error: 'no answer' });
    owner.now += 1000;
    expect(owner.after({ type: 'woken' })).toEqual([send('a', 2)]);
    expect(owner.after({ type: 'sent', attempt: first('a'), transportId: 'late' })).toEqual([]);
    expect(owner.after({ type: 'failed', attempt: first('a'), error: 'late' })).toEqual([]);
    expect(owner.after({ type: 'sent', attempt: { id: 'a', target: TO, attempt: 2 }, transportId: 'x' })).toHaveLength(
      1,
    );
  });

  it('finishes when the outbox is read up to the asked offset and every message is done', () => {
    const owner = new Owner(note('a'));
    expect(owner.restore()).toEqual([send('a')]);
    expect(owner.after({ type: 'finish', end: 2 })).toEqual([]);
    expect(owner.after({ type: 'failed', attempt: first('a'), error: 'throttled' })).toContainEqual({
      type: 'wake',
      inMs: 1000,
    });
    owner.now += 1000;
    owner.after({ type: 'woken' });
    const attempt = { id: 'a', target: TO, attempt: 2 };
    expect(owner.after({ type: 'sent', attempt, transportId: 'x' })).toHaveLength(1);
    expect(owner.read(note('b'))).toEqual([send('b')]);
    expect(owner.after({ type: 'sent', attempt: first('b'), transportId: 'x' })).toContainEqual({ type: 'finished' });
    expect(owner.after({ type: 'woken' })).toEqual([]);
  });

  it('finishes the message that it sends when it drains, and begins no other', () => {
    const owner = new Owner(note('a'), note('b'));
    owner.restore();
    expect(owner.after({ type: 'drain' })).toEqual([]);
    expect(owner.after({ type: 'sent', attempt: first('a'), transportId: 'x' })).toContainEqual({ type: 'drained' });
    expect(owner.read(note('c'))).toEqual([]);
    expect(owner.written).toHaveLength(2);
  });

  it('drains at once when nothing is being sent', () => {
    const owner = new Owner();
    owner.restore();
    expect(owner.after({ type: 'drain' })).toEqual([{ type: 'drained' }]);
  });

  it('begins no message when it is drained before it has read the whole outbox', () => {
    const owner = new Owner(note('a'));
    expect(owner.after({ type: 'drain' })).toEqual([{ type: 'drained' }]);
    expect(owner.restore()).toEqual([]);
  });

  it('forgets finished ids when the topic forgets them, and no earlier', () => {
    const owner = new Owner(
      status('a', 'SENT', 1, NOW),
      status('b', 'FAILED', 1, NOW + 1),
      status('c', 'SENT', 1, NOW + 2),
    );
    owner.now = NOW + 30 * DAY + 1;
    expect([...owner.state.known.finished.keys()]).toEqual(['a', 'b', 'c']);
    owner.restore();
    expect([...owner.state.known.finished.keys()]).toEqual(['b', 'c']);
    owner.now += 2;
    owner.after({ type: 'woken' });
    expect([...owner.state.known.finished.keys()]).toEqual([]);
  });
});

describe('the delivery, to several receivers', () => {
  const all = ['mail/ops@example.com', 'mail/dev@example.com', 'slack', 'pager'];
  const refused = { type: 'refused', reason: 'no' } as const;

  it('sends to all receivers at once, and to one address of a receiver at a time', () => {
    const owner = Owner.to(all, note('a'));
    expect(owner.restore()).toEqual([
      send('a', 1, 'mail/ops@example.com'),
      send('a', 1, 'slack'),
      send('a', 1, 'pager'),
    ]);
    const sent = { type: 'sent', attempt: first('a', 'mail/ops@example.com'), transportId: 'x' } as const;
    expect(owner.after(sent)).toContainEqual(send('a', 1, 'mail/dev@example.com'));
  });

  it('sends on to the others while one does not answer, one is throttled and one address is refused', () => {
    const owner = Owner.to(all, note('a'));
    owner.restore();
    owner.after({ type: 'failed', attempt: first('a', 'slack'), error: '429', retryAfterMs: 30_000 });
    owner.after({ ...refused, attempt: first('a', 'mail/ops@example.com') });
    owner.after({ type: 'sent', attempt: first('a', 'mail/dev@example.com'), transportId: 'x' });
    const wake = { type: 'wake', inMs: 30_000 };
    expect(owner.read(note('b'))).toEqual([send('b', 1, 'mail/ops@example.com'), wake, wake]);
    owner.now += 30_000;
    expect(owner.after({ type: 'woken' })).toEqual([send('a', 2, 'slack')]);
  });

  it('pauses a lane when one message after the other fails, and tries one at a time, at least every minute', () => {
    const owner = Owner.to(['slack'], ...Array.from({ length: 30 }, (_, i) => note(`m-${i}`)));
    let effects = owner.restore();
    const pauses: number[] = [];
    for (let tries = 0; tries < 12; tries++) {
      const sending = effects.find((effect) => effect.type === 'send');
      if (sending === undefined) throw new Error('it sends nothing');
      const after = owner.after({ type: 'failed', attempt: sending.attempt, error: 'down' });
      const continues = after.some(({ type }) => type === 'send');
      const wake = continues ? undefined : after.find((effect) => effect.type === 'wake');
      pauses.push((wake?.inMs ?? 0) / 1000);
      owner.now += wake?.inMs ?? 0;
      effects = continues ? after : owner.after({ type: 'woken' });
    }
    expect(pauses).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
  });

  it('keeps the targets of a message that was taken up: a receiver that is added later does not get it', () => {
    const before = Owner.to(['mail'], note('a'), note('b'));
    before.restore();
    const sent = statusOf('a', 'mail', 'SENT', ['mail']);
    const later = Owner.to(['mail', 'slack'], note('a'), sent, note('b'));
    expect(later.restore()).toEqual([send('b'), send('b', 1, 'slack')]);
    const taken = Owner.to(['mail', 'slack'], note('a'), statusOf('a', 'mail', 'SENDING', ['mail']));
    expect(taken.restore()).toEqual([send('a', 2)]);
  });

  it('takes a status of an earlier version, which had one receiver, for the status of all', () => {
    const owner = Owner.to(all, note('a'), status('a', 'SENT'), note('b'), status('b', 'FAILED'), note('c'));
    expect(owner.restore()).toContainEqual(send('c', 1, 'slack'));
    const unfinished = Owner.to(['slack', 'pager'], note('a'), status('a', 'SENDING', 2));
    expect(unfinished.restore()).toEqual([send('a', 3, 'slack'), send('a', 3, 'pager')]);
  });

  it('knows at a takeover who has a message, in any order of its records', () => {
    const targets = ['mail', 'slack'];
    const records = [note('a'), statusOf('a', 'mail', 'SENT', targets), statusOf('a', 'slack', 'SENDING', targets)];
    for (const order of [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const owner = Owner.to(targets, ...order.flatMap((i) => records[i] ?? []));
      expect(owner.restore()).toEqual([send('a', 2, 'slack')]);
    }
    const done = [...records, statusOf('a', 'slack', 'SENT', targets)].reverse();
    expect(Owner.to(targets, ...done).restore()).toEqual([]);
  });

  it('leaves a message for a receiver that is no longer configured, says so once, and still finishes', () => {
    const owner = Owner.to(['slack'], note('a'), statusOf('a', 'slack', 'SENT', ['slack', 'mail/x@example.com']));
    const unconfigured = {
      type: 'outcome',
      outcome: 'unconfigured',
      id: 'a',
      target: { receiver: 'mail', address: 'x@example.com' },
      attempt: 0,
    };
    expect(owner.restore()).toEqual([unconfigured]);
    expect(owner.after({ type: 'finish', end: 2 })).toEqual([{ type: 'finished' }]);
  });

  it('gives a message up that failed too often, with the last reason', () => {
    const owner = Owner.to(['slack'], note('a'), statusOf('a', 'slack', 'SENDING', ['slack'], 19));
    const attempt = { ...first('a', 'slack'), attempt: 20 };
    expect(owner.restore()).toEqual([send('a', 20, 'slack')]);
    expect(owner.after({ type: 'failed', attempt, error: new Error('down') })).toMatchObject([
      { outcome: 'refused', reason: 'gave up: down' },
    ]);
  });

  it('drains when the last message in progress is recorded', () => {
    const owner = Owner.to(['mail', 'slack'], note('a'));
    owner.restore();
    expect(owner.after({ type: 'drain' })).toEqual([]);
    expect(owner.after({ type: 'sent', attempt: first('a'), transportId: 'x' })).not.toContainEqual({
      type: 'drained',
    });
    expect(owner.after({ type: 'failed', attempt: first('a', 'slack'), error: 'down' })).toContainEqual({
      type: 'drained',
    });
  });
});

import { delivery } from '../../actors/delivery';
import { decisions } from '../../src/decisions';
import { crc32c } from '../../src/adapters/native/checksums';
import type { MailReport } from '../../src/pipelines/level-alerts/alerting/mail-report';
import { mailFormat, parseOutboxRecord, pendingMail } from '../../src/pipelines/level-alerts/alerting/outbox-records';
import { CounterRegistry } from '../../src/counters';
import { TelltaleError } from '../../src/errors';
import { ask, spawn } from '../../src/kit';
import { systemClock, type Clock } from '../../src/ports/clock';
import { outboxTopic } from '../../src/pipelines/level-alerts/topics';
import type { Delivery } from '../../src/ports/delivery';
import type { OutputRecord } from '../../src/stream/job';
import type { DeliveryStatus } from '../../src/stream/outbox-records';
import { targetNamed, type Target } from '../../src/stream/target';
import { tempFolders } from '../support/temp-folder';
import { readRecords } from '../support/topics';
import { report } from '../unit/level-alerts/mail/sample-reports';
import { appendOutputs, openMailPlace, untilHolds, type MailPlace } from './consuming';
import { withCommitFaults, type CommitFault } from './decorators';
import { gate, type TestSystem } from './kit/harness';
import { turnsUntil } from './turns';

const folders = tempFolders();

let place: MailPlace;
beforeEach(async () => {
  place = await openMailPlace(folders.make());
});
afterEach(() => place.close());

/** A minute passes between two reads of the clock, so that a back-off or a lease takes no time. */
function hastyClock(): Clock {
  let now = Date.parse('2026-11-20T11:00:00Z');
  return { ...systemClock, now: () => (now += 60_000) };
}

interface Running {
  readonly seen: TestSystem;
  /** By counter and reason. */
  readonly counts: () => Record<string, number>;
  readonly finish: () => Promise<void>;
  readonly drain: () => Promise<void>;
  /** As by kill -9, as far as that is possible within a process. */
  readonly kill: () => Promise<void>;
}

/**
 * Starts a mailer whose mails go into the place.mailbox, unless `before` throws.
 * @param confirm how its group confirms the assignment: at once, if not said otherwise
 */
function start(
  before: (id: string, target: Target) => unknown = () => undefined,
  on = place.log,
  clock = hastyClock(),
  confirm: () => Promise<void> = () => Promise.resolve(),
  targets: readonly string[] = ['mail'],
): Running {
  const mails: Delivery<MailReport> = {
    send: async (_report, { id, target, possibleRepeat }) => {
      await before(id, target);
      const subject = possibleRepeat ? `${id} (possible repeat)` : id;
      return place.mailbox.send({
        id,
        from: 'telltale@localhost',
        to: ['you@localhost'],
        subject,
        text: '',
        html: '',
        thread: 'i-1',
      });
    },
  };
  const seen = place.startSystem();
  const counters = new CounterRegistry();
  const to = { targetsOf: () => targets.map(targetNamed), isConfigured: () => true, maxAttempts: Infinity };
  const options = {
    name: 'mailer',
    topic: outboxTopic(0),
    format: mailFormat,
    delivery: mails,
    counters,
    confirm,
    ...to,
  };
  const ref = spawn(seen.system, delivery({ ...options, log: on, clock, crc32c }));
  return {
    seen,
    counts: () =>
      Object.fromEntries(counters.samples().map(({ name, labels, value }) => [`${name} ${labels.reason}`, value])),
    finish: async () => {
      await ask(ref, (replyTo) => ({ type: 'finish', replyTo }), 20_000);
    },
    drain: async () => {
      await ask(ref, (replyTo) => ({ type: 'drain', replyTo }), 20_000);
      await seen.system.stop(10_000);
    },
    kill: () => seen.system.stop(10_000),
  };
}

const decide = (...ids: string[]): Promise<void> =>
  appendOutputs(
    place.log,
    'outbox',
    ids.map((id) => pendingMail(report({ id }), Date.parse('2026-11-20T10:59:00Z'))),
  );

/** Subjects in the place.mailbox, sorted. */
const sent = async (): Promise<string[]> => (await place.mailbox.list()).map(({ subject }) => subject).sort();

/** The newest status of each mail. */
async function statuses(): Promise<Record<string, DeliveryStatus>> {
  const newest: Record<string, DeliveryStatus> = {};
  for (const { key, value } of await readRecords(place.log, 'outbox', 1)) {
    const record = parseOutboxRecord(key, value);
    if (record?.kind === 'status') newest[record.status.id] = record.status;
  }
  return newest;
}

/** Keys of statuses that are the newest of their target. */
async function statusKeys(state: DeliveryStatus['state']): Promise<string[]> {
  const newest = new Map<string, string>();
  for (const { key, value } of await readRecords(place.log, 'outbox', 1)) {
    const record = parseOutboxRecord(key, value);
    if (record?.kind === 'status') newest.set(String(key), record.status.state);
  }
  return [...newest].flatMap(([key, each]) => (each === state ? [key] : [])).sort();
}

/** Waits until the outbox says so of a mail. */
const untilState = (id: string, state: DeliveryStatus['state']): Promise<void> =>
  untilHolds(place.log, 'outbox', (records) =>
    records.some(({ key, value }) => {
      const record = parseOutboxRecord(key, value);
      return record?.kind === 'status' && record.status.id === id && record.status.state === state;
    }),
  );

describe('the delivery, on an outbox of the version before, which had one receiver', () => {
  it('sends nothing again that was sent or refused, and repeats the mail in progress, marked', async () => {
    const old = (id: string, status: string): OutputRecord => ({
      key: Buffer.from(`${id}/status`),
      value: Buffer.from(`{"v":1,"id":"${id}",${status}}`),
      timestamp: Date.parse('2026-11-20T10:59:00Z'),
    });
    await decide('sent', 'refused', 'sending', 'waiting');
    await appendOutputs(place.log, 'outbox', [
      old('sent', '"state":"SENDING","attempt":1'),
      old('sent', '"state":"SENT","attempt":1,"transportId":"x.eml"'),
      old('refused', '"state":"FAILED","attempt":1,"reason":"no such address"'),
      old('sending', '"state":"SENDING","attempt":1'),
    ]);
    const running = start();
    await running.finish();
    expect(await sent()).toEqual(['sending (possible repeat)', 'waiting']);
    await running.kill();
    await start().finish();
    expect(await sent()).toHaveLength(2);
  });
});

describe('the delivery, to several receivers', () => {
  it('delivers to the others while one does not answer, and is refused by one address alone', async () => {
    const stuck = gate();
    const reached: string[] = [];
    await decide('m-1', 'm-2');
    const running = start(
      (_, { receiver, address }) => {
        if (receiver === 'stuck') return stuck.opened;
        if (address === 'b@x') throw new TelltaleError('DELIVERY_REFUSED', 'no such address');
        reached.push(`${receiver} ${address ?? ''}`);
        return undefined;
      },
      place.log,
      systemClock,
      () => Promise.resolve(),
      ['stuck', 'mail/a@x', 'mail/b@x', 'mail/c@x', 'slack'],
    );
    await untilHolds(
      place.log,
      'outbox',
      (records) => records.filter(({ value }) => value?.includes('"state":"SENT"')).length === 6,
    );
    expect(reached.sort()).toEqual(['mail a@x', 'mail a@x', 'mail c@x', 'mail c@x', 'slack ', 'slack ']);
    stuck.open();
    await running.finish();
    expect(await statusKeys('FAILED')).toEqual(['m-1/mail/b@x/status', 'm-2/mail/b@x/status']);
    expect(await statusKeys('SENT')).toHaveLength(8);
  });
});

describe('the delivery', () => {
  it('sends messages written before and after its start, and records that in the outbox', async () => {
    await decide('m-1');
    const running = start();
    await untilState('m-1', 'SENT');
    await decide('m-2');
    await running.finish();
    expect(await sent()).toEqual(['m-1', 'm-2']);
    expect(await statuses()).toMatchObject({
      'm-1': { state: 'SENT', attempt: 1 },
      'm-2': { state: 'SENT', attempt: 1 },
    });
    const ids = (await place.mailbox.list()).map(({ name }) => name).sort();
    expect(Object.values(await statuses()).map(({ transportId }) => transportId)).toEqual(ids);
  });

  it('commits SENDING before it sends', async () => {
    const atSend: unknown[] = [];
    await decide('m-1');
    await start(async (id) => atSend.push((await statuses())[id]?.state)).finish();
    expect(atSend).toEqual(['SENDING']);
  });

  it('repeats a failed message, marked as a possible repeat', async () => {
    let failures = 3;
    await decide('m-1');
    const running = start(() => {
      if (failures-- > 0) throw new TelltaleError('DELIVERY_FAILED', 'throttled');
    });
    await running.finish();
    expect(await sent()).toEqual(['m-1 (possible repeat)']);
    expect(await statuses()).toMatchObject({ 'm-1': { state: 'SENT', attempt: 4 } });
    expect(running.seen.crashes).toEqual([]);
    expect(running.counts()).toEqual({
      'telltale_deliveries_total repeated attempt': 1,
      'telltale_deliveries_retried_total DELIVERY_FAILED': 3,
    });
  });

  it('records FAILED with the reason when a message is refused, and continues with the next', async () => {
    let attempts = 0;
    await decide('m-1', 'm-2');
    const running = start((id) => {
      if (id !== 'm-1') return;
      attempts += 1;
      throw new TelltaleError('DELIVERY_REFUSED', 'no such address');
    });
    await running.finish();
    expect(await sent()).toEqual(['m-2']);
    expect(await statuses()).toMatchObject({ 'm-1': { state: 'FAILED', reason: 'no such address' } });
    expect(running.counts()).toEqual({
      'telltale_deliveries_total first attempt': 1,
      'telltale_deliveries_refused_total refused': 1,
    });
    expect(running.seen.log).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'delivery refused permanently' }),
    );
    await running.kill();
    await start(() => (attempts += 1)).finish();
    expect(attempts).toBe(1);
  });

  it('repeats the message in progress after a takeover, marked as a possible repeat', async () => {
    const sending = gate();
    await decide('m-1');
    const first = start(() => {
      sending.open();
      return new Promise(() => undefined);
    });
    await sending.opened;
    await first.kill();
    // At once: the holder of the lease was fenced.
    await start(undefined, place.log, systemClock).finish();
    expect(await sent()).toEqual(['m-1 (possible repeat)']);
  });

  it('never sends a message again when any owner has recorded it as sent', async () => {
    await decide('m-1');
    await start().drain();
    const first = start();
    await first.finish();
    await first.kill();
    await decide('m-1');
    const again: string[] = [];
    await start((id) => again.push(id)).finish();
    expect(again).toEqual([]);
    expect(await sent()).toEqual(['m-1']);
  });

  it.each<[CommitFault, string[]]>([
    ['answer lost, happened', ['m-1']],
    ['answer lost, did not happen', ['m-1', 'm-1 (possible repeat)']],
    ['aborted', ['m-1', 'm-1 (possible repeat)']],
  ])('repeats a message at most once when the commit of SENT fails (%s)', async (fault, mails) => {
    const faults: (CommitFault | null)[] = [null, fault];
    await decide('m-1');
    const running = start(
      undefined,
      withCommitFaults(place.log, () => faults.shift() ?? null),
    );
    await untilState('m-1', 'SENT');
    await running.finish();
    expect(running.seen.crashes).toHaveLength(1);
    expect(await sent()).toEqual(mails);
    expect(await statuses()).toMatchObject({ 'm-1': { state: 'SENT' } });
  });

  it('does not send when SENDING was not committed', async () => {
    const faults: (CommitFault | null)[] = ['aborted', 'answer lost, did not happen'];
    await decide('m-1');
    await start(
      undefined,
      withCommitFaults(place.log, () => faults.shift() ?? null),
    )
      .finish()
      .catch(() => undefined);
    await untilState('m-1', 'SENT');
    expect(faults).toEqual([]);
    expect(await sent()).toEqual(['m-1']);
  });

  it('finishes the message in progress when it drains, and begins no other', async () => {
    const sending = gate();
    const answered = gate();
    await decide('m-1', 'm-2');
    const running = start(() => {
      sending.open();
      return answered.opened;
    });
    await sending.opened;
    const drained = running.drain();
    answered.open();
    await drained;
    expect(await sent()).toEqual(['m-1']);
    expect(await statuses()).toMatchObject({ 'm-1': { state: 'SENT' } });
  });

  it('does not fence a second mailer that has taken over until its group confirms the assignment', async () => {
    const [sending, answered, confirmed] = [gate(), gate(), gate()];
    await decide('m-1');
    const first = start(
      () => {
        sending.open();
        return answered.opened;
      },
      place.log,
      hastyClock(),
      () => confirmed.opened,
    );
    await sending.opened;
    const second = start();
    await second.finish();
    answered.open();
    await turnsUntil(() => first.seen.log.some(({ message }) => message === decisions.fenced.event));
    await decide('m-2');
    await second.finish();
    expect([...first.seen.crashes, ...second.seen.crashes]).toEqual([]);
    expect(await sent()).toEqual(['m-1', 'm-1 (possible repeat)', 'm-2']);
    await second.drain();
    await decide('m-3');
    const finished = first.finish();
    confirmed.open();
    await finished;
    expect(await sent()).toEqual(['m-1', 'm-1 (possible repeat)', 'm-2', 'm-3']);
  });

  it('drains at once when it waits for its group', async () => {
    const fenced = start(undefined, place.log, hastyClock(), () => new Promise(() => undefined));
    const second = start();
    await second.finish();
    await decide('m-1');
    await turnsUntil(() => fenced.seen.log.some(({ message }) => message === decisions.fenced.event));
    await fenced.drain();
    await second.finish();
    expect(await sent()).toEqual(['m-1']);
  });

  it('waits for its group after a crash, before it fences the rightful owner', async () => {
    const [asked, confirmed] = [gate(), gate()];
    const crashing = start(
      undefined,
      withCommitFaults(place.log, () => 'aborted'),
      hastyClock(),
      () => {
        asked.open();
        return confirmed.opened;
      },
    );
    await decide('m-1');
    await asked.opened;
    const rightful = start();
    await rightful.finish();
    expect(await sent()).toEqual(['m-1']);
    await crashing.drain();
    await decide('m-2');
    await rightful.finish();
    expect(await sent()).toEqual(['m-1', 'm-2']);
    expect(rightful.seen.crashes).toEqual([]);
  });
});

import fc from 'fast-check';
import type { MailReport, MailStatus } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import {
  beginSend,
  foldOutbox,
  mailRefused,
  mailSent,
  nextSend,
  openOutbox,
  sendFailed,
  sendLeaseMs,
  type OutboxState,
} from '../../../../src/pipelines/level-alerts/alerting/outbox';
import {
  mailStatus,
  parseOutboxRecord,
  pendingMail,
} from '../../../../src/pipelines/level-alerts/alerting/outbox-records';
import type { OutputRecord } from '../../../../src/stream/job';
import { at, Runner, windowOf } from './runner';

const [decided] = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
function report(id: string): MailReport {
  if (decided === undefined) throw new Error('no mail was decided');
  return { ...decided, id };
}

const pending = (id: string): OutputRecord => pendingMail(report(id), 0);
const status = (id: string, state: MailStatus['state'], attempt = 1): OutputRecord =>
  mailStatus({ v: 1, id, state, attempt }, 0);

function outboxAfter(...records: readonly OutputRecord[]): OutboxState {
  const state = openOutbox();
  for (const record of records) foldOutbox(state, record, 'takeover', 1000);
  return state;
}

describe('parseOutboxRecord', () => {
  const parse = (rule: object) => {
    const value = { v: 1, state: 'PENDING', report: { ...report('a'), rule } };
    return parseOutboxRecord(Buffer.from('a/mail'), Buffer.from(JSON.stringify(value)));
  };
  const before = { name: 'errors', level: 'error', threshold: 1, window: 60_000, origins: '**' };

  it('reads a report from before there were kinds of rules', () => {
    expect(parse(before)).toMatchObject({ kind: 'mail', report: { rule: report('a').rule } });
  });

  it('keeps the words of a kind that it does not know', () => {
    const { words } = report('a').rule;
    expect(parse({ ...before, threshold: 'x', kind: 'other', words })).toBeNull();
    const { threshold, ...others } = before;
    expect(parse({ ...others, limit: threshold, kind: 'other', words })).toMatchObject({
      report: { rule: { kind: 'other', words } },
    });
  });

  it('refuses a rule that has neither words nor a threshold', () => {
    expect(parse({ ...before, threshold: undefined })).toBeNull();
    expect(parse({ ...before, kind: 'other' })).toBeNull();
  });
});

describe('the outbox', () => {
  it.each<[string, readonly OutputRecord[], object]>([
    ['nothing', [], { kind: 'wait', until: null }],
    ['a mail', [pending('a')], { kind: 'send', id: 'a', attempt: 1, possibleRepeat: false }],
    ['two mails', [pending('b'), pending('a')], { kind: 'send', id: 'b' }],
    ['a mail twice', [pending('a'), pending('a')], { kind: 'send', id: 'a', attempt: 1 }],
    ['a mail that was sent', [pending('a'), status('a', 'SENT')], { kind: 'wait', until: null }],
    ['a mail that was refused', [pending('a'), status('a', 'FAILED')], { kind: 'wait', until: null }],
    ['a mail decided again after it was sent', [pending('a'), status('a', 'SENT'), pending('a')], { kind: 'wait' }],
    ['a status whose mail comes later', [status('a', 'SENT'), pending('a')], { kind: 'wait', until: null }],
    ['a SENDING after SENT', [pending('a'), status('a', 'SENT'), status('a', 'SENDING', 2)], { kind: 'wait' }],
    [
      'a mail that a predecessor was sending, at take-over',
      [pending('a'), status('a', 'SENDING', 3)],
      { kind: 'send', id: 'a', attempt: 4, possibleRepeat: true },
    ],
  ])('with %s', (_, given, then) => {
    const state = outboxAfter(...given);
    expect(nextSend(state, 1000)).toMatchObject(then);
    for (const id of state.done.keys()) expect(state.pending.has(id)).toBe(false);
  });

  it('leaves a mail that somebody else is sending alone for the lease, from when it saw it', () => {
    const state = outboxAfter(pending('a'), pending('b'));
    foldOutbox(state, status('a', 'SENDING'), 'running', 5000);
    expect(nextSend(state, 5000)).toMatchObject({ kind: 'send', id: 'b' });
    mailSent(state, 'b', 'x', 5000);
    expect(nextSend(state, 5000)).toEqual({ kind: 'wait', until: 5000 + sendLeaseMs });
    expect(nextSend(state, 5000 + sendLeaseMs)).toMatchObject({ id: 'a', attempt: 2, possibleRepeat: true });
  });

  it('writes SENDING before a send and SENT after it', () => {
    const state = outboxAfter(pending('a'));
    expect(parse(beginSend(state, 'a', 2000))).toEqual({ v: 1, id: 'a', state: 'SENDING', attempt: 1 });
    expect(nextSend(state, 2000)).toEqual({ kind: 'wait', until: 2000 + sendLeaseMs });
    const sent = { v: 1, id: 'a', state: 'SENT', attempt: 1, transportId: 'ses-1' };
    expect(parse(mailSent(state, 'a', 'ses-1', 2100))).toEqual(sent);
    expect(nextSend(state, 9_000_000)).toEqual({ kind: 'wait', until: null });
  });

  it('writes FAILED with its reason when a mail is refused, and tries it no more', () => {
    const state = outboxAfter(pending('a'));
    beginSend(state, 'a', 2000);
    const failed = { v: 1, id: 'a', state: 'FAILED', attempt: 1, reason: 'no such address' };
    expect(parse(mailRefused(state, 'a', 'no such address', 2100))).toEqual(failed);
    expect(nextSend(state, 9_000_000)).toEqual({ kind: 'wait', until: null });
  });

  it('backs off from 1 s to 5 min between attempts that failed, while others go', () => {
    const state = outboxAfter(pending('a'), pending('b'));
    const waits: number[] = [];
    for (let now = 1000; waits.length < 11;) {
      beginSend(state, 'a', now);
      sendFailed(state, 'a', now);
      expect(nextSend(state, now)).toMatchObject({ id: 'b', possibleRepeat: false });
      const until = state.pending.get('a')?.notBefore ?? 0;
      waits.push((until - now) / 1000);
      now = until;
      expect(nextSend(state, now)).toMatchObject({ id: 'a', possibleRepeat: true });
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  it('is not held up by its own SENDING record that it reads back', () => {
    const state = outboxAfter(pending('a'));
    const own = beginSend(state, 'a', 2000);
    sendFailed(state, 'a', 2000);
    foldOutbox(state, own, 'running', 2500);
    expect(nextSend(state, 3000)).toMatchObject({ kind: 'send', id: 'a', attempt: 2 });
  });

  it.each<[string, string | null, string | null]>([
    ['no key', null, '{}'],
    ['a tombstone', 'a/mail', null],
    ['another key', 'a', '{"v":1,"id":"a","state":"SENT","attempt":1}'],
    ['no JSON', 'a/status', '{'],
    ['the status of another mail', 'b/status', '{"v":1,"id":"a","state":"SENT","attempt":1}'],
    ['a newer version', 'a/status', '{"v":2,"id":"a","state":"SENT","attempt":1}'],
    ['half a report', 'a/mail', '{"v":1,"state":"PENDING","report":{"v":1,"id":"a"}}'],
    ['a field inherited from nowhere', 'a/status', '{"__proto__":{"v":1,"id":"a","state":"SENT","attempt":1}}'],
  ])('passes over records that are not ours: %s', (_, key, value) => {
    const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
    expect(parseOutboxRecord(bytes(key), bytes(value))).toBeNull();
  });

  it('reads back what it wrote', () => {
    const record = pending('a');
    expect(parseOutboxRecord(record.key, record.value)).toEqual({ kind: 'mail', report: report('a') });
  });
});

function parse({ key, value }: OutputRecord): MailStatus | null {
  const record = parseOutboxRecord(key, value);
  return record?.kind === 'status' ? record.status : null;
}

/** One mailer after another over one topic; each event may be its last. */
type MailerEvent = 'mail' | 'die before the send' | 'die after the send' | 'send' | 'fail' | 'refuse' | 'wait';

it('every mail is sent, refused or left to be sent; never again once that is known, and repeated only as marked', () => {
  const event = fc.constantFrom<MailerEvent[]>(
    ...(['mail', 'die before the send', 'die after the send', 'send', 'fail', 'refuse', 'wait'] as const),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const topic: OutputRecord[] = [];
      const delivered = new Map<string, { repeat: boolean }[]>();
      const refused = new Set<string>();
      let now = 0;
      let mails = 0;
      let state = openOutbox();
      const write = (record: OutputRecord): void => {
        topic.push(record);
        foldOutbox(state, record, 'running', now);
      };
      const takeOver = (): void => {
        state = openOutbox();
        for (const record of topic) foldOutbox(state, record, 'takeover', now);
      };
      const act = (event: MailerEvent): void => {
        if (event === 'mail') write(pending(`m${mails++}`));
        if (event === 'wait') now += sendLeaseMs;
        const next = nextSend(state, now);
        if (next.kind === 'wait' || event === 'mail' || event === 'wait') return;
        const { id, possibleRepeat } = next;
        expect(refused.has(id)).toBe(false);
        write(beginSend(state, id, now));
        if (event === 'send' || event === 'die after the send') {
          delivered.set(id, [...(delivered.get(id) ?? []), { repeat: possibleRepeat }]);
        }
        if (event === 'send') write(mailSent(state, id, 'x', now));
        if (event === 'refuse') refused.add(id);
        if (event === 'refuse') write(mailRefused(state, id, 'no', now));
        if (event === 'fail') sendFailed(state, id, now);
        if (event.startsWith('die')) takeOver();
      };
      for (const event of events) act(event);

      const deaths = events.filter((event) => event === 'die after the send').length;
      const deliveries = [...delivered.values()];
      expect(deliveries.flat().length - deliveries.length).toBeLessThanOrEqual(deaths);
      for (const [, ...repeats] of deliveries) expect(repeats.every(({ repeat }) => repeat)).toBe(true);
      for (let i = 0; i < mails; i++) {
        const id = `m${i}`;
        expect(delivered.has(id) || refused.has(id) || state.pending.has(id)).toBe(true);
      }
    }),
  );
});

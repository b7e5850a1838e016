import type { OutboxRecord } from '../../../../src/pipelines/level-alerts/alerting/outbox-records';
import { UndeliveredMessages } from '../../../../src/pipelines/level-alerts/mail/undelivered';
import type { DeliveryStatus } from '../../../../src/stream/outbox-records';
import { report } from './sample-reports';

const mail = (id: string): OutboxRecord => ({ kind: 'mail', report: report({ id }) });
const status = (id: string, state: DeliveryStatus['state'], attempt = 1, reason?: string): OutboxRecord => ({
  kind: 'status',
  status: { v: 1, id, state, attempt, ...(reason === undefined ? {} : { reason }) },
});

function after(...records: readonly OutboxRecord[]): [string, number, string | null][] {
  const mails = new UndeliveredMessages();
  for (const record of records) mails.take(record);
  return mails.list().map(({ report: { id }, attempts, refusal }) => [id, attempts, refusal]);
}

const to = (id: string, target: string, state: DeliveryStatus['state'], reason?: string): OutboxRecord => ({
  kind: 'status',
  status: {
    ...{ v: 1, id, target, targets: ['mail/x@y', 'slack'], state, attempt: 1 },
    ...(reason === undefined ? {} : { reason }),
  },
});

function byTarget(...records: readonly OutboxRecord[]): [string | null, string | null][] {
  const mails = new UndeliveredMessages();
  for (const record of records) mails.take(record);
  return mails.list().map(({ target, refusal }) => [target, refusal]);
}

describe('UndeliveredMessages', () => {
  it.each<[string, readonly OutboxRecord[], [string | null, string | null][]]>([
    ['no target before one is taken up', [mail('a')], [[null, null]]],
    [
      'every target that waits',
      [mail('a'), to('a', 'slack', 'SENDING')],
      [
        ['mail/x@y', null],
        ['slack', null],
      ],
    ],
    ['the target that is left', [mail('a'), to('a', 'slack', 'SENT')], [['mail/x@y', null]]],
    [
      'the target that refused, and the one that waits',
      [mail('a'), to('a', 'mail/x@y', 'FAILED', 'no')],
      [
        ['mail/x@y', 'no'],
        ['slack', null],
      ],
    ],
    [
      'none when all are done, also when it is decided again',
      [mail('a'), to('a', 'slack', 'SENT'), to('a', 'mail/x@y', 'SENT'), mail('a')],
      [],
    ],
  ])('lists %s', (_, records, listed) => {
    expect(byTarget(...records)).toEqual(listed);
  });

  it.each<[string, readonly OutboxRecord[], [string, number, string | null][]]>([
    ['a mail that was decided', [mail('a')], [['a', 0, null]]],
    ['a mail that is tried again', [mail('a'), status('a', 'SENDING', 3)], [['a', 3, null]]],
    ['a mail that was sent', [mail('a'), status('a', 'SENDING'), status('a', 'SENT')], []],
    [
      'a mail that was refused',
      [mail('a'), mail('b'), status('b', 'FAILED', 1, 'no')],
      [
        ['b', 1, 'no'],
        ['a', 0, null],
      ],
    ],
    ['a sent mail that is decided again', [status('a', 'SENT'), mail('a')], []],
    ['a refused mail that is decided again', [mail('a'), status('a', 'FAILED', 2, 'no'), mail('a')], [['a', 2, 'no']]],
    ['a status without a mail', [status('a', 'SENDING')], []],
  ])('lists %s', (_, records, listed) => {
    expect(after(...records)).toEqual(listed);
  });

  it('returns the report when a mail is sent, and only then', () => {
    const mails = new UndeliveredMessages();
    expect(mails.take(mail('a'))).toBeNull();
    expect(mails.take(status('a', 'SENDING'))).toBeNull();
    expect(mails.take(status('a', 'SENT'))).toMatchObject({ id: 'a' });
    expect(mails.take(status('a', 'SENT'))).toBeNull();
  });

  it('keeps the newest 100 refusals', () => {
    const ids = Array.from({ length: 101 }, (_, i) => `m-${i}`);
    const listed = after(...ids.flatMap((id) => [mail(id), status(id, 'FAILED', 1, 'no')]));
    expect(listed).toHaveLength(100);
    expect(listed.at(-1)).toEqual(['m-100', 1, 'no']);
  });
});

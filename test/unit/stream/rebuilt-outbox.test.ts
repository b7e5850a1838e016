import { rebuildOutbox, type OldOutbox } from '../../../src/stream/rebuilt-outbox';
import { quietRecord, statusRecord, type DeliveryStatus } from '../../../src/stream/outbox-records';

const options = { now: 1_000, lastUsed: 900, retentionMs: 400, remembering: 'mail' };
const mail = (id: string): OldOutbox['records'][number] => ({
  key: Buffer.from(`${id}/mail`),
  value: Buffer.from('{}'),
  timestamp: 800,
});
const status = (id: string, state: DeliveryStatus['state'], attempt = 1): OldOutbox['records'][number] =>
  statusRecord({ v: 1, id, state, attempt }, 850);

function rebuilt(records: OldOutbox['records'], complete: boolean, sent: readonly string[] = []): string[] {
  const messages = sent.map((id) => ({ id, transportId: `${id}.eml`, sentAt: 860 }));
  return rebuildOutbox({ records, complete }, messages, options).records.map(({ key, value }) => {
    const { state, until } = JSON.parse(String(value)) as { state?: string; until?: number };
    return `${key.toString()} ${state ?? until ?? 'mail'}`;
  });
}

describe('rebuildOutbox', () => {
  it.each<[string, OldOutbox['records'], boolean, string[], string[]]>([
    ['keeps a complete outbox', [mail('a'), status('a', 'SENT')], true, [], ['a/mail mail', 'a/status SENT']],
    ['leaves a mail that is known as not sent', [mail('a')], true, [], ['a/mail mail']],
    ['notes a mail that the transport has sent', [mail('a')], true, ['a'], ['a/mail mail', 'a/status SENT']],
    [
      'takes SENT for the end of SENDING',
      [mail('a'), status('a', 'SENDING')],
      true,
      ['a'],
      ['a/mail mail', 'a/status SENDING', 'a/status SENT'],
    ],
    ['notes a sent mail whose records are lost', [], false, ['a'], ['a/status SENT']],
    ['marks a mail without a known end as a repeat', [mail('a')], false, [], ['a/mail mail', 'a/status SENDING']],
    [
      'keeps the number of attempts',
      [mail('a'), status('a', 'SENDING', 3)],
      false,
      [],
      ['a/mail mail', 'a/status SENDING'],
    ],
    ['never notes an end twice', [mail('a'), status('a', 'FAILED')], false, ['a'], ['a/mail mail', 'a/status FAILED']],
  ])('%s', (_, records, complete, sent, expected) => {
    expect(rebuilt(records, complete, sent)).toEqual([...expected, `repair/quiet ${complete ? 500 : 900}`]);
  });

  it.each<[string, boolean, string[], string[]]>([
    ['notes only the target that remembers the message', true, ['a'], ['a/mail/status SENT']],
    ['marks each target without a known end as a repeat', false, [], ['a/mail/status SENDING']],
    ['keeps the end of a target', false, ['a'], ['a/mail/status SENT']],
  ])('%s', (_, complete, sent, added) => {
    const targets = ['mail', 'slack', 'web'];
    const of = (target: string, state: DeliveryStatus['state']): OldOutbox['records'][number] =>
      statusRecord({ v: 1, id: 'a', target, targets, state, attempt: 1 }, 850);
    const records = [mail('a'), of('slack', 'SENT'), of('web', 'SENDING')];
    const kept = ['a/mail mail', 'a/slack/status SENT', 'a/web/status SENDING'];
    expect(rebuilt(records, complete, sent).slice(0, -1)).toEqual([...kept, ...added]);
  });

  it('keeps the later of two quiet times', () => {
    expect(rebuilt([quietRecord(700, 700)], true)).toEqual(['repair/quiet 700']);
    expect(rebuilt([quietRecord(700, 700)], false)).toEqual(['repair/quiet 900']);
  });

  it('is quiet up to now at most, and forgets mails that the outbox would forget', () => {
    const lost = { records: [], complete: false };
    const sent = [{ id: 'a', transportId: 'a.eml', sentAt: 600 }];
    const { records, quietUntil } = rebuildOutbox(lost, sent, { ...options, lastUsed: 5_000 });
    expect(quietUntil).toBe(1_000);
    expect(records).toHaveLength(1);
  });
});

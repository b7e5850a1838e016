import type { MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { parseOutboxRecord, pendingMail } from '../../../../src/pipelines/level-alerts/alerting/outbox-records';
import { statusRecord } from '../../../../src/stream/outbox-records';
import { at, Runner, windowOf } from './runner';

const [decided] = new Runner().write(0, at('10:06'), windowOf('a', at('10:05'), 2)).catchUp(at('10:06'));
function report(id: string): MailReport {
  if (decided === undefined) throw new Error('no mail was decided');
  return { ...decided, id };
}

describe('parseOutboxRecord', () => {
  const parse = (rule: object) => {
    const value = { v: 1, state: 'PENDING', report: { ...report('a'), rule } };
    return parseOutboxRecord(Buffer.from('a/mail'), Buffer.from(JSON.stringify(value)));
  };
  const before = { name: 'errors', level: 'error', threshold: 1, window: 60_000, origins: '**' };

  it('reads a report of the versions without rule kinds', () => {
    expect(parse(before)).toMatchObject({ kind: 'mail', report: { rule: report('a').rule } });
  });

  it('reads the lines that were not understood as earlier previews wrote them', () => {
    const notUnderstood = [{ source: 'b/app.log', at: '0:0', text: 'odd', lines: 7, unparsed: 6 }];
    const old = { ...report('a'), notes: { ...report('a').notes, notUnderstood } };
    const value = Buffer.from(JSON.stringify({ v: 1, state: 'PENDING', report: old }));
    expect(parseOutboxRecord(Buffer.from('a/mail'), value)).toMatchObject({
      kind: 'mail',
      report: { notes: { notUnderstood: [{ source: 'b/app.log', unparsed: 6 }] } },
    });
  });

  it('keeps the words of an unknown kind', () => {
    const { words } = report('a').rule;
    expect(parse({ ...before, threshold: 'x', kind: 'other', words })).toBeNull();
    const { threshold, ...others } = before;
    expect(parse({ ...others, limit: threshold, kind: 'other', words })).toMatchObject({
      report: { rule: { kind: 'other', words } },
    });
  });

  it('returns null when a rule has neither words nor a threshold', () => {
    expect(parse({ ...before, threshold: undefined })).toBeNull();
    expect(parse({ ...before, kind: 'other' })).toBeNull();
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
  ])('returns null when it does not understand a record: %s', (_, key, value) => {
    const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
    expect(parseOutboxRecord(bytes(key), bytes(value))).toBeNull();
  });

  it('returns the report when alerting wrote the record', () => {
    const record = pendingMail(report('a'), 0);
    expect(parseOutboxRecord(record.key, record.value)).toEqual({ kind: 'mail', report: report('a') });
  });

  it('returns the status when the delivery wrote the record', () => {
    const status = { v: 1, id: 'a', state: 'SENT', attempt: 2, transportId: 'x' } as const;
    const record = statusRecord(status, 0);
    expect(parseOutboxRecord(record.key, record.value)).toEqual({ kind: 'status', status });
  });
});

import {
  parseOutboxKey,
  parseQuiet,
  parseStatus,
  quietRecord,
  statusRecord,
  type DeliveryStatus,
} from '../../../src/stream/outbox-records';

const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));

describe('the key of an outbox record', () => {
  it.each([
    ['a/mail', 'a', 'mail', null],
    ['a/status', 'a', 'status', null],
    ['a/slack/status', 'a', 'status', { receiver: 'slack', address: null }],
    ['a/mail/ops@example.com/status', 'a', 'status', { receiver: 'mail', address: 'ops@example.com' }],
    ['a/mail/x/y/status', 'a', 'status', { receiver: 'mail', address: 'x/y' }],
    ['a/mail/other', 'a', 'mail/other', null],
    ['a', 'a', '', null],
    ['', '', '', null],
    ['é/status/status', 'é', 'status', { receiver: 'status', address: null }],
  ])('%j has its parts', (key, id, kind, target) => {
    expect(parseOutboxKey(Buffer.from(key))).toEqual({ id, kind, target });
  });
});

describe('the status of a delivery', () => {
  it.each<[string, DeliveryStatus]>([
    ['a/status', { v: 1, id: 'a', state: 'SENT', attempt: 2, transportId: 'é' }],
    ['a/slack/status', { v: 1, id: 'a', target: 'slack', targets: ['slack', 'mail/x'], state: 'SENDING', attempt: 1 }],
    ['a/mail/x/status', { v: 1, id: 'a', target: 'mail/x', state: 'FAILED', attempt: 3, reason: 'no' }],
  ])('is written to %s, and read back', (key, status) => {
    const record = statusRecord(status, 7);
    expect([record.key.toString(), record.timestamp]).toEqual([key, 7]);
    expect(parseStatus(record.value ?? Buffer.alloc(0), parseOutboxKey(record.key))).toEqual(status);
  });

  it.each([
    ['another message', 'b/slack/status'],
    ['another receiver', 'a/mail/status'],
    ['another address', 'a/slack/x/status'],
    ['all targets', 'a/status'],
  ])('does not count for %s', (_, key) => {
    const { value } = statusRecord({ v: 1, id: 'a', target: 'slack', state: 'SENT', attempt: 1 }, 0);
    expect(parseStatus(value ?? Buffer.alloc(0), parseOutboxKey(Buffer.from(key)))).toBeNull();
  });

  it('does not count for one target when it is about all', () => {
    const { value } = statusRecord({ v: 1, id: 'a', state: 'SENT', attempt: 1 }, 0);
    expect(parseStatus(value ?? Buffer.alloc(0), parseOutboxKey(Buffer.from('a/slack/status')))).toBeNull();
  });
});

describe('the quiet time', () => {
  it('is read from its record', () => {
    const { key, value, timestamp } = quietRecord(5, 9);
    expect([key.toString(), timestamp]).toEqual(['repair/quiet', 9]);
    expect(parseQuiet(key, value)).toEqual({ v: 1, until: 5 });
  });

  it.each([
    ['no key', null, '{"v":1,"until":5}'],
    ['another key', 'repair/other', '{"v":1,"until":5}'],
    ['a tombstone', 'repair/quiet', null],
    ['another version', 'repair/quiet', '{"v":2,"until":5}'],
  ])('is null for %s', (_, key, value) => {
    expect(parseQuiet(bytes(key), bytes(value))).toBeNull();
  });
});

import type { OutputRecord } from '../../../src/stream/job';
import { statusRecord, type DeliveryStatus, type MessageFormat } from '../../../src/stream/outbox-records';

/** Messages are texts; one that begins with `?` was written by another version. */
export const noteFormat: MessageFormat<string> = {
  kind: 'note',
  decode: (value) => (value.toString('utf8').startsWith('?') ? null : value.toString('utf8')),
};

export function note(id: string, text = `text of ${id}`): OutputRecord {
  return { key: Buffer.from(`${id}/note`), value: Buffer.from(text), timestamp: 0 };
}

export function status(id: string, state: DeliveryStatus['state'], attempt = 1, timestamp = 0): OutputRecord {
  return statusRecord({ v: 1, id, state, attempt }, timestamp);
}

/** The status of one target of a message, whose targets are these. */
export function statusOf(
  id: string,
  target: string,
  state: DeliveryStatus['state'],
  targets: readonly string[],
  attempt = 1,
  timestamp = 0,
): OutputRecord {
  return statusRecord({ v: 1, id, target, targets, state, attempt }, timestamp);
}

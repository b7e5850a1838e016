import { OpenAlerts } from '../../../src/stream/open-alerts';
import { statusRecord, type DeliveryStatus, type MessageFormat } from '../../../src/stream/outbox-records';

interface Note {
  readonly id: string;
  readonly incident: string;
  readonly isOpen: boolean;
}

const format: MessageFormat<Note> = {
  kind: 'note',
  decode: (value) => JSON.parse(value.toString('utf8')) as Note,
};
const NOW = 1_000_000;

/** `i-1 opens m-1`, `i-1 ends m-2`, `am SENT m-1`: records in this order. */
function after(...steps: readonly string[]): { open: string[]; ended: string[] } {
  const alerts = new OpenAlerts('am', format, (note) => note);
  steps.forEach((step, offset) => {
    const [who = '', what = '', id = ''] = step.split(' ');
    if (what === 'opens' || what === 'ends') {
      const note: Note = { id, incident: who, isOpen: what === 'opens' };
      const [key, value] = [Buffer.from(`${id}/note`), Buffer.from(JSON.stringify(note))];
      alerts.take({ key, value, offset, timestamp: NOW });
    } else {
      const state = what as DeliveryStatus['state'];
      const target = who === 'all' ? {} : { target: who, targets: who === 'mail' ? ['mail'] : ['mail', 'am'] };
      alerts.take({ ...statusRecord({ v: 1, id, ...target, state, attempt: 1 }, NOW), offset });
    }
  });
  return {
    open: alerts.open().map(({ id }) => id),
    ended: alerts.ended(NOW).map(({ message }) => message.id),
  };
}

describe('the open alerts of a receiver', () => {
  it.each<[string, readonly string[], readonly string[], readonly string[]]>([
    ['is empty before the receiver has the message', ['i-1 opens m-1', 'am SENDING m-1'], [], []],
    ['has a message that was sent', ['i-1 opens m-1', 'am SENT m-1'], ['m-1'], []],
    ['has none that was refused', ['i-1 opens m-1', 'am FAILED m-1', 'am SENT m-1'], [], []],
    ['has none that another receiver got', ['i-1 opens m-1', 'mail SENT m-1', 'am SENT m-1'], [], []],
    ['has none of an earlier version', ['i-1 opens m-1', 'all SENT m-1', 'am SENT m-1'], [], []],
    ['has the newest of an incident', ['i-1 opens m-1', 'am SENT m-1', 'i-1 opens m-2', 'am SENT m-2'], ['m-2'], []],
    [
      'has the newest of an incident when the earlier one arrives later',
      ['i-1 opens m-1', 'i-1 opens m-2', 'am SENT m-2', 'am SENT m-1'],
      ['m-2'],
      [],
    ],
    ['ends an incident once its end is decided', ['i-1 opens m-1', 'am SENT m-1', 'i-1 ends m-2'], [], ['m-2']],
    ['opens no ended incident late', ['i-1 opens m-1', 'i-1 ends m-2', 'am SENT m-1'], [], []],
    [
      'opens an incident again',
      ['i-1 opens m-1', 'am SENT m-1', 'i-1 ends m-2', 'am SENT m-2', 'i-1 opens m-3', 'am SENT m-3'],
      ['m-3'],
      [],
    ],
  ])('%s', (_, steps, open, ended) => {
    expect(after(...steps)).toEqual({ open, ended });
  });

  it('repeats an end for 15 minutes', () => {
    const alerts = new OpenAlerts('am', format, (note) => note);
    const take = (note: Note, offset: number): void => {
      const [key, value] = [Buffer.from(`${note.id}/note`), Buffer.from(JSON.stringify(note))];
      alerts.take({ key, value, offset, timestamp: NOW });
    };
    take({ id: 'm-1', incident: 'i', isOpen: true }, 0);
    alerts.take({
      ...statusRecord({ v: 1, id: 'm-1', target: 'am', targets: ['am'], state: 'SENT', attempt: 1 }, NOW),
      offset: 1,
    });
    take({ id: 'm-2', incident: 'i', isOpen: false }, 2);
    expect(alerts.ended(NOW + 15 * 60_000)).toMatchObject([{ at: NOW }]);
    expect(alerts.ended(NOW + 15 * 60_000 + 1)).toEqual([]);
  });
});

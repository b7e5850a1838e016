import { isTelltaleError } from '../../../src/errors';
import {
  checkDefinition,
  checkPosition,
  damagedAt,
  describeDamage,
  positionIn,
  refuseDamaged,
  refuseUnreadable,
} from '../../../src/stream/continue-from';
import type { HeadEnvelope } from '../../../src/stream/head-envelope';

const envelope = (changes: Partial<HeadEnvelope> = {}): HeadEnvelope => ({
  definition: 'a',
  positions: [
    { topic: 'logs', partition: 0, offset: 5 },
    { topic: 'logs', partition: 1, offset: 6 },
    { topic: 'other', partition: 0, offset: 7 },
  ],
  head: null,
  ...changes,
});

/** The code and the message of the error; null when there is none. */
function refusal(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return isTelltaleError(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

describe('positionIn', () => {
  it.each([
    ['logs', 0, 5],
    ['logs', 1, 6],
    ['other', 0, 7],
    ['other', 1, 0],
    ['new', 0, 0],
  ])('continues in topic %s, partition %d, at %d', (topic, partition, offset) => {
    expect(positionIn(envelope(), topic, partition)).toBe(offset);
  });

  it('begins at 0 without a head', () => {
    expect(positionIn(null, 'logs', 0)).toBe(0);
  });
});

describe('checkDefinition', () => {
  const check = (definition: string | null) => (): void =>
    checkDefinition({ name: 'counting', definition: 'a' }, definition === null ? null : envelope({ definition }));

  it('accepts its own definition, no head, and a head from before there were definitions', () => {
    expect(check('a')).not.toThrow();
    expect(check(null)).not.toThrow();
    expect(() => checkDefinition({ name: 'counting', definition: 'a' }, envelope({ definition: null }))).not.toThrow();
  });

  it('refuses another definition', () => {
    expect(refusal(check('b "2"'))).toBe(
      'RESET_NEEDED: The definition of counting has changed: its state was made with "b \\"2\\"", and it is now "a". ' +
        'Run "telltale reset counting", with the --data, --config and --set of this program, to start over, or restore the former configuration.',
    );
  });
});

describe('checkPosition', () => {
  const check = (offset: number) => (): void =>
    checkPosition({ name: 'counting', definition: '' }, { topic: 'logs', partition: 3, offset }, 10);

  it('accepts a position up to the end of the partition', () => {
    expect(check(9)).not.toThrow();
    expect(check(10)).not.toThrow();
  });

  it('refuses one after it', () => {
    expect(refusal(check(11))).toBe(
      'RESET_NEEDED: counting has read topic "logs", partition 3, up to offset 11, but the partition ends at 10: ' +
        'the topic was created again, or has lost records. ' +
        'Run "telltale reset counting", with the --data, --config and --set of this program, to read it from its start.',
    );
  });
});

describe('a damaged batch', () => {
  const place = { topic: 'logs', partition: 0, from: 12, next: 20, problem: 'its checksum is wrong' };
  const repair =
    'Stop the programs and run "telltale repair", which rebuilds the embedded event log from the object store (for Kafka see docs/troubleshooting.md).';

  it.each([
    [20, 'topic "logs", partition 0, offsets 12 to 19: its checksum is wrong'],
    [14, 'topic "logs", partition 0, offsets 12 to 13: its checksum is wrong'],
    [13, 'topic "logs", partition 0, offset 12: its checksum is wrong'],
  ])('is named by its offsets, before %d', (next, expected) => {
    expect(describeDamage({ ...place, next })).toBe(expected);
  });

  it('is an error of its reader', () => {
    expect(
      refusal(() => {
        throw damagedAt(place);
      }),
    ).toBe(`EVENT_LOG_DAMAGED: The event log is damaged at ${describeDamage(place)}. ${repair}`);
  });

  it('is refused in the state of a job', () => {
    expect(refusal(() => refuseDamaged('alerting', place))).toBe(
      `EVENT_LOG_DAMAGED: alerting cannot read its own state at ${describeDamage(place)}. ${repair} ` +
        'Run "telltale reset alerting", with the --data, --config and --set of this program, to start alerting over without it.',
    );
  });
});

describe('refuseUnreadable', () => {
  const place = { topic: 'alerting-state', partition: 0, offset: 4 };

  it('names the record, and both ways out', () => {
    expect(refusal(() => refuseUnreadable('alerting', place))).toBe(
      'RESET_NEEDED: alerting cannot read a record of its own state: topic "alerting-state", partition 0, offset 4. ' +
        'Run the version of Telltale that wrote it. ' +
        'Run "telltale reset alerting", with the --data, --config and --set of this program, to start over without it.',
    );
  });

  it('keeps the cause', () => {
    const cause = new Error('v3');
    try {
      refuseUnreadable('alerting', place, cause);
    } catch (error) {
      expect(error).toMatchObject({ cause });
    }
    expect.assertions(1);
  });
});

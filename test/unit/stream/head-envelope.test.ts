import { decodeHeadEnvelope, encodeHeadEnvelope, type HeadEnvelope } from '../../../src/stream/head-envelope';

const logs = [{ topic: 'logs', partitions: 4 }];
const windows = [{ topic: 'windows', partitions: 2 }];

const envelope: HeadEnvelope = {
  definition: 'window=60000',
  positions: [
    { topic: 'logs', partition: 3, offset: 17 },
    { topic: 'logs', partition: 12, offset: 0 },
    { topic: 'users', partition: 0, offset: 2 ** 53 - 1 },
  ],
  head: Buffer.from('{"now":1,"more":[2]}'),
};

describe('encodeHeadEnvelope', () => {
  it('writes one JSON object that holds the head', () => {
    expect(encodeHeadEnvelope(envelope).toString()).toBe(
      '{"v":2,"definition":"window=60000","positions":{"logs":{"3":17,"12":0},"users":{"0":9007199254740991}},' +
        '"head":{"now":1,"more":[2]}}',
    );
  });

  it('writes null when the job has no head', () => {
    expect(encodeHeadEnvelope({ definition: 'd', positions: [], head: null }).toString()).toBe(
      '{"v":2,"definition":"d","positions":{},"head":null}',
    );
  });
});

describe('decodeHeadEnvelope', () => {
  it.each<[string, HeadEnvelope]>([
    ['a head', envelope],
    ['no head', { ...envelope, head: null }],
    ['a head with escapes', { ...envelope, head: Buffer.from('{"name":"a\\n\\"é\\u0000"}') }],
    ['a head that is one number', { ...envelope, head: Buffer.from('0') }],
    [
      'a topic with the name of a property',
      { ...envelope, positions: [{ topic: '__proto__', partition: 0, offset: 5 }] },
    ],
    ['batches of its state that were left out', { ...envelope, without: [{ topic: 'a', partition: 1, offset: 2 }] }],
  ])('reads back %s', (_, written) => {
    expect(decodeHeadEnvelope(encodeHeadEnvelope(written), 'counting/3', logs)).toEqual(written);
  });

  it.each(['[{"topic":"a","partition":1}]', '{}', 'null'])(
    'ignores batches left out that it cannot read: %s',
    (without) => {
      const value = `{"v":2,"definition":"d","positions":{"logs":{"0":5}},"head":null,"without":${without}}`;
      expect(decodeHeadEnvelope(Buffer.from(value), 'counting/3', logs)).toEqual({
        definition: 'd',
        positions: [{ topic: 'logs', partition: 0, offset: 5 }],
        head: null,
      });
    },
  );

  it('reads a missing head as none', () => {
    const value = Buffer.from('{"v":2,"definition":"d","positions":{"logs":{"0":5}}}');
    expect(decodeHeadEnvelope(value, 'counting/3', logs).head).toBeNull();
  });

  it('reads the head of counting of version 1, with its offsets', () => {
    const value = Buffer.from('{"v":1,"now":7,"offsets":{"3":41},"origins":[],"openErrors":[]}');
    expect(decodeHeadEnvelope(value, 'counting/3', logs)).toEqual({
      definition: null,
      positions: [{ topic: 'logs', partition: 3, offset: 41 }],
      head: value,
    });
  });

  it('reads the head of alerting of version 1, with the offsets of its partitions', () => {
    const value = Buffer.from(
      '{"v":1,"now":7,"partitions":[{"offset":4,"restoreFrom":2},{"offset":0,"restoreFrom":0}],"incidents":[]}',
    );
    expect(decodeHeadEnvelope(value, 'alerting/0', windows)).toEqual({
      definition: null,
      positions: [
        { topic: 'windows', partition: 0, offset: 4 },
        { topic: 'windows', partition: 1, offset: 0 },
      ],
      head: value,
    });
  });

  it.each([
    '',
    'garbage',
    '{"v":3,"positions":{}}',
    '[]',
    'null',
    '{}',
    '{"v":3}\n{"v":2}',
    // Without a position, or with a broken one, the job would fold its input again from the start.
    '{"v":2,"definition":"counting","head":null}',
    '{"v":2,"definition":"counting","positions":{},"head":null}',
    '{"v":2,"definition":"counting","positions":{"logs":{"3":"358"}},"head":null}',
    '{"v":2,"definition":"counting","positions":{"logs":{"3":-5}},"head":null}',
    '{"v":2,"definition":"counting","positions":{"logs":{"3":1.5}},"head":null}',
    '{"v":2,"definition":"counting","positions":{"logs":{"3":5,"4":-1}},"head":null}',
    '{"v":2,"definition":"counting","positions":{"logs":{"3":9007199254740992}},"head":null}',
    '{"v":2,"definition":"counting","positions":{"logs":[5]},"head":null}',
    '{"v":2,"positions":{"logs":{"3":5}},"head":null}',
    '[{"v":2,"definition":"counting","positions":{"logs":{"3":5}},"head":null}]',
  ])('refuses %j, which is not a head of any known version', (value) => {
    expect(() => decodeHeadEnvelope(Buffer.from(value), 'counting/3', logs)).toThrow(
      /head record of counting\/3 .* run the version of Telltale that wrote it, or run "telltale reset counting"/,
    );
  });
});

import { KafkaClient } from '../../../../src/adapters/kafka/client';
import type { Connections } from '../../../../src/adapters/kafka/connections';
import { BrokerError, brokerErrors, ConnectionError } from '../../../../src/adapters/kafka/errors';
import { Waiting } from '../../../../src/adapters/waiting';
import { TelltaleError } from '../../../../src/errors';
import { systemClock } from '../../../../src/ports/clock';

/** Connections that are only counted: the steps of these tests send nothing. */
class Counted implements Connections {
  isDestroyed = false;

  connect(): Promise<void> {
    return Promise.resolve();
  }
  destroy(): void {
    this.isDestroyed = true;
  }
  readonly anyBroker = notUsed;
  readonly allBrokers = notUsed;
  readonly controller = notUsed;
  readonly leader = notUsed;
  readonly partitions = notUsed;
  readonly coordinator = notUsed;
}

function notUsed(): never {
  throw new Error('these tests send nothing');
}

describe('KafkaClient', () => {
  const made: Counted[] = [];
  let client: KafkaClient;
  let waiting: Waiting;

  beforeEach(() => {
    made.length = 0;
    waiting = new Waiting();
    const options = {
      ...{ brokers: [], clientId: 'test', clock: systemClock, tls: null, sasl: null, replication: null },
      ...{ requestTimeoutMs: 1_000, retryForMs: 30_000, transactionTimeoutMs: 1_000 },
    };
    client = new KafkaClient(options, waiting, () => {
      const connections = new Counted();
      made.push(connections);
      return connections;
    });
  });

  const runOnceFailing = async (error: Error): Promise<string> => {
    let tries = 0;
    return client.run('Cannot test', new AbortController().signal, () => {
      if (++tries === 1) throw error;
      return Promise.resolve(`answered at try ${tries}`);
    });
  };

  it.each([
    ["kafkajs' plain error for a dead connection", new Error('Broker not connected'), 2],
    ['an answer that cannot be parsed', new RangeError('out of bounds'), 2],
    ['a broken connection', new ConnectionError('broken', 'closed', undefined), 2],
    ['a leader that has moved', new BrokerError(brokerErrors.NOT_LEADER_OR_FOLLOWER.code, 'logs/1'), 2],
    ['a broker that is busy', new BrokerError(brokerErrors.CONCURRENT_TRANSACTIONS.code, 'writer'), 1],
  ])('repeats after %s, on new connections where the old ones are spent', async (_, error, connections) => {
    expect(await runOnceFailing(error)).toBe('answered at try 2');
    expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual(connections === 2 ? [true, false] : [false]);
  });

  it.each([
    ['a topic that is unknown: its metadata is old', new BrokerError(3, 'logs/1'), true],
    ['a refused certificate', new ConnectionError('certificate', 'expired', undefined), true],
    ['an answer that breaks the protocol', new TelltaleError('INTERNAL', 'two topics instead of one'), true],
    ['an offset that is gone', new BrokerError(1, 'logs/1'), false],
  ])('does not repeat after %s, and keeps only good connections', async (_, error, isSpent) => {
    await expect(runOnceFailing(error)).rejects.toThrow(TelltaleError);
    await expect(client.run('Cannot test', new AbortController().signal, () => Promise.resolve('next'))).resolves.toBe(
      'next',
    );
    expect(made.map(({ isDestroyed }) => isDestroyed)).toEqual(isSpent ? [true, false] : [false]);
    expect(waiting.problems).toEqual([]);
  });
});

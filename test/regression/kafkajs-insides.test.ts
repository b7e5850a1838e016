import { readFileSync } from 'node:fs';

import { checkKafkajs, createConnections } from '../../src/adapters/kafka/kafkajs';
import { systemClock } from '../../src/ports/clock';

/**
 * Story: Telltale sends record batches through connections of kafkajs, which its documentation does not offer. Another
 * version may have moved what is used, and would fail in the middle of the work instead of at the start.
 */
describe('the insides of kafkajs', () => {
  it('are those of the pinned version, which npm installs exactly', () => {
    checkKafkajs();
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest).toMatchObject({ dependencies: { kafkajs: '2.2.4' } });
  });

  it('hand over a cluster without making a connection', () => {
    const connections = createConnections({
      brokers: ['127.0.0.1:1'],
      clientId: 'telltale-test',
      clock: systemClock,
      tls: null,
      sasl: null,
      replication: null,
      requestTimeoutMs: 1_000,
      retryForMs: 1_000,
      transactionTimeoutMs: 1_000,
    });
    expect(connections.cluster.isConnected()).toBe(false);
    expect(connections.cluster.getNodeIds()).toEqual([]);
  });
});

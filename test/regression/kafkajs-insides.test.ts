import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';

import { ConnectionError, remedyOf } from '../../src/adapters/kafka/errors';
import { checkKafkajs, createConnections } from '../../src/adapters/kafka/kafkajs';
import type { KafkaEventLogOptions } from '../../src/adapters/kafka/options';
import { systemClock } from '../../src/ports/clock';

/**
 * Story: Telltale sends requests through connections of kafkajs, which are not documented. Another version may have other
 * insides; it must fail at the start, not later.
 */
describe('createConnections', () => {
  it('uses undocumented parts of the pinned version, which npm installs exactly', () => {
    checkKafkajs();
    const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest).toMatchObject({ dependencies: { kafkajs: '2.2.4' } });
  });

  it('gets a cluster of kafkajs without making a connection', async () => {
    let accepted = 0;
    const server = createServer((socket) => {
      accepted++;
      socket.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const connections = createConnections(optionsFor(port));
    const own = connect(port, '127.0.0.1').resume();
    await once(own, 'close');
    expect(accepted).toBe(1);
    connections.destroy();
    server.close();
    await once(server, 'close');
  });

  it('reports a broken connection when no broker can be reached', async () => {
    const connecting = createConnections(optionsFor(1)).connect();
    const error: unknown = await connecting.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ fault: 'broken' });
    expect(remedyOf(error)).toBe('reconnect');
  });
});

function optionsFor(port: number): KafkaEventLogOptions {
  return {
    brokers: [`127.0.0.1:${port}`],
    clientId: 'telltale-test',
    clock: systemClock,
    tls: null,
    sasl: null,
    replication: null,
    requestTimeoutMs: 1_000,
    retryForMs: 1_000,
    transactionTimeoutMs: 1_000,
  };
}

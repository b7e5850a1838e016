import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { openKafkaEventLog } from '../../src/adapters/kafka/event-log';
import type { KafkaEventLogOptions } from '../../src/adapters/kafka/options';
import { systemClock } from '../../src/ports/clock';
import type { EventLog } from '../../src/ports/event-log';

export const KAFKA_VERSIONS = ['3.9.1', '4.3.1'];

/** Brokers of the project's own script. */
export interface RunningKafka {
  /** `host:port` of each. */
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

export interface KafkaToRun {
  readonly version: string;
  readonly nodes?: 1 | 3;
  readonly port?: number;
  /** The port that clients are told to use. */
  readonly advertise?: number;
  readonly data?: string;
  /** With TLS, passwords and ACLs. */
  readonly secure?: boolean;
}

/** How long downloading and starting may take together. */
export const KAFKA_START_MS = 180_000;

/** Starts brokers with `scripts/run-kafka`; resolves when they are ready. */
export async function runKafka({
  version,
  nodes = 1,
  port,
  advertise,
  data,
  secure,
}: KafkaToRun): Promise<RunningKafka> {
  const args = ['--version', version, '--nodes', `${nodes}`, '--port', `${port ?? (await freePort())}`];
  if (advertise !== undefined) args.push('--advertise', `${advertise}`);
  if (data !== undefined) args.push('--data', data);
  if (secure === true) args.push('--secure');
  const script = spawn(join(__dirname, '../../scripts/run-kafka'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(script, 'exit');
  const kill = (): void => void script.kill('SIGTERM');
  process.once('exit', kill);
  const said: string[] = [];
  script.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString()));
  for await (const line of createInterface(script.stdout)) {
    said.push(line);
    const ready = /is ready: (\S+)/.exec(line);
    if (ready?.[1] === undefined) continue;
    script.stdout.resume();
    return {
      brokers: ready[1].split(','),
      stop: async () => {
        process.off('exit', kill);
        kill();
        await ended;
      },
    };
  }
  throw new Error(`Kafka ${version} did not start: ${said.join('\n')}`);
}

/** A port that nothing listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export function openKafka(brokers: readonly string[], options: Partial<KafkaEventLogOptions> = {}): Promise<EventLog> {
  return openKafkaEventLog({ ...kafkaOptions(brokers), ...options });
}

export function kafkaOptions(brokers: readonly string[]): KafkaEventLogOptions {
  return {
    brokers,
    clientId: 'telltale-test',
    clock: systemClock,
    tls: null,
    sasl: null,
    replication: null,
    requestTimeoutMs: 30_000,
    retryForMs: 60_000,
    transactionTimeoutMs: 60_000,
  };
}

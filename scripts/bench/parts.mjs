// Parts that several benches share.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { median } from './measure.mjs';

export const here = resolve(import.meta.dirname, '../..');
export const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };

/** Loads built modules of a checkout: `npm run build` there first. */
export function distOf(checkout) {
  const dist = join(checkout, 'dist');
  if (!existsSync(dist)) throw new Error(`${dist} does not exist: run npm run build in ${checkout}.`);
  const require = createRequire(join(dist, 'index.js'));
  return (path) => require(join(dist, path));
}

/** Opens a writer. Checkouts from before writers declared their topics take its id alone. */
export function openWriter(log, checkout, options) {
  return log.openWriter(existsSync(join(checkout, 'dist/actors/delivery.js')) ? options : options.id);
}

/** @returns the median, lowest and highest value */
export function summary(figures) {
  return {
    median: round(median(figures)),
    lowest: round(Math.min(...figures)),
    highest: round(Math.max(...figures)),
  };
}

export function round(value) {
  return Math.round(value * 1000) / 1000;
}

export async function seconds(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Opens the Kafka event log of a checkout. */
export function openKafka(dist, brokers) {
  return dist('src/adapters/kafka/event-log.js').openKafkaEventLog({
    brokers: brokers.split(','),
    clientId: 'telltale-bench',
    clock: dist('src/ports/clock.js').systemClock,
    tls: null,
    sasl: null,
    replication: null,
    requestTimeoutMs: 30_000,
    retryForMs: 60_000,
    transactionTimeoutMs: 60_000,
  });
}

/** Starts a broker with scripts/run-kafka, on a free port. */
export async function startKafka() {
  const data = mkdtempSync(join(tmpdir(), 'telltale-bench-kafka-'));
  const script = spawn(
    join(here, 'scripts/run-kafka'),
    ['--version', '3.9.1', '--port', `${await freePort()}`, '--data', data],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const stop = () => {
    script.once('exit', () => rmSync(data, { recursive: true, force: true }));
    script.kill('SIGTERM');
  };
  for await (const said of createInterface(script.stdout)) {
    const ready = /is ready: (\S+)/.exec(said);
    if (ready === null) continue;
    script.stdout.resume();
    return { brokers: ready[1], stop };
  }
  throw new Error('Kafka did not start');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

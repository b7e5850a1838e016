// Measures the throughput of the Kafka adapter: appends lines in transactions as the publisher does, then reads them back.
//
//   npm run bench:kafka -- [--lines 1000000] [--runs 5] [--brokers host:port] [--against FOLDER]
//
// Starts a broker with scripts/run-kafka unless --brokers names one. Prints one JSON object. The reference is kcat (librdkafka),
// which writes and reads the same lines as single records, without headers and transactions, through the same broker; all
// alternate, and the first round warms up. With --against, the adapter of another checkout takes part. Ratios are this checkout's
// time divided by the other's in the same round.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { distOf, here, machine, openKafka, openWriter, round, seconds, startKafka, summary } from './parts.mjs';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
    brokers: { type: 'string' },
    against: { type: 'string' },
  },
});
const lines = Number(values.lines);
const runs = Number(values.runs);
const BATCH_LINES = 4_000;
/** As in the publisher: a transaction is committed when it holds this much. */
const TRANSACTION_BYTES = 8 * 1024 * 1024;
const FETCH_BYTES = 1024 * 1024;
const WAIT_MS = 1_000;

const { encodeLines } = distOf(here)('src/lines/log-records.js');
const { batchHeader } = distOf(here)('src/records/record-batch.js');
const { crc32c } = distOf(here)('src/adapters/native/checksums.js');

const folder = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
const kafka = values.brokers === undefined ? await startKafka() : { brokers: values.brokers, stop: () => undefined };
const logs = [];
try {
  const batches = Array.from({ length: Math.ceil(lines / BATCH_LINES) }, (_, i) => batchAt(i * BATCH_LINES));
  const file = join(folder, 'lines.log');
  writeFileSync(file, Array.from({ length: lines }, (_, i) => textOf(i)).join('\n') + '\n');
  const telltale = await adapterOf(here, batches);
  const programs = { telltale, kcat: kcatOf(file, (topic) => telltale.create(topic)) };
  if (values.against !== undefined) programs.against = await adapterOf(resolve(values.against), batches);
  const took = Object.fromEntries(Object.keys(programs).map((name) => [name, { write: [], read: [] }]));
  for (let run = -1; run < runs; run++) {
    for (const [name, program] of Object.entries(programs)) {
      const topic = `bench-${name}-${run + 1}-${process.pid}`;
      await program.create(topic);
      const write = await seconds(() => program.write(topic));
      const read = await seconds(() => program.read(topic));
      if (run >= 0) took[name].write.push(write);
      if (run >= 0) took[name].read.push(read);
    }
  }
  const bytes = batches.reduce((sum, batch) => sum + batch.length, 0);
  const figuresOf = (times) => ({
    seconds: summary(times),
    linesPerSecond: Math.round(lines / summary(times).median),
    encodedMegabytesPerSecond: Math.round(bytes / 1e6 / summary(times).median),
  });
  const ratiosTo = (other, step) => summary(took.telltale[step].map((time, run) => time / took[other][step][run]));
  const result = {
    bench: 'kafka',
    lines,
    encodedBytesPerLine: round(bytes / lines),
    runs,
    machine,
    write: Object.fromEntries(Object.keys(took).map((name) => [name, figuresOf(took[name].write)])),
    read: Object.fromEntries(Object.keys(took).map((name) => [name, figuresOf(took[name].read)])),
    takesTimes: Object.fromEntries(
      Object.keys(took)
        .filter((name) => name !== 'telltale')
        .map((name) => [name, { write: ratiosTo(name, 'write'), read: ratiosTo(name, 'read') }]),
    ),
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  for (const log of logs) await log.close();
  kafka.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function adapterOf(checkout, batches) {
  const log = await openKafka(distOf(checkout), kafka.brokers);
  logs.push(log);
  return {
    create: (topic) => log.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete', retentionMs: 86_400_000 }]),
    write: async (topic) => {
      const writer = await openWriter(log, checkout, { id: topic, reads: [], writes: [topic] });
      let [transaction, held] = [writer.begin(), 0];
      for (const batch of batches) {
        await transaction.append(topic, 0, batch);
        held += batch.length;
        if (held < TRANSACTION_BYTES) continue;
        await transaction.commit();
        [transaction, held] = [writer.begin(), 0];
      }
      await transaction.commit();
      await writer.close();
    },
    read: async (topic) => {
      const reader = log.openReader(topic, 0, 0);
      let seen = 0;
      while (seen < lines) {
        const fetched = await reader.fetch(FETCH_BYTES, WAIT_MS);
        for (const batch of fetched.batches) seen += batchHeader(batch).count;
      }
      await reader.close();
    },
  };
}

function kcatOf(file, create) {
  const kcat = (...options) => run(['kcat', '-b', kafka.brokers, '-q', '-p', '0', ...options]);
  return {
    create,
    write: (topic) => kcat('-P', '-t', topic, '-X', 'acks=all', '-l', file),
    read: (topic) => kcat('-C', '-t', topic, '-o', 'beginning', '-e', '-X', 'isolation.level=read_committed'),
  };
}

function textOf(i) {
  return `2026-01-02 10:00:00.000 [worker-${i % 8}] INFO  com.example.orders.OrderService - order ${i} was taken and is on its way`;
}

/** Lines of one source, encoded as the publisher appends them. */
function batchAt(first) {
  const count = Math.min(BATCH_LINES, lines - first);
  const texts = Array.from({ length: count }, (_, i) => Buffer.from(textOf(first + i)));
  const ends = new Uint32Array(count);
  let end = 0;
  for (const [i, { length }] of texts.entries()) ends[i] = end += length;
  const starts = ends.map((at, i) => at - texts[i].length);
  const batch = {
    source: 'telltale-logs/logs/host-1/app.log',
    origin: 'host-1',
    generation: 0,
    count,
    bytes: Buffer.concat(texts),
    starts,
    ends,
    offsets: Float64Array.from(texts, (_, i) => (first + i) * 128),
    times: new Float64Array(count).fill(Date.now()),
    levels: new Uint8Array(count).fill(2),
    flags: new Uint8Array(count),
    lengths: new Map(),
  };
  // A copy: the encoder allocates more than it needs.
  return Buffer.from(encodeLines(batch, Date.now(), crc32c));
}

async function run([program, ...options]) {
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} exited with ${code}`);
}

// Commit, restore and memory of a job with many keys in one partition, on a real Kafka:
//
//   node scripts/run.mjs build && node --expose-gc scripts/bench/job-state.mjs [--keys 150000] [--brokers host:port]
//
// Without --brokers it starts one with scripts/run-kafka. Counting gets one line from each of as many origins, so each key stands for a
// window and an origin. Prints one JSON object; bytes are those of the records.
import { Buffer } from 'node:buffer';
import { parseArgs } from 'node:util';
import { distOf, here, openKafka, startKafka } from './parts.mjs';

const dist = distOf(here);
const { JobRun } = dist('actors/job-run.js');
const { crc32c } = dist('src/adapters/native/checksums.js');
const { createCounting } = dist('src/pipelines/level-alerts/counting/counting.js');
const { systemClock } = dist('src/ports/clock.js');
const { encodeRecords } = dist('src/records/record-batch.js');

const { values } = parseArgs({ options: { keys: { type: 'string', default: '150000' }, brokers: { type: 'string' } } });
const keys = Number(values.keys);
const HOUR = 3_600_000;
const NOW = Date.now();

const job = createCounting({
  partitions: 1,
  windowMs: 60_000,
  disorderMs: 5_000,
  idleAfterMs: 15 * 60_000,
  keepWindowsMs: 48 * HOUR,
  keepOriginsMs: 264 * HOUR,
  maxWindows: 150_000,
  patternLevels: [0],
  engine: 'telltale/bench',
});

const kafka = values.brokers === undefined ? await startKafka() : { brokers: values.brokers, stop: () => undefined };
const log = await openKafka(dist, kafka.brokers);
try {
  const state = { name: 'state', partitions: 1, cleanup: 'compact', retentionMs: 720 * HOUR };
  const logs = { name: 'logs', partitions: 1, cleanup: 'delete', retentionMs: 168 * HOUR };
  await log.ensureTopics([logs, state, ...job.outputs]);
  const before = memory();
  const first = await timed(start);
  const fold = await timed(() => feed(first.result, 1));
  const commit = await timed(() => first.result.write());
  await timed(() => feed(first.result, 100));
  const next = await timed(() => first.result.write());
  const after = memory();
  await first.result.close();
  first.result = null;
  const restore = await timed(start);
  const restored = memory();
  await restore.result.close();
  console.log(
    JSON.stringify(
      {
        bench: 'job-state',
        keys,
        node: process.version,
        foldSeconds: fold.seconds,
        commitAllSeconds: commit.seconds,
        commitEvery100thSeconds: next.seconds,
        restoreSeconds: restore.seconds,
        heapMiB: { before: before.heap, folded: after.heap, restored: restored.heap },
        rssMiB: { before: before.rss, folded: after.rss, restored: restored.rss },
      },
      null,
      2,
    ),
  );
} finally {
  await log.close();
  kafka.stop();
}

function start() {
  return JobRun.start({ job, partition: 0, log, clock: systemClock, crc32c }, console);
}

/** One line from each `every`-th origin, in batches of 10,000. */
function feed(run, every) {
  const [input] = run.inputs;
  let records = [];
  const fold = () => {
    const batches = [encodeRecords(records, crc32c)];
    // The position stays: nothing of this is in topic logs.
    run.fold(input, { batches, from: 0, next: 0, end: 0 });
    records = [];
  };
  for (let i = 0; i < keys; i += every) {
    records.push(line(i));
    if (records.length === 10_000) fold();
  }
  if (records.length > 0) fold();
}

function line(i) {
  const header = (name, text) => [name, Buffer.from(text)];
  return {
    key: Buffer.from(`telltale-logs/logs/host-${i}.example.com/app.log`),
    value: Buffer.from('2026-01-02 10:00:00.000 [main] ERROR com.acme.Service - request 17 failed'),
    headers: [
      header('origin', `host-${i}.example.com`),
      header('level', 'ERROR'),
      header('time', `${NOW}`),
      header('at', '0:0'),
    ],
    timestamp: NOW,
  };
}

async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { result, seconds: Math.round(performance.now() - began) / 1000 };
}

function memory() {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: Math.round(heapUsed / 2 ** 20), rss: Math.round(rss / 2 ** 20) };
}

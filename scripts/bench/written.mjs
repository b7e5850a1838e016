// Measures how many bytes counting and alerting write for the bytes of the logs that they read, with patterns on.
//
//   npm run bench:written -- [--hosts 50] [--megabytes 10] [--upload 2] [--minutes 5] [--messages 20]
//
// Each of the hosts uploads every `upload` seconds; together they write `megabytes` a second, one line in 64 an error, with
// `messages` different ones. Jobs write after each upload, as while they keep up: larger transactions write less. The jobs run
// without an event log, over simulated time. Prints one JSON object; bytes are those of encoded record batches.
import { Buffer } from 'node:buffer';
import { parseArgs } from 'node:util';
import { distOf, here, machine, round } from './parts.mjs';

const dist = distOf(here);
const { loadConfig } = dist('src/config.js');
const { pipelines } = dist('src/pipelines/index.js');
const { partsOf } = dist('src/apps/parts.js');
const { encodeRecords } = dist('src/records/record-batch.js');
const { crc32c } = dist('src/adapters/native/checksums.js');
const { encodeHeadEnvelope } = dist('src/stream/head-envelope.js');

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '50' },
    megabytes: { type: 'string', default: '10' },
    upload: { type: 'string', default: '2' },
    minutes: { type: 'string', default: '5' },
    messages: { type: 'string', default: '20' },
  },
});
const [hosts, megabytes, upload, minutes, messages] = ['hosts', 'megabytes', 'upload', 'minutes', 'messages'].map(
  (name) => Number(values[name]),
);
const PARTITIONS = 10;
/** As the publisher encodes batches. */
const BATCH_BYTES = 900_000;
const START = Date.UTC(2026, 0, 2);

const written = {};
const count = (topic, records) => {
  if (records.length === 0) return;
  written[topic] = (written[topic] ?? 0) + encodeRecords(records, crc32c).length;
};

const [counting, alerting] = jobs();
const counters = Array.from({ length: PARTITIONS }, () => ({ job: counting, state: counting.open(null), head: null }));
const alerter = { job: alerting, state: alerting.open(null), head: null };
/** By partition of windows. */
const offsets = [];
const positions = Array.from({ length: PARTITIONS }, () => 0);

let bytes = 0;
let lines = 0;
const perUpload = (megabytes * 1e6 * upload) / hosts;
for (let second = 0; second < minutes * 60; second++) {
  for (let host = 0; host < hosts; host++) if ((second + host) % upload === 0) uploadOf(host, START + second * 1000);
  const now = START + (second + 1) * 1000;
  for (const [partition, part] of counters.entries()) {
    part.job.step(part.state, { type: 'tick', now });
    flush(part, partition, now);
  }
  alerter.job.step(alerter.state, { type: 'tick', now });
  flush(alerter, 0, now);
}
const { logs, ...others } = written;
const total = Object.values(others).reduce((sum, each) => sum + each, 0);
const share = (part) => round((part / bytes) * 100);
console.log(
  JSON.stringify(
    {
      bench: 'written',
      ...{ hosts, megabytesPerSecond: megabytes, uploadSeconds: upload, minutes, messages, machine },
      read: { bytes, lines, encodedInLogs: logs },
      written: others,
      percentOfRead: {
        ...Object.fromEntries(Object.entries(others).map(([topic, of]) => [topic, share(of)])),
        all: share(total),
      },
    },
    null,
    2,
  ),
);

function jobs() {
  return partsOf(loadConfig({ pipelines, env: {}, set: [`eventLog.partitions=${PARTITIONS}`] }).config).jobs;
}

/** One upload of a host, in batches. */
function uploadOf(host, at) {
  const partition = host % PARTITIONS;
  let batch = [];
  let size = 0;
  let done = 0;
  const fold = () => {
    const encoded = encodeRecords(batch, crc32c);
    written.logs = (written.logs ?? 0) + encoded.length;
    const part = counters[partition];
    part.job.step(part.state, { type: 'batch', topic: 'logs', partition, batch: encoded, startOffset: 0 });
    positions[partition] += batch.length;
    flush(part, partition, at);
    [batch, size] = [[], 0];
  };
  while (done < perUpload) {
    const value = Buffer.from(lineAt(at + (done / perUpload) * 1000));
    batch.push(record(host, value, at));
    size += value.length + 200;
    done += value.length + 1;
    if (size >= BATCH_BYTES) fold();
  }
  bytes += done;
  if (batch.length > 0) fold();
}

function lineAt(time) {
  const i = lines++;
  const stamp = new Date(time).toISOString().replace('T', ' ').slice(0, 23);
  if (i % 64 !== 0)
    return `${stamp} [worker-${i % 8}] INFO  com.acme.Orders - order ${i} was taken and is on its way to the customer, who will be glad`;
  const words = ['stock', 'price', 'route', 'bank', 'parcel'][(i / 64) % 5];
  return `${stamp} [worker-${i % 8}] ERROR com.acme.Orders - order ${i}: no ${words} for case ${'abcdefghijklmnopqrstuvwxyz'[((i / 64) % messages) % 26]}${'x'.repeat((i / 64) % messages)} after 17 ms`;
}

function record(host, value, at) {
  const header = (name, text) => [name, Buffer.from(text)];
  const level = value.includes(' ERROR ') ? 'ERROR' : 'INFO';
  return {
    key: Buffer.from(`telltale-logs/logs/host-${host}/app.log`),
    value,
    headers: [
      header('origin', `host-${host}`),
      header('level', level),
      header('time', `${at}`),
      header('at', `0:${lines}`),
    ],
    timestamp: at,
  };
}

function flush(part, partition, now) {
  const { outputs, head } = part.job.flush(part.state);
  part.head = head ?? part.head;
  if (outputs.length === 0 && head === null) return;
  const byTopic = new Map();
  for (const output of outputs) byTopic.set(output.topic, [...(byTopic.get(output.topic) ?? []), output]);
  for (const [topic, some] of byTopic) {
    const records = some.map((output) => ({ headers: [], ...output }));
    count(topic, records);
    if (topic === 'windows')
      alerter.job.step(alerter.state, { type: 'records', topic, partition, records: numbered(partition, records) });
  }
  const value = encodeHeadEnvelope({
    definition: part.job.definition,
    positions: part.job.inputs.map(({ topic }) => ({ topic, partition, offset: positions[partition] })),
    head: part.head,
    without: [],
  });
  count('state', [{ key: Buffer.from(`${part.job.name}/${partition}`), value, headers: [], timestamp: now }]);
}

function numbered(partition, records) {
  return records.map((each) => ({ ...each, offset: (offsets[partition] = (offsets[partition] ?? 0) + 1) - 1 }));
}

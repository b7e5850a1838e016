// Measures the takeover of an outbox: from the start of `telltale consumer` until a mail is sent that waits after many
// finished ones.
//
//   npm run bench:takeover -- [--mails 100000] [--runs 5] [--against FOLDER]
//
// Prints one JSON object, seconds of whole processes. The reference is the same program with an outbox that holds no finished
// mail; both alternate, and the first round warms up. With --against, the program of another checkout takes part, with an
// outbox of its own; the ratios are this checkout's figure divided by the other's in the same round.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { distOf, here, machine, openWriter, round, summary } from './parts.mjs';

const { values } = parseArgs({
  options: {
    mails: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '5' },
    against: { type: 'string' },
  },
});
const mails = Number(values.mails);
const runs = Number(values.runs);
const GIVE_UP_MS = 10 * 60_000;
const POLL_MS = 5;
/** Below the event log's limit for a record batch, for mails of any size. */
const BATCH_BYTES = 500_000;
const OUTBOX = { topic: 'outbox', partition: 0 };

const { encodeRecords, decodeBatch } = distOf(here)('src/records/record-batch.js');
const { crc32c } = distOf(here)('src/adapters/native/checksums.js');

const folder = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
let ids = 0;
let sample = null;
try {
  const log = join(folder, 'host-1.log');
  writeFileSync(log, '2026-01-02 10:00:00,000 ERROR Pay - refused\n'.repeat(3));
  const sites = { finished: await prepare(here, 'finished', log, mails), empty: await prepare(here, 'empty', log, 0) };
  if (values.against !== undefined) sites.against = await prepare(resolve(values.against), 'against', log, mails);
  const took = Object.fromEntries(Object.keys(sites).map((name) => [name, []]));
  for (let run = -1; run < runs; run++) {
    for (const [name, site] of Object.entries(sites)) {
      const figure = await takeover(site);
      if (run >= 0) took[name].push(figure);
    }
  }
  const ratioTo = (name) => summary(took.finished.map((figure, run) => figure / took[name][run]));
  const result = {
    bench: 'takeover',
    mails,
    runs,
    machine,
    seconds: Object.fromEntries(Object.entries(took).map(([name, figures]) => [name, summary(figures)])),
    takesTimes: { empty: ratioTo('empty'), ...(sites.against === undefined ? {} : { against: ratioTo('against') }) },
    addedByFinishedMailsSeconds: round(summary(took.finished.map((figure, run) => figure - took.empty[run])).median),
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Makes a data folder with one real mail, and adds copies of it that are sent already. */
async function prepare(checkout, name, log, count) {
  const data = join(folder, name);
  const cli = join(checkout, 'dist/src/cli.js');
  await run([cli, 'local', '--once', '--data', data, log]);
  const site = { checkout, cli, data, dist: distOf(checkout), mail: null };
  await withOutbox(site, async (outbox) => {
    // An older checkout may not keep the record of a mail that is sent: it gets a copy of this checkout's.
    site.mail = (await firstMail(outbox)) ?? sample;
    sample ??= site.mail;
    if (site.mail === null) throw new Error('No mail was decided: the rule of the defaults has changed.');
    await append(outbox, checkout, finishedMails(site.mail, count));
  });
  return site;
}

function* finishedMails(mail, count) {
  for (let i = 0; i < count; i++) {
    const id = nextId();
    yield copyOf(mail, id);
    const status = { v: 1, id, state: 'SENT', attempt: 1, transportId: `${id}.eml` };
    yield record(`${id}/status`, Buffer.from(JSON.stringify(status)));
  }
}

/** Starts the consumer with one more mail to send. @returns seconds until that mail is in the mailbox */
async function takeover(site) {
  const id = nextId();
  await withOutbox(site, (outbox) => append(outbox, site.checkout, [copyOf(site.mail, id)]));
  const began = performance.now();
  const options = ['--set', `dataDir=${site.data}`, '--set', 'web.port=0', '--set', 'log.level=error'];
  const consumer = spawn(process.execPath, [site.cli, 'consumer', ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(consumer, 'exit');
  try {
    while (!readdirSync(join(site.data, 'mail')).some((file) => file.includes(id))) {
      if (performance.now() - began > GIVE_UP_MS || consumer.exitCode !== null)
        throw new Error(`Mail ${id} was not sent.`);
      await sleep(POLL_MS);
    }
    return (performance.now() - began) / 1000;
  } finally {
    consumer.kill('SIGTERM');
    await ended;
  }
}

async function withOutbox({ data, dist }, use) {
  const clock = dist('src/ports/clock.js').systemClock;
  const log = await dist('src/adapters/embedded/sqlite-event-log.js').openSqliteEventLog({
    path: join(data, 'events.db'),
    clock,
  });
  try {
    await use(log);
  } finally {
    await log.close();
  }
}

async function firstMail(log) {
  const reader = log.openReader(OUTBOX.topic, OUTBOX.partition, 0);
  try {
    for (;;) {
      const { batches, next, end } = await reader.fetch(1_000_000, 1_000);
      const mail = batches.flatMap((batch) => decodeBatch(batch, 0)).find(({ key }) => String(key).endsWith('/mail'));
      if (mail !== undefined) return { id: String(mail.key).split('/')[0], value: String(mail.value) };
      if (next >= end) return null;
    }
  } finally {
    await reader.close();
  }
}

function copyOf(mail, id) {
  return record(`${id}/mail`, Buffer.from(mail.value.replaceAll(mail.id, id)));
}

function record(key, value) {
  return { key: Buffer.from(key), value, headers: [], timestamp: Date.now() };
}

function nextId() {
  return (++ids).toString(16).padStart(16, 'b');
}

async function append(log, checkout, records) {
  const writer = await openWriter(log, checkout, { id: 'telltale-mailer', reads: ['outbox'], writes: ['outbox'] });
  let [batch, bytes] = [[], 0];
  const write = async () => {
    const transaction = writer.begin();
    await transaction.append(OUTBOX.topic, OUTBOX.partition, encodeRecords(batch, crc32c));
    await transaction.commit();
    [batch, bytes] = [[], 0];
  };
  for (const each of records) {
    batch.push(each);
    bytes += each.key.length + each.value.length;
    if (bytes > BATCH_BYTES) await write();
  }
  if (batch.length > 0) await write();
  await writer.close();
}

async function run(command) {
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command.join(' ')} exited with ${code}`);
}

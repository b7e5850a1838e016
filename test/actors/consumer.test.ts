import { CounterRegistry } from '../../src/counters';
import { startConsumer, type Consumer, type HoldOptions } from '../../actors/consumer';
import { decisions } from '../../src/decisions';
import { deliveryWriter } from '../../actors/delivery';
import { resetJob } from '../../actors/reset-job';
import { partsToRun } from '../../src/apps/parts';
import { loadConfig, type Config } from '../../src/config';
import { pipelines } from '../../src/pipelines';
import { crc32c } from '../../src/adapters/native/checksums';
import { parseOutboxRecord, pendingMail } from '../../src/pipelines/level-alerts/alerting/outbox-records';
import { parseWindowRecord } from '../../src/pipelines/level-alerts/counting/parse-window-record';
import type { DecodedRecord } from '../../src/records/record-batch';
import { outboxTopic } from '../../src/pipelines/level-alerts/topics';
import { systemClock } from '../../src/ports/clock';
import { tempFolders } from '../support/temp-folder';
import { readWindows } from '../support/topics';
import { report } from '../unit/level-alerts/mail/sample-reports';
import { barrierRecord } from '../../src/stream/progress';
import { appendLines, appendOutputs, openMailPlace, untilHolds, type MailPlace } from './consuming';
import type { TestSystem } from './kit/harness';
import { turnsUntil } from './turns';
import { info } from './producing';

const folders = tempFolders();
const configWith = (...set: string[]): Config =>
  loadConfig({ pipelines, set: ['eventLog.partitions=1', ...set], env: {} }).config;

let place: MailPlace;
beforeEach(async () => {
  place = await openMailPlace(folders.make());
});
afterEach(() => place.close());

interface Running {
  readonly consumer: Consumer;
  readonly seen: TestSystem;
  readonly failures: string[];
}

async function start(
  mode: 'live' | 'final' = 'final',
  run = 'null',
  report: HoldOptions['report'] | null = null,
): Promise<Running> {
  const { jobs, deliveries } = partsToRun(configWith(`consumer.run=${run}`), mode);
  const seen = place.startSystem();
  const failures: string[] = [];
  const consumer = await startConsumer(seen.system, {
    log: place.log,
    clock: systemClock,
    crc32c,
    counters: new CounterRegistry(),
    jobs,
    deliveries: deliveries.map((use) => ({
      ...use,
      targetsOf: () => [{ receiver: 'mail', address: null }],
      isConfigured: () => true,
      maxAttempts: Infinity,
      delivery: {
        send: (_, { id }) =>
          place.mailbox.send({
            id,
            from: 'a@localhost',
            to: ['b@localhost'],
            subject: id,
            text: '',
            html: '',
            thread: 'i-1',
          }),
      },
    })),
    onFailure: (what) => failures.push(what),
    hold: report === null ? null : { retryMs: 20, report },
  });
  return { consumer, seen, failures };
}

const errors = (from: number, count: number): string =>
  Array.from({ length: count }, (_, i) => `${info(from + i).replace('INFO ', 'ERROR')}\n`).join('');

const counted = async (): Promise<number> =>
  [...(await readWindows(place.log, 1)).values()].reduce((sum, { lines }) => sum + lines, 0);

/** In the latest revisions of all windows. */
function linesIn(records: readonly DecodedRecord[]): number {
  const lines = new Map<string, number>();
  for (const { key, value } of records) {
    const window = key === null || value === null ? null : parseWindowRecord(key, value);
    if (window === null) lines.delete(String(key));
    else lines.set(String(key), window.lines);
  }
  return [...lines.values()].reduce((sum, count) => sum + count, 0);
}

const untilSent = (id: string): Promise<void> =>
  untilHolds(place.log, 'outbox', (records) =>
    records.some(({ key, value }) => {
      const record = parseOutboxRecord(key, value);
      return record?.kind === 'status' && record.status.id === id && record.status.state === 'SENT';
    }),
  );

describe('startConsumer', () => {
  it('counts, decides and mails everything when it finishes', async () => {
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const { consumer, seen, failures } = await start();
    await consumer.finish(20_000);
    expect(await counted()).toBe(30);
    expect(await place.mailbox.list()).toHaveLength(1);
    await consumer.drain(8_000);
    expect([seen.crashes, failures]).toEqual([[], []]);
  });

  it('hands its partitions to the next consumer when it leaves', async () => {
    const first = await start();
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const second = await start();
    await first.consumer.drain(8_000);
    await appendLines(place.log, 'web-1/app.log', errors(0, 30).length, errors(30, 40), Date.now());
    await second.consumer.finish(20_000);
    expect(await counted()).toBe(70);
    expect(await place.mailbox.list()).toHaveLength(1);
    const { fields } = first.seen.log.find(({ message }) => message === 'partitions assigned') ?? { fields: {} };
    expect(fields).toMatchObject({ topic: 'logs', group: 'telltale-counting', partitions: [0] });
    await second.consumer.drain(8_000);
    expect([...first.seen.crashes, ...second.seen.crashes]).toEqual([]);
    expect([...first.failures, ...second.failures]).toEqual([]);
  });

  it('shares the work with a consumer whose consumer.run names the rest', async () => {
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const counting = await start('final', 'counting');
    const rest = await start('final', 'alerting,mailer');
    await counting.consumer.finish(20_000);
    expect(await counted()).toBe(30);
    expect(await place.mailbox.list()).toEqual([]);
    await rest.consumer.finish(20_000);
    expect(await place.mailbox.list()).toHaveLength(1);
    await counting.consumer.drain(8_000);
    await rest.consumer.drain(8_000);
    expect([...counting.failures, ...rest.failures]).toEqual([]);
  });

  it('sends no mail again when alerting is reset and reads all windows again', async () => {
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const first = await start();
    await first.consumer.finish(20_000);
    await first.consumer.drain(8_000);
    for (const job of partsToRun(configWith('consumer.run=alerting'), 'final').jobs) {
      await resetJob({ job, partition: 0, log: place.log, clock: systemClock, crc32c });
    }
    const second = await start();
    await second.consumer.finish(20_000);
    expect(await place.mailbox.list()).toHaveLength(1);
    await second.consumer.drain(8_000);
    expect([...second.seen.crashes, ...second.failures]).toEqual([]);
  });

  it('sends no mail again when a run over final windows follows a live run', async () => {
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    // The producer has read everything.
    const barrier = barrierRecord({ v: 1, at: Date.now(), ends: {}, complete: true });
    await appendOutputs(place.log, 'progress', [barrier]);
    const live = await start('live');
    await untilHolds(place.log, 'outbox', (records) =>
      records.some(({ key, value }) => parseOutboxRecord(key, value)?.kind === 'status'),
    );
    await live.consumer.drain(8_000);
    const mailed = await place.mailbox.list();
    expect(mailed).toHaveLength(1);
    const final = await start('final');
    await final.consumer.finish(20_000);
    await final.consumer.drain(8_000);
    expect(await place.mailbox.list()).toEqual(mailed);
    expect([...final.seen.crashes, ...final.failures]).toEqual([]);
  });

  it('holds a job whose state cannot be read until it is reset, while the others continue', async () => {
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const before = await start('live', 'counting');
    await untilHolds(place.log, 'windows', (records) => records.length > 0);
    await before.consumer.drain(8_000);
    const key = Buffer.from('{"origin":"web-1"}');
    await appendOutputs(place.log, 'counting-state', [{ key, value: Buffer.from('?'), timestamp: Date.now() }]);
    const { end } = await place.log.offsets('counting-state', 0);

    const reports: (readonly [string, string])[][] = [];
    const { consumer, seen, failures } = await start('live', 'null', (held) => reports.push([...held]));
    await appendOutputs(place.log, 'outbox', [pendingMail(report({ id: 'm-1' }), Date.now())]);
    await untilSent('m-1');
    await turnsUntil(() => reports.length >= 3);
    const [held] = seen.log.filter(({ message }) => message === decisions.jobHeld.event);
    const problem = expect.stringContaining(
      `cannot read a record of its own state: topic "counting-state", partition 0, offset ${end - 1}. `,
    ) as string;
    expect(held?.fields).toMatchObject({ part: 'counting-0', problem });
    expect(reports.slice(0, 3)).toEqual(Array(3).fill([['counting-0', problem]]));
    expect(seen.log.filter(({ message }) => message === decisions.jobHeld.event)).toHaveLength(1);

    for (const job of partsToRun(configWith('consumer.run=counting'), 'live').jobs) {
      await resetJob({ job, partition: 0, log: place.log, clock: systemClock, crc32c });
    }
    await turnsUntil(() => reports.at(-1)?.length === 0);
    await appendLines(place.log, 'web-1/app.log', errors(0, 30).length, errors(30, 40), Date.now());
    await untilHolds(place.log, 'windows', (records) => linesIn(records) === 70);
    await consumer.drain(8_000);
    expect(failures).toEqual([]);
  });

  it('fails when a job must be reset and all input is to be processed', async () => {
    const key = Buffer.from('counting/0');
    await appendOutputs(place.log, 'state', [{ key, value: Buffer.from('?'), timestamp: Date.now() }]);
    const { consumer, failures } = await start();
    await turnsUntil(() => failures.length > 0);
    expect(failures).toEqual(['counting-0']);
    await consumer.drain(8_000);
  });

  it('starts its mailer again when it was fenced and the group confirms the assignment', async () => {
    const { consumer, seen } = await start();
    await appendOutputs(place.log, 'outbox', [pendingMail(report({ id: 'm-1' }), Date.now())]);
    await untilSent('m-1');
    await place.log.openWriter(deliveryWriter('mailer', outboxTopic(0)));
    await appendOutputs(place.log, 'outbox', [pendingMail(report({ id: 'm-2' }), Date.now())]);
    await turnsUntil(() => seen.log.some(({ message }) => message === decisions.fenced.event));
    await untilSent('m-2');
    await consumer.drain(8_000);
    expect(seen.crashes).toEqual([]);
    expect((await place.mailbox.list()).map(({ id }) => id)).toEqual(['m-2', 'm-1']);
  });
});

import { CounterRegistry } from '../../src/counters';
import { startConsumer, type Consumer } from '../../actors/consumer';
import { decisions } from '../../src/decisions';
import { deliveryWriter } from '../../actors/delivery';
import { resetJob } from '../../actors/reset-job';
import { partsToRun } from '../../src/apps/parts';
import { loadConfig, type Config } from '../../src/config';
import { pipelines } from '../../src/pipelines';
import { crc32c } from '../../src/adapters/native/checksums';
import { parseOutboxRecord, pendingMail } from '../../src/pipelines/level-alerts/alerting/outbox-records';
import { outboxTopic } from '../../src/stream/topics';
import { systemClock } from '../../src/ports/clock';
import { tempFolders } from '../support/temp-folder';
import { readWindows } from '../support/topics';
import { report } from '../unit/level-alerts/mail/sample-reports';
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

async function start(mode: 'live' | 'final' = 'final', run = 'null'): Promise<Running> {
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
      delivery: {
        send: (_, id) =>
          place.mailbox.send({ id, from: 'a@localhost', to: ['b@localhost'], subject: id, text: '', html: '' }),
      },
    })),
    onFailure: (what) => failures.push(what),
  });
  return { consumer, seen, failures };
}

const errors = (from: number, count: number): string =>
  Array.from({ length: count }, (_, i) => `${info(from + i).replace('INFO ', 'ERROR')}\n`).join('');

const counted = async (): Promise<number> =>
  [...(await readWindows(place.log, 1)).values()].reduce((sum, { lines }) => sum + lines, 0);

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
    await consumer.drain();
    expect([seen.crashes, failures]).toEqual([[], []]);
  });

  it('hands its partitions to the next consumer when it leaves', async () => {
    const first = await start();
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const second = await start();
    await first.consumer.drain();
    await appendLines(place.log, 'web-1/app.log', errors(0, 30).length, errors(30, 40), Date.now());
    await second.consumer.finish(20_000);
    expect(await counted()).toBe(70);
    expect(await place.mailbox.list()).toHaveLength(1);
    const { fields } = first.seen.log.find(({ message }) => message === 'partitions assigned') ?? { fields: {} };
    expect(fields).toMatchObject({ topic: 'logs', group: 'telltale-counting', partitions: [0] });
    await second.consumer.drain();
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
    await counting.consumer.drain();
    await rest.consumer.drain();
    expect([...counting.failures, ...rest.failures]).toEqual([]);
  });

  it('sends no mail again when alerting is reset and reads all windows again', async () => {
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const first = await start();
    await first.consumer.finish(20_000);
    await first.consumer.drain();
    for (const job of partsToRun(configWith('consumer.run=alerting'), 'final').jobs) {
      await resetJob({ job, partition: 0, log: place.log, clock: systemClock, crc32c });
    }
    const second = await start();
    await second.consumer.finish(20_000);
    expect(await place.mailbox.list()).toHaveLength(1);
    await second.consumer.drain();
    expect([...second.seen.crashes, ...second.failures]).toEqual([]);
  });

  it('sends no mail again when a run over final windows follows a live run', async () => {
    await appendLines(place.log, 'web-1/app.log', 0, errors(0, 30), Date.now());
    const live = await start('live');
    await untilHolds(place.log, 'outbox', (records) =>
      records.some(({ key, value }) => parseOutboxRecord(key, value)?.kind === 'status'),
    );
    await live.consumer.drain();
    const mailed = await place.mailbox.list();
    expect(mailed).toHaveLength(1);
    const final = await start('final');
    await final.consumer.finish(20_000);
    await final.consumer.drain();
    expect(await place.mailbox.list()).toEqual(mailed);
    expect([...final.seen.crashes, ...final.failures]).toEqual([]);
  });

  it('starts its mailer again when it was fenced and the group confirms the assignment', async () => {
    const { consumer, seen } = await start();
    await appendOutputs(place.log, 'outbox', [pendingMail(report({ id: 'm-1' }), Date.now())]);
    await untilSent('m-1');
    await place.log.openWriter(deliveryWriter('mailer', outboxTopic(0)));
    await appendOutputs(place.log, 'outbox', [pendingMail(report({ id: 'm-2' }), Date.now())]);
    await turnsUntil(() => seen.log.some(({ message }) => message === decisions.fenced.event));
    await untilSent('m-2');
    await consumer.drain();
    expect(seen.crashes).toEqual([]);
    expect((await place.mailbox.list()).map(({ id }) => id)).toEqual(['m-2', 'm-1']);
  });
});

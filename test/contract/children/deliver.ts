import { join } from 'node:path';

import { delivery } from '../../../actors/delivery';
import { openMailbox } from '../../../src/adapters/embedded/mailbox';
import { openSqliteEventLog } from '../../../src/adapters/embedded/sqlite-event-log';
import { crc32c } from '../../../src/adapters/native/checksums';
import { CounterRegistry } from '../../../src/counters';
import { ask, spawn, startSystem } from '../../../src/kit';
import { mailFormat } from '../../../src/pipelines/level-alerts/alerting/outbox-records';
import { systemClock } from '../../../src/ports/clock';
import { outboxTopic } from '../../../src/pipelines/level-alerts/topics';
import { endWithParent } from './parent-gone';

/**
 * Delivers the mails of an outbox into a mailbox, and prints `finished`. At the step that it is asked to stop at, it
 * prints the step and waits to be killed: `before ID` is after the commit of SENDING, `after ID` is before that of SENT.
 */
async function deliver(folder: string, stopAt: string): Promise<void> {
  const log = await openSqliteEventLog({ path: join(folder, 'events.db'), clock: systemClock });
  const mailbox = await openMailbox(join(folder, 'mail'));
  const reach = async (step: string): Promise<void> => {
    if (step !== stopAt) return;
    console.log(step);
    await new Promise(() => undefined);
  };
  const quiet = (): void => undefined;
  const system = startSystem({
    name: 'deliver',
    log: { debug: quiet, info: quiet, warn: console.warn, error: console.error },
  });
  const ref = spawn(
    system,
    delivery({
      name: 'mailer',
      topic: outboxTopic(0),
      format: mailFormat,
      targetsOf: () => [{ receiver: 'mail', address: null }],
      isConfigured: () => true,
      maxAttempts: Infinity,
      delivery: {
        send: async (_, { id, possibleRepeat }) => {
          await reach(`before ${id}`);
          const subject = possibleRepeat ? `${id} (possible repeat)` : id;
          const name = await mailbox.send({
            id,
            from: 'a@localhost',
            to: ['b@localhost'],
            subject,
            text: '',
            html: '',
            thread: 'i-1',
          });
          await reach(`after ${id}`);
          return name;
        },
      },
      log,
      clock: systemClock,
      crc32c,
      counters: new CounterRegistry(),
      confirm: () => Promise.resolve(),
    }),
  );
  await ask(ref, (replyTo) => ({ type: 'finish', replyTo }), 60_000);
  await system.stop(10_000);
  await log.close();
  console.log('finished');
}

const finished = endWithParent();
const [folder = '', stopAt = ''] = process.argv.slice(2);
void deliver(folder, stopAt)
  .catch((error: unknown) => {
    console.log(String(error));
  })
  .then(finished);

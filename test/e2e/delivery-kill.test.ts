import { join } from 'node:path';
import { openMailbox } from '../../src/adapters/embedded/mailbox';
import { createRandom } from '../../src/generator/random';
import { parseOutboxRecord, pendingMail } from '../../src/pipelines/level-alerts/alerting/outbox-records';
import { appendOutputs, openLog } from '../actors/consuming';
import { killChildren, spawnChild } from '../contract/children/spawn-child';
import { tempFolders } from '../support/temp-folder';
import { readRecords } from '../support/topics';
import { report } from '../unit/level-alerts/mail/sample-reports';

const folders = tempFolders();
afterEach(killChildren);

const MAILS = Number(process.env['TELLTALE_KILLS'] ?? 4);
const SEED = Number(process.env['TELLTALE_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const idOf = (mail: number): string => `m-${mail}`;

describe('a delivery that is killed with SIGKILL', () => {
  it(`delivers every mail, and repeats only those that it was killed after sending (seed ${SEED})`, async () => {
    const folder = folders.make();
    const log = await openLog(folder);
    await appendOutputs(
      log,
      'outbox',
      Array.from({ length: MAILS }, (_, mail) => pendingMail(report({ id: idOf(mail) }), Date.now())),
    );
    await log.close();

    const random = createRandom(SEED, 1);
    const kills = Array.from({ length: MAILS }, (_, mail) => ({
      mail,
      step: (['before', 'after', 'none'] as const)[Math.floor(random.fraction() * 3)] ?? 'none',
    }));
    for (const { mail, step } of kills) {
      if (step === 'none') continue;
      const stopAt = `${step} ${idOf(mail)}`;
      const child = spawnChild('deliver', folder, stopAt);
      expect(await child.line()).toBe(stopAt);
      await child.kill();
    }
    const last = spawnChild('deliver', folder, '');
    expect(await last.line()).toBe('finished');
    await last.kill();

    const mailbox = await openMailbox(join(folder, 'mail'));
    const subjects = (await mailbox.list()).map(({ subject }) => subject).sort();
    const expected = kills.flatMap(({ mail, step }) => {
      const repeat = `${idOf(mail)} (possible repeat)`;
      return { none: [idOf(mail)], before: [repeat], after: [idOf(mail), repeat] }[step];
    });
    expect(subjects).toEqual(expected.sort());

    const reopened = await openLog(folder);
    const states = new Map<string, string>();
    for (const { key, value } of await readRecords(reopened, 'outbox', 1)) {
      const record = parseOutboxRecord(key, value);
      if (record?.kind === 'status') states.set(record.status.id, record.status.state);
    }
    await reopened.close();
    expect([...states].sort()).toEqual(kills.map(({ mail }) => [idOf(mail), 'SENT']));
  }, 120_000);
});

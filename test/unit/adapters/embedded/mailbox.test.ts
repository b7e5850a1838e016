import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Mailbox } from '../../../../src/adapters/embedded/mailbox';
import { openMailbox } from '../../../../src/adapters/embedded/mailbox';
import type { Clock } from '../../../../src/ports/clock';
import type { OutgoingMail } from '../../../../src/ports/mail-transport';

const noon = Date.UTC(2026, 10, 20, 12);
const mail: OutgoingMail = {
  id: 'errors-1',
  from: 'telltale@example.com',
  to: ['ops@example.com', 'boss@example.com'],
  subject: 'Errors',
  text: 'four errors',
  html: '<p>four errors</p>',
  thread: 'i-1',
};

describe('the mailbox', () => {
  let folder: string;
  let mailbox: Mailbox;
  let now: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-mail-'));
    now = noon;
    const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
    mailbox = await openMailbox(join(folder, 'mail'), clock);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps a sent mail as an .eml file named after time and id', async () => {
    const name = await mailbox.send(mail);
    expect(name).toMatch(/^20261120T120000000Z-errors-1-[0-9a-f]{8}\.eml$/);
    expect(await readdir(join(folder, 'mail'))).toEqual([name]);
    expect((await mailbox.read(name)).toString()).toMatch(/^X-Telltale-Mail-Id: errors-1\r\n/im);
  });

  it('takes a pipe in the place of a mail for a removed one', async () => {
    const name = await mailbox.send(mail);
    await rm(join(folder, 'mail', name));
    execFileSync('mkfifo', [join(folder, 'mail', name)]);
    await expect(mailbox.read(name)).rejects.toThrow();
    expect(await mailbox.list()).toEqual([]);
  });

  it('lists mails, newest first', async () => {
    const first = await mailbox.send(mail);
    now += 1000;
    const second = await mailbox.send({ ...mail, id: 'errors-2', subject: 'More errors' });
    const { to, from } = mail;
    expect(await mailbox.list()).toMatchObject([
      { name: second, id: 'errors-2', subject: 'More errors', from, to, sentAt: noon + 1000 },
      { name: first, id: 'errors-1', subject: 'Errors', from, to, sentAt: noon },
    ]);
  });

  it('counts all mails, and reads only those of the page that is asked for', async () => {
    const names: string[] = [];
    for (let i = 0; i < 5; i++) {
      now += 1000;
      names.unshift(await mailbox.send({ ...mail, id: `errors-${i}` }));
    }
    // A folder in the place of a mail cannot be read.
    await rm(join(folder, 'mail', names[4] ?? ''));
    await mkdir(join(folder, 'mail', names[4] ?? ''));
    expect(await mailbox.count()).toBe(5);
    expect((await mailbox.list(1, 2)).map(({ name }) => name)).toEqual([names[1], names[2]]);
    expect(await mailbox.list(5, 2)).toEqual([]);
  });

  it('keeps both copies when a mail is sent twice in a millisecond', async () => {
    await mailbox.send(mail);
    await mailbox.send(mail);
    expect(await mailbox.list()).toHaveLength(2);
  });

  it('refuses an invalid mail, and writes nothing', async () => {
    const sending = mailbox.send({ ...mail, subject: 'x\r\nBcc: evil@example.com' });
    await expect(sending).rejects.toMatchObject({ code: 'DELIVERY_REFUSED' });
    expect(await mailbox.list()).toEqual([]);
  });

  it('never uses a mail ID as a path', async () => {
    const name = await mailbox.send({ ...mail, id: '../../../tmp/x' });
    expect(await readdir(folder)).toEqual(['mail']);
    expect(await mailbox.list()).toMatchObject([{ name, id: '../../../tmp/x' }]);
  });

  it.each(['../secret', '/etc/passwd', 'notes.txt', '', '20261120T120000000Z-x/../../secret.eml', '.eml'])(
    'reads only mails, not %j',
    async (name) => {
      await writeFile(join(folder, 'secret'), 'secret');
      await writeFile(join(folder, 'secret.eml'), 'secret');
      await writeFile(join(folder, 'mail', 'notes.txt'), 'secret');
      await expect(mailbox.read(name)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
      expect(await mailbox.list()).toEqual([]);
    },
  );

  it('fails with a retriable error when its folder is gone', async () => {
    await rm(join(folder, 'mail'), { recursive: true });
    await expect(mailbox.send(mail)).rejects.toMatchObject({ code: 'DELIVERY_FAILED', retriable: true });
  });
});

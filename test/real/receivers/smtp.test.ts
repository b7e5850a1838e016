import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { smtpSender, type SmtpOptions } from '../../../src/adapters/receivers/smtp';
import { runLocal } from '../../../src/apps/local';
import { loadConfig } from '../../../src/config';
import { pipelines } from '../../../src/pipelines';
import { systemClock } from '../../../src/ports/clock';
import type { Sending } from '../../../src/ports/delivery';
import type { OutgoingMail } from '../../../src/ports/mail-transport';
import type { MailSender } from '../../../src/ports/sender';
import { Secret } from '../../../src/secret';
import { senderContract } from '../../contract/sender';
import { collectingIo } from '../../support/in-process';
import { freePort } from '../../support/kafka';
import { runScript, type ScriptServer } from '../../support/script-server';
import { tempFolders } from '../../support/temp-folder';
import { until } from '../../support/until';

const folders = tempFolders();
let server: ScriptServer;
let port: number;
let tlsPort: number;

beforeAll(async () => {
  port = await freePort();
  tlsPort = await freePort();
  server = await runScript('run-smtp', ['--port', `${port}`, '--tls-port', `${tlsPort}`], 'SMTP is ready');
}, 60_000);
afterAll(() => server.stop());

const variable = (name: string): string => server.environment[`TELLTALE_TEST_SMTP_${name}`] ?? '';
const mailFolder = (): string => join(variable('MAIL'), 'new');

const open = (changes: Partial<SmtpOptions> = {}): MailSender =>
  smtpSender({
    name: 'mail',
    host: 'localhost',
    port,
    tls: 'starttls',
    ca: readFileSync(variable('CA'), 'utf8'),
    login: { user: 'telltale', password: new Secret(variable('PASSWORD')) },
    clock: systemClock,
    ...changes,
  });

const mail: OutgoingMail = {
  id: 'm-1',
  from: 'telltale@example.com',
  to: ['ops@example.com', 'dev@example.com'],
  subject: '4 errors on häuser-1',
  text: 'grüße\n.\nline after a dot',
  html: '<p>grüße</p>',
  thread: 'i-1',
};
const to = (address: string): Sending => ({
  id: 'm-1',
  target: { receiver: 'mail', address },
  attempt: 1,
  possibleRepeat: false,
});

/** The mails that the server delivered, with the address that each was for. */
function delivered(): { readonly raw: string; readonly address: string }[] {
  if (!existsSync(mailFolder())) return [];
  return readdirSync(mailFolder()).map((name) => {
    const raw = readFileSync(join(mailFolder(), name), 'utf8');
    return { raw, address: /^Envelope-to: (.*)$/m.exec(raw)?.[1] ?? '' };
  });
}

const untilDelivered = (count: number): Promise<void> =>
  until(`${count} mails are delivered`, 30_000, () => Promise.resolve(delivered().length >= count));

beforeEach(() => rmSync(mailFolder(), { recursive: true, force: true }));

senderContract('a mail server', () => {
  let isRefusing = false;
  let isLate = false;
  let address = port;
  const mailTo = (): string => (isRefusing ? 'refused@example.com' : isLate ? 'later@example.com' : 'ops@example.com');
  let sender = open();
  let sent = 0;
  return Promise.resolve({
    payload: mail,
    to: to('ops@example.com'),
    sender: {
      send: async (payload: OutgoingMail, sending) => {
        const answer = await sender.send(payload, { ...sending, target: { receiver: 'mail', address: mailTo() } });
        sent += 1;
        return answer;
      },
      close: () => sender.close(),
    },
    taken: async () => {
      await untilDelivered(sent);
      return delivered().map(({ raw }) => /^X-Telltale-Mail-Id: (.*)$/im.exec(raw)?.[1] ?? '');
    },
    refuse: () => Promise.resolve(void (isRefusing = true)),
    throttle: () => Promise.resolve(void (isLate = true)),
    goDown: async () => {
      sender.close();
      address = await freePort();
      sender = open({ port: address });
    },
    secrets: [variable('PASSWORD')],
    close: () => Promise.resolve(),
  });
});

describe('the sender to a mail server', () => {
  it('sends to one address, and shows all of them, after a login over STARTTLS', async () => {
    const sender = open();
    await sender.send(mail, to('dev@example.com'));
    await untilDelivered(1);
    sender.close();
    const [{ raw, address } = { raw: '', address: '' }] = delivered();
    expect(address).toBe('dev@example.com');
    const read = await PostalMime.parse(raw);
    expect(read.to?.map((each) => each.address)).toEqual(mail.to);
    expect([read.subject, read.text?.trim(), read.html?.trim()]).toEqual([mail.subject, mail.text, mail.html]);
    expect(read.messageId).toBe('<m-1.mail@example.com>');
    expect(raw).toMatch(/^References: <i-1.incident@example.com>$/im);
    expect(raw).toMatch(/^In-Reply-To: <i-1.incident@example.com>$/im);
    expect(raw).toMatch(/^Auto-Submitted: auto-generated$/im);
    expect(raw).toMatch(/^List-Id: <telltale.example.com>$/im);
    expect(raw).toMatch(/with esmtpsa/i);
  });

  it('sends over TLS from the first byte', async () => {
    const sender = open({ port: tlsPort, tls: 'implicit' });
    await sender.send(mail, to('ops@example.com'));
    await untilDelivered(1);
    sender.close();
  });

  it.each<[string, () => Partial<SmtpOptions>, string]>([
    [
      'a wrong password',
      () => ({ login: { user: 'telltale', password: new Secret('wr0ng') } }),
      'check user and password',
    ],
    ['no login', () => ({ login: null }), 'check user and password'],
    ['an unknown authority', () => ({ ca: null }), 'check tls'],
    ['another name than that of the certificate', () => ({ host: '127.0.0.1' }), 'check tls'],
    ['TLS on the port of STARTTLS', () => ({ tls: 'implicit' }), 'check'],
  ])('fails, and does not refuse the mail, with %s', async (_, changes, advice) => {
    const sender = open(changes());
    const error: unknown = await sender.send(mail, to('ops@example.com')).catch((thrown: unknown) => thrown);
    sender.close();
    expect(error).toMatchObject({ code: 'DELIVERY_FAILED' });
    expect(String(error)).toContain(advice);
    expect(String(error)).not.toMatch(/wr0ng/);
    expect(delivered()).toEqual([]);
  });
});

describe('telltale local --once --send', () => {
  it('sends to the good addresses, and reports the refused one with exit code 1', async () => {
    const folder = folders.make();
    const log = join(folder, 'app.log');
    writeFileSync(log, '2026-11-20 10:05:12.003 [main] ERROR app.Main - no route to host\n'.repeat(3));
    const secret = join(folder, 'password');
    writeFileSync(secret, `${variable('PASSWORD')}\n`);
    const receiver = {
      ...{ name: 'mail', kind: 'smtp', host: 'localhost', port, ca: variable('CA') },
      ...{ user: 'telltale', passwordFile: secret, from: 'telltale@example.com' },
      to: ['a@example.com', 'refused@example.com', 'b@example.com'],
    };
    const { config } = loadConfig({ pipelines, set: [`receivers=${JSON.stringify([receiver])}`], env: {} });
    const io = collectingIo();
    const once = { once: [log], keepData: false, json: true };
    await runLocal(config, once, io);
    expect(delivered()).toEqual([]);
    await expect(runLocal(config, { ...once, send: true }, io)).rejects.toMatchObject({
      code: 'DELIVERY_REFUSED',
      exitCode: 1,
      message: expect.stringContaining('Not delivered to mail/refused@example.com: [errors] 3 errors') as string,
    });
    await untilDelivered(2);
    expect(
      delivered()
        .map(({ address }) => address)
        .sort(),
    ).toEqual(['a@example.com', 'b@example.com']);
    expect(JSON.stringify(io.logged)).not.toContain(variable('PASSWORD'));
  });
});

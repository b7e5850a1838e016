import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { printReceivers, testReceiver } from '../../src/commands/receivers';
import { collectingIo, configWith } from '../support/in-process';
import { answering, startHttpReceiver, type HttpReceiver } from '../support/http-receiver';
import { startSmtpServer, type SmtpHow } from '../support/smtp-server';
import { tempFolders } from '../support/temp-folder';

const folders = tempFolders();
const ROUTING_KEY = 'R0123456789ABCDEFGHIJKLMNOPQRSTU';

let hook: HttpReceiver;
beforeAll(async () => {
  hook = await startHttpReceiver(answering(200, 'ok'));
});
beforeEach(() => {
  hook.answer = answering(200, 'ok');
});
afterAll(() => hook.close());

const configured = (...receivers: object[]) =>
  configWith(`dataDir=${folders.make()}`, `receivers=${JSON.stringify(receivers)}`);

async function tested(name: string, ...receivers: object[]): Promise<{ exitCode: number; out: string }> {
  const io = collectingIo();
  const exitCode = await testReceiver(configured(...receivers), { name, json: false }, io);
  return { exitCode, out: io.printed() };
}

const smtpAt = (port: number, more: object = {}): object => ({
  ...{ name: 'mail', kind: 'smtp', host: '127.0.0.1', port, tls: 'none' },
  ...{ from: 'telltale@example.com', to: ['ops@example.com', 'dev@example.com'], ...more },
});

async function testedMail(how: SmtpHow, more: object = {}) {
  const server = await startSmtpServer(how);
  try {
    return { ...(await tested('mail', smtpAt(server.port, more))), mails: server.mails };
  } finally {
    await server.close();
  }
}

describe('telltale receivers list', () => {
  it('prints each receiver and its addresses, and no secret', () => {
    const io = collectingIo();
    const config = configured(smtpAt(25), { name: 'ops', kind: 'slack', url: 'https://hooks.slack.com/T0KEN' });
    expect(printReceivers(config, { json: false }, io)).toBe(0);
    expect(io.printed()).toBe('mail  smtp  ops@example.com, dev@example.com\nops  slack\n');
  });

  it('names the folder of mails when none is configured', () => {
    const io = collectingIo();
    printReceivers(configWith(), { json: true }, io);
    expect(JSON.parse(io.printed())).toEqual({ type: 'receiver', name: 'mail', kind: 'folder', to: ['you@localhost'] });
  });
});

describe('telltale receivers test', () => {
  it.each([
    [{ kind: 'webhook' }, /"type":"telltale.test".*This is a test of the receiver x/],
    [{ kind: 'slack' }, /\[TEST\] Telltale reaches you/],
    [{ kind: 'pagerduty', key: ROUTING_KEY }, /"dedup_key":"telltale-test".*"severity":"info"/],
    [{ kind: 'alertmanager' }, /"alertname":"Telltale test"/],
  ])('sends a marked test to %j', async (receiver, body) => {
    const { exitCode, out } = await tested('x', { name: 'x', url: `${hook.url}/T0KEN`, ...receiver });
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/^x: accepted \(.*\); see whether it arrived\n$/)]);
    expect(hook.received.at(-1)?.body).toMatch(body);
  });

  it('sends a mail to each address', async () => {
    const { exitCode, out, mails } = await testedMail({});
    expect([exitCode, out]).toEqual([
      0,
      'mail/ops@example.com: accepted (250 2.0.0 taken); see whether it arrived\n' +
        'mail/dev@example.com: accepted (250 2.0.0 taken); see whether it arrived\n',
    ]);
    expect(mails).toHaveLength(2);
    expect(mails[0]).toContain('Subject: [TEST] Telltale reaches you');
  });

  it('puts a mail into the folder of mails', async () => {
    const config = configured();
    const io = collectingIo();
    expect(await testReceiver(config, { name: 'mail', json: true }, io)).toBe(0);
    expect(JSON.parse(io.printed())).toMatchObject({
      type: 'receiver-test',
      receiver: 'mail',
      kind: 'folder',
      ok: true,
    });
    const folder = join(config.dataDir, 'mail');
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.eml'));
    expect(readFileSync(join(folder, file), 'utf8')).toContain('[TEST]');
  });

  it('fails for one refused address of two, and sends to the other', async () => {
    const refuse = (command: string): string | null =>
      command.includes('RCPT TO:<ops@') ? '550 5.1.1 no such user' : null;
    const { exitCode, out, mails } = await testedMail({ refuse });
    expect([exitCode, mails.length]).toEqual([1, 1]);
    expect(out).toMatch(
      /^mail\/ops@example\.com: not accepted\. .*550 5\.1\.1 no such user.*\n {2}The server refuses an address/,
    );
    expect(out).toContain('mail/dev@example.com: accepted');
  });

  it.each<[string, SmtpHow, object, string]>([
    [
      'a wrong password',
      { refuse: (command) => (command.startsWith('AUTH') ? '535 5.7.8 no' : null) },
      { user: 'telltale', password: 'T0KEN' },
      'The login failed: check user and password',
    ],
    ['a server without STARTTLS', {}, { tls: 'starttls' }, 'The server does not offer STARTTLS on this port'],
    ['a server without TLS', {}, { tls: 'implicit' }, 'TLS failed: use tls: starttls with port 587'],
  ])('explains %s', async (_, how, more, advice) => {
    const { exitCode, out } = await testedMail(how, more);
    expect([exitCode, out]).toEqual([1, expect.stringContaining(`\n  ${advice}`)]);
    expect(out).not.toContain('T0KEN');
  });

  it('explains an unknown authority, and a certificate for another host', async () => {
    const folder = folders.make();
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=other.example', '-addext', 'subjectAltName=DNS:other.example'],
        ...['-keyout', keyFile, '-out', certFile],
      ],
      { stdio: 'ignore' },
    );
    const tls = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
    const unknown = await testedMail({ tls }, { tls: 'implicit' });
    expect(unknown.out).toContain('\n  The authority of the certificate is not known here: set ca to');
    const named = await testedMail({ tls }, { tls: 'implicit', ca: certFile });
    expect(named.out).toContain('\n  The certificate of the server names another host: set host to');
  });

  it.each([
    ['webhook', 401, 'The receiver does not accept the credentials'],
    ['webhook', 404, 'Nothing takes messages at this path: check the URL.'],
    ['slack', 404, 'The webhook was removed, or its URL is incomplete'],
    ['alertmanager', 302, 'The URL leads elsewhere'],
    ['webhook', 503, 'The receiver has a fault of its own'],
  ])('explains that a %s answers %d', async (kind, status, advice) => {
    hook.answer = answering(status, 'no');
    const { exitCode, out } = await tested('x', { name: 'x', kind, url: `${hook.url}/T0KEN` });
    expect([exitCode, out]).toEqual([1, expect.stringContaining(`\n  ${advice}`)]);
    expect(out).not.toContain('T0KEN');
  });

  it('explains that nothing listens, and prints the same as JSON', async () => {
    const gone = await startHttpReceiver(answering(200, 'ok'));
    await gone.close();
    const io = collectingIo();
    const config = configured({ name: 'x', kind: 'webhook', url: gone.url });
    expect(await testReceiver(config, { name: 'x', json: true }, io)).toBe(1);
    expect(JSON.parse(io.printed())).toMatchObject({
      ...{ type: 'receiver-test', receiver: 'x', kind: 'webhook', address: null, ok: false },
      advice: 'Nothing takes connections at this host and port: check both, and whether the server runs.',
    });
  });

  it('needs only the secret of the receiver that it tests, and names its place', async () => {
    const missing = { kind: 'webhook', urlFile: join(folders.make(), 'none') };
    const fine = { name: 'b', kind: 'webhook', url: hook.url };
    expect((await tested('b', { name: 'a', ...missing }, fine)).exitCode).toBe(0);
    await expect(tested('a', fine, { name: 'a', ...missing })).rejects.toThrow(/^receivers\.1\.urlFile: /);
  });

  it('proposes the name of a receiver', async () => {
    await expect(tested('maill', smtpAt(25))).rejects.toThrow('there is no receiver "maill"; did you mean mail?');
  });
});

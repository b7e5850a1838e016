import { inspect } from 'node:util';
import { loadConfig, writtenConfig } from '../../../src/config';
import { isTelltaleError } from '../../../src/errors';
import { pipelines } from '../../../src/pipelines';
import { partsOf } from '../../../src/apps/parts';
import { targetsAt, type Receiver } from '../../../src/stream/receivers';
import { targetName } from '../../../src/stream/target';

const configOf = (...receivers: readonly object[]): ReturnType<typeof loadConfig>['config'] =>
  loadConfig({ pipelines, set: [`receivers=${JSON.stringify(receivers)}`], env: {} }).config;

const receiversOf = (...receivers: readonly object[]): readonly Receiver[] =>
  partsOf(configOf(...receivers)).deliveries[0]?.receivers ?? [];

function problemsOf(...receivers: readonly object[]): readonly string[] {
  try {
    configOf(...receivers);
    return [];
  } catch (error) {
    if (isTelltaleError(error, 'CONFIG')) return error.message.split('\n');
    throw error;
  }
}

const smtp = { name: 'mail', kind: 'smtp', host: 'smtp.example.com' };

describe('receivers', () => {
  it('are the folder of mails when none is configured', () => {
    expect(receiversOf()).toEqual([
      { name: 'mail', kind: 'folder', from: 'telltale@localhost', to: ['you@localhost'] },
    ]);
  });

  it('take the addresses of mail, and the defaults of their kind', () => {
    expect(receiversOf(smtp)).toMatchObject([
      { ...smtp, port: 587, tls: 'starttls', user: null, from: 'telltale@localhost', to: ['you@localhost'] },
    ]);
  });

  it('have a target for each address of a mail server, and one for any other kind', () => {
    const receivers = receiversOf(
      { ...smtp, to: ['a@example.com', 'b@example.com'] },
      { name: 'aws', kind: 'ses', to: ['c@example.com'] },
      { name: 'slack', kind: 'slack', urlEnv: 'SLACK' },
      { name: 'files', kind: 'folder', to: ['d@example.com', 'e@example.com'] },
    );
    expect(targetsAt(receivers).map(targetName)).toEqual([
      'mail/a@example.com',
      'mail/b@example.com',
      'aws/c@example.com',
      'slack',
      'files',
    ]);
  });

  it.each<[string, object, string]>([
    [
      'no host',
      { name: 'mail', kind: 'smtp' },
      'receivers.0.host: kind smtp needs it: expected the name of a mail server such as smtp.example.com, found nothing',
    ],
    [
      'a kind that does not exist',
      { name: 'x', kind: 'slak' },
      'receivers.0.kind: no such kind of receiver: "slak"; did you mean slack?',
    ],
    [
      'a key of another kind',
      { ...smtp, region: 'eu-central-1' },
      'receivers.0.region: a receiver of kind smtp has no such key; kind ses has it',
    ],
    [
      'a key that does not exist',
      { ...smtp, hots: 'x' },
      'receivers.0.hots: no such key; did you mean receivers.0.host?',
    ],
    [
      'an address that each send would refuse',
      { ...smtp, to: ['ops@example.com', 'jörg@example.com'] },
      'receivers.0.to: "jörg@example.com" has characters before the @ that only mail servers with SMTPUTF8 accept: use an address such as joerg@example.com',
    ],
    [
      'a name with a slash',
      { ...smtp, name: 'a/b' },
      'receivers.0.name: expected a name of letters, digits, dots, dashes and underscores, such as ops, found "a/b"',
    ],
    [
      'a user without a password',
      { ...smtp, user: 'u' },
      'receivers.0.password: user needs it: set passwordFile, passwordEnv or password',
    ],
    [
      'two places for a secret',
      { ...smtp, password: 'p', passwordFile: 'f' },
      'receivers.0.password: expected one of password, passwordFile and passwordEnv, found 2',
    ],
    ['no URL', { name: 's', kind: 'slack' }, 'receivers.0.url: kind slack needs it: set urlFile, urlEnv or url'],
    [
      'a URL of another protocol',
      { name: 's', kind: 'slack', url: 'file:///T0KEN' },
      'receivers.0.url: expected an http or https URL such as https://hooks.slack.com/services/T000/B000/XXX',
    ],
    [
      'a number as a secret',
      { name: 's', kind: 'slack', url: 48151623 },
      'receivers.0.url: expected text: put quotes around it',
    ],
    [
      'a short key',
      { name: 'w', kind: 'webhook', url: 'https://x', key: 'whsec_T0KEN' },
      'receivers.0.key: expected whsec_ and 24 to 64 bytes in base64, as of openssl rand -base64 32',
    ],
    [
      'a key of another form',
      { name: 'p', kind: 'pagerduty', key: 'T0KEN' },
      'receivers.0.key: expected an integration key of 32 letters and digits',
    ],
  ])('are refused with %s, without showing a secret', (_, receiver, problem) => {
    expect(problemsOf(receiver)).toEqual([`--set ${problem}`]);
    expect(problem).not.toMatch(/T0KEN|48151623/);
  });

  it('have different names, and one folder', () => {
    const folder = { name: 'a', kind: 'folder' };
    expect(problemsOf(folder, { ...folder, name: 'b' }, { ...smtp, name: 'a' })).toEqual([
      '--set receivers.1.kind: expected one receiver of kind folder: there is one folder of mails',
      '--set receivers.2.name: expected another name: "a" is taken by a receiver above',
    ]);
  });

  it('never show a secret', () => {
    const config = configOf(
      { ...smtp, user: 'u', password: 'T0KEN' },
      { name: 's', kind: 'slack', url: 'https://hooks.example.com/T0KEN' },
    );
    const parts = partsOf(config);
    expect(JSON.stringify(writtenConfig(config))).toContain('"password":"[secret]"');
    for (const shown of [
      JSON.stringify(writtenConfig(config)),
      inspect(parts, { depth: null }),
      JSON.stringify(parts),
    ]) {
      expect(shown).not.toContain('T0KEN');
    }
  });
});

describe('the receivers of a rule', () => {
  const problemsOfRule = (receivers: unknown, ...others: string[]): string => {
    try {
      loadConfig({ pipelines, set: [...others, `rules.0.receivers=${JSON.stringify(receivers)}`], env: {} });
      return '';
    } catch (error) {
      if (isTelltaleError(error, 'CONFIG')) return error.message;
      throw error;
    }
  };
  const slack = `receivers=${JSON.stringify([{ name: 'ops-slack', kind: 'slack', urlEnv: 'SLACK' }, smtp])}`;

  it('must be receivers of the configuration', () => {
    expect(problemsOfRule(['ops-slack', 'mail'], slack)).toBe('');
    expect(problemsOfRule(['ops-slak'], slack)).toBe(
      '--set rules.0.receivers: no such receiver: "ops-slak"; did you mean ops-slack? An example: [ops-slack]',
    );
  });

  it('may be the folder of mails where there are none', () => {
    expect(problemsOfRule(['mail'])).toBe('');
    expect(problemsOfRule(['x'])).toBe(
      '--set rules.0.receivers: no such receiver: "x"; expected mail. An example: [mail]',
    );
  });
});

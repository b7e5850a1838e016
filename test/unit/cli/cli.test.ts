import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { parse } from 'yaml';
import manifest from '../../../package.json';
import { decodeSignal, encodeSignal } from '../../../src/ingestion/signal/encoding';
import { copyProgram, finished, start, type Finished } from '../../support/program-copy';

let folder: string;
beforeAll(() => {
  folder = copyProgram();
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> =>
  finished(start(folder, args, { env }));

describe('telltale', () => {
  it('prints its help on standard output', async () => {
    const { exitCode, out, err } = await run(['--help']);
    expect([exitCode, err]).toEqual([0, '']);
    const commands = [
      'local',
      'producer',
      'consumer',
      'generator',
      'signal',
      'replay',
      'cat',
      'audit',
      'reingest',
      'reset',
      'config',
    ];
    for (const command of commands) {
      expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
  });

  it('prints its version', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, out: `telltale ${manifest.version}\n`, err: '' });
  });

  it('prints the help of a command, with the options of every command', async () => {
    const { exitCode, out } = await run(['replay', '--help']);
    expect(exitCode).toBe(0);
    for (const option of ['--terminated-only', '--config', '--set', '--json', '--verbose', '--help']) {
      expect(out).toContain(option);
    }
  });

  it('says in the help of audit what makes it fail', async () => {
    const { out } = await run(['audit', '--help']);
    expect(out.replace(/\s+/g, ' ')).toContain(
      'exit code 1 when that fails, or a named source is not read. A source in quarantine is listed, and does not fail',
    );
  });

  it.each<[string[], string]>([
    [['confg'], "unknown command 'confg'; did you mean config?"],
    [['config', '--jsn'], "unknown option '--jsn'; did you mean --json?"],
    [['replay', '--terminated', 'x'], "unknown option '--terminated'; did you mean --terminated-only?"],
    [['config', 'x'], "too many arguments for 'config'. Expected 0 arguments but got 1; see telltale config --help"],
    [['replay', '--once', 'x'], "unknown option '--once'; expected one of --terminated-only, --threshold, --rules-diff, --config, --set, --data, --json, --verbose, --help"], // prettier-ignore
    [['replay'], 'replay needs files: telltale replay FILE…'],
    [
      ['replay', '--threshold', '1,x', 'a'],
      "option '--threshold <list>' argument '1,x' is invalid. Whole numbers are expected, such as 1,5,20; see telltale replay --help",
    ],
    [['replay', '--rules-diff', 'old.yaml'], 'replay --rules-diff needs two configurations: OLD.yaml NEW.yaml'],
    [
      ['replay', 'a', '--threshold', '1', '--rules-diff', 'b', 'c'],
      'replay takes --threshold or --rules-diff, not both',
    ],
    [['reingest'], "missing required argument 'source'; see telltale reingest --help"],
    [['reingest', 'k', '--count'], "unknown option '--count'; did you mean --recount?"],
    [['local', '--port', '65536'], "option '--port <n>' argument '65536' is invalid. A whole number from 0 to 65535 is expected; see telltale local --help"], // prettier-ignore
    [['cat', 'logs', '--from', '-1'], "option '--from <offset>' argument '-1' is invalid. A whole number is expected; see telltale cat --help"], // prettier-ignore
    [['signal', '--key', 'k'], 'signal needs --bucket and --key, or --payload'],
    [['signal', '--payload', 'e30', '--key', 'k'], "option '--payload <base64url>' cannot be used with option '--key <key>'; see telltale signal --help"], // prettier-ignore
    [['config', '--set', 'web.prt=1'], '--set web.prt: no such key; did you mean web.port?'],
    [['config', '--config', 'none.yaml'], '--config none.yaml: no such file'],
    [['receivers', 'tst'], "unknown command 'tst'; did you mean test?"],
    [['receivers', 'test'], "missing required argument 'name'; see telltale receivers test --help"],
    [['receivers', 'test', 'x'], 'there is no receiver "x"; expected mail'],
    [['\u001b[2J'], "unknown command '\\u001b[2J'; see telltale --help"],
  ])('refuses %j in one line, with exit code 2', async (args, sentence) => {
    expect(await run(args)).toEqual({ exitCode: 2, out: '', err: `telltale: ${sentence}\n` });
  });

  it('shows its commands when none is named, as an error', async () => {
    const { exitCode, out, err } = await run([]);
    expect([exitCode, out]).toEqual([2, '']);
    expect(err).toMatch(/^Usage: telltale/);
  });

  it('names every configuration problem on a separate line', async () => {
    const { exitCode, err } = await run(['config', '--set', 'window=1', '--set', 'log.level=x']);
    expect(exitCode).toBe(2);
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/^telltale: --set window: expected a duration/),
      expect.stringMatching(/^telltale: --set log.level: expected one of/),
      '',
    ]);
  });
});

describe('--data', () => {
  it.each([
    ['before the command', ['--data', 'd', 'config', '--json']],
    ['after the command', ['config', '--json', '--set', 'dataDir=other', '--data', 'd']],
  ])('names the data folder when it stands %s', async (_, args) => {
    expect(JSON.parse((await run(args)).out)).toMatchObject({ config: { dataDir: 'd' } });
  });

  it.each([['cat', 'logs'], ['reset', 'counting'], ['audit']])('names the data folder of %s', async (...args) => {
    const { exitCode, err } = await run([...args, '--data', 'no-data']);
    const sentence = 'name the data folder of a program with --data DIR';
    expect([exitCode, err]).toEqual([1, expect.stringMatching(new RegExp(`no event log in .*/no-data: ${sentence}`))]);
  });
});

describe('the names that a command takes', () => {
  it.each([
    ['cat', ['logs', 'windows', 'outbox']],
    ['reset', ['counting', 'alerting']],
  ])('are those of the listed pipelines when telltale %s is run without one', async (command, names) => {
    const { exitCode, out } = await run([command]);
    expect(exitCode).toBe(0);
    expect(out.split('\n')).toEqual(expect.arrayContaining(names));
  });
});

describe('telltale config', () => {
  it('prints reusable YAML with the origin of each value', async () => {
    const env = { TELLTALE_LOG_LEVEL: 'debug' };
    const { exitCode, out, err } = await run(['config', '--set', 'rules.0.threshold=9', '--set', 'web.port=80'], env);
    expect([exitCode, err]).toEqual([0, '']);
    expect(out).toMatch(/^window: 1m +# conf\/default.yaml$/m);
    expect(out).toMatch(/^ {2}port: 80 +# --set$/m);
    expect(out).toMatch(/^ {2}level: debug +# TELLTALE_LOG_LEVEL$/m);
    expect(out).toMatch(/^rules: +# conf\/default.yaml; rules.0.threshold: --set$/m);
    expect(out).toMatch(/^ {2}- name: errors\n {4}kind: threshold\n {4}level: error\n {4}threshold: 9\n/m);
    expect(parse(out)).toMatchObject({ web: { port: 80 }, rules: [{ name: 'errors', threshold: 9 }] });
  });

  it('prints lists of objects as blocks, and they give the same configuration again', async () => {
    const sources = [
      { keys: '**/db', pattern: '^(?<level>[A-Z]) (?<time>.*)', levels: { E: 'error' } },
      { keys: 'a: b' },
    ];
    const { out } = await run(['config', '--set', `ingest.sources=${JSON.stringify(sources)}`]);
    expect(out).toMatch(/^ {2}sources: +# --set\n {4}- keys: "\*\*\/db"\n {6}topic: null\n/m);
    expect(parse(out)).toMatchObject({ ingest: { sources } });
  });

  it.each([
    ['consumer.run=countin', 'consumer.run: there is no job or delivery "countin"; did you mean counting?'],
    ['ingest.sources=[{"keys":"a","topic":"x"}]', 'ingest.sources.0.topic: no pipeline reads the topic "x"'],
  ])('refuses --set %s as the programs do', async (assignment, message) => {
    for (const command of [['config'], ['producer']]) {
      const { exitCode, err } = await run([...command, '--set', assignment]);
      expect([exitCode, err]).toEqual([2, expect.stringContaining(`telltale: ${message}`)]);
    }
  });

  it('names every name that does not exist at once', async () => {
    const kafka = ['eventLog.kind=kafka', 'eventLog.kafka.brokers=b:1', 'eventLog.kafka.tls.enabled=true'];
    const set = ['consumer.run=x', 'ingest.sources=[{"keys":"a","topic":"x"}]', ...kafka, 'eventLog.kafka.sasl.mechanism=aws-msk-iam']; // prettier-ignore
    const { err } = await run(['config', ...set.flatMap((value) => ['--set', value])]);
    expect(err.match(/^telltale: [\w.]+/gm)).toEqual([
      'telltale: ingest.sources.0.topic',
      'telltale: consumer.run',
      'telltale: eventLog.kafka.sasl.region',
    ]);
  });

  it('prints one object with --json at any position', async () => {
    for (const args of [
      ['config', '--json'],
      ['--json', 'config'],
    ]) {
      // prettier-ignore
      const { out } = await run([...args, '--set', 'web.port=80']);
      expect(JSON.parse(out)).toMatchObject({ config: { web: { port: 80 } }, provenance: { 'web.port': '--set' } });
    }
  });

  it('ends quietly when the reader closes the pipe, with the exit code of SIGPIPE', async () => {
    const child = start(folder, ['config'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.destroy();
    expect(await finished(child)).toEqual({ exitCode: 141, out: '', err: '' });
  });

  it('says in one sentence that its output does not fit the disk', async () => {
    const full = openSync('/dev/full', 'w');
    const child = start(folder, ['config'], { stdio: ['ignore', full, 'pipe'] });
    const sentence = 'telltale: cannot write to standard output (ENOSPC): the disk is full; free some space.\n';
    expect(await finished(child)).toEqual({ exitCode: 1, out: '', err: sentence });
    closeSync(full);
  });
});

describe('telltale audit', () => {
  it('keeps its exit code when the reader closes the pipe', async () => {
    mkdirSync(join(folder, 'web'));
    writeFileSync(join(folder, 'web', 'a.log'), 'one\n');
    expect((await run(['local', '--once', 'web', '--data', 'd'])).exitCode).toBe(0);
    const audit = async (...args: readonly string[]): Promise<number | null> => {
      const child = start(folder, ['audit', '--data', 'd', '--set', 'objectStore.prefix=web', ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout?.destroy();
      return (await finished(child)).exitCode;
    };
    expect(await audit()).toBe(0);
    expect(await audit('web/none')).toBe(1);
  });
});

describe('telltale signal', () => {
  const arrival = { v: 1, bucket: 'telltale-logs', key: 'logs/a b/é.log', versionId: 'v1', sequencer: '0A' } as const;
  const parts = ['--bucket', arrival.bucket, '--key', arrival.key, '--version', 'v1', '--sequencer', '0A'];

  interface Answer {
    readonly status: number;
    readonly text: string;
  }

  /** A producer that answers every signal so, hangs up, or never answers. */
  async function listen(answer: Answer | 'hangs up' | null, received: string[]): Promise<Server> {
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        received.push(body);
        if (answer === 'hangs up') request.socket.destroy();
        else if (answer !== null) response.writeHead(answer.status).end(`${answer.text}\n`);
      });
    });
    await new Promise<void>((listening) => server.listen(join(folder, 'producer.sock'), listening));
    return server;
  }

  const close = (server: Server): Promise<void> =>
    new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });

  const signal = (args: readonly string[]): Promise<Finished> => run(['signal', '--set', 'dataDir=.', ...args]);

  it('hands the arrival to the producer, encoded', async () => {
    const received: string[] = [];
    const server = await listen({ status: 202, text: 'accepted' }, received);
    try {
      const byParts = await signal(parts);
      expect(byParts).toEqual({ exitCode: 0, out: 'handed over "telltale-logs/logs/a b/é.log"\n', err: '' });
      const byPayload = await signal(['--payload', encodeSignal(arrival), '--json']);
      expect(JSON.parse(byPayload.out)).toEqual({ type: 'signal', signal: arrival });
      expect(received.map((body) => decodeSignal(body))).toEqual([arrival, arrival]);
    } finally {
      await close(server);
    }
  });

  it('fails when the producer refuses it, and says why', async () => {
    const server = await listen({ status: 400, text: 'another bucket' }, []);
    try {
      const expected = 'telltale: the producer refused the signal: another bucket\n';
      expect(await signal(parts)).toEqual({ exitCode: 1, out: '', err: expected });
    } finally {
      await close(server);
    }
  });

  it('fails when the producer hangs up without an answer', async () => {
    const server = await listen('hangs up', []);
    try {
      const { exitCode, err } = await signal(parts);
      expect(exitCode).toBe(1);
      expect(err).toMatch(/did not answer the signal; send it again/);
    } finally {
      await close(server);
    }
  });

  it('fails when no producer runs, with the stack only on --verbose', async () => {
    const { exitCode, out, err } = await signal(parts);
    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toMatch(/^telltale: no producer runs on \S+; start one: telltale producer\n$/);
    expect((await signal([...parts, '--verbose'])).err).toMatch(/\n {4}at .*\n[^]*cause/);
  });

  it.each([
    ['abc', 'it is not JSON in UTF-8'],
    ['+++', 'it is not base64url without padding'],
    ['e30', 'its version is missing, only versions 1 and 2 are known here'],
  ])('refuses the payload %j, and says where to get one', async (payload, problem) => {
    const advice = 'pass it on as the Lambda function sends it, or use --bucket and --key';
    const err = `telltale: the value of --payload is not a signal (${advice}): ${problem}.\n`;
    expect(await signal(['--payload', payload])).toEqual({ exitCode: 2, out: '', err });
  });

  it('refuses a name that no bucket can have, and names the options', async () => {
    const err = 'telltale: the options do not name an object: its bucket "x" cannot be the name of a bucket.\n';
    expect(await signal(['--bucket', 'x', '--key', 'k'])).toEqual({ exitCode: 2, out: '', err });
  });

  it('opens no debugger on SIGUSR1', async () => {
    const server = await listen(null, []);
    try {
      const child = start(folder, ['signal', '--set', 'dataDir=.', ...parts]);
      server.once('connection', () => {
        child.kill('SIGUSR1');
        child.kill('SIGINT');
      });
      child.stderr?.once('data', () => child.kill('SIGTERM'));
      const { exitCode, err } = await finished(child);
      expect(exitCode).toBe(130);
      expect(err).not.toContain('Debugger');
    } finally {
      await close(server);
    }
  });

  it('ends at once on a second Ctrl-C', async () => {
    const received: string[] = [];
    const server = await listen(null, received);
    try {
      const child = start(folder, ['signal', '--set', 'dataDir=.', ...parts]);
      server.once('connection', () => child.kill('SIGINT'));
      child.stderr?.once('data', () => child.kill('SIGTERM'));
      const { exitCode, err } = await finished(child);
      expect(exitCode).toBe(130);
      expect(JSON.parse(err)).toMatchObject({ level: 'info', message: 'stopping; press Ctrl-C again to stop at once' });
    } finally {
      await close(server);
    }
  });
});

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync, chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createHandler } from '../../lambda/handler';
import { createLocalCommandRunner } from '../../src/adapters/embedded/local-command-runner';
import { listenForSignals, type SignalSocket } from '../../src/adapters/embedded/signal-socket';
import type { Signal } from '../../src/ingestion/signal/signal';
import { s3Event, sqsEvent } from '../support/s3-events';
import { tempFolders } from '../support/temp-folder';

/** The way of a key from S3 to the producer, with the document's own script, run by a shell as the agent of SSM runs it. */

const root = join(__dirname, '../..');
const run = promisify(execFile);
const folders = tempFolders();
const quiet = { info: () => undefined, warn: () => undefined };
const document = JSON.parse(readFileSync(join(root, 'conf/ssm-document.json'), 'utf8')) as {
  readonly mainSteps: readonly { readonly inputs: { readonly runCommand: readonly string[] } }[];
};
const script = document.mainSteps.flatMap(({ inputs }) => inputs.runCommand).join('\n');

let folder: string;
let socket: SignalSocket;
let received: Signal[];
let refusal: Error | null;
beforeEach(async () => {
  folder = folders.make();
  received = [];
  refusal = null;
  socket = await listenForSignals({
    path: join(folder, 'signal.sock'),
    mode: 0o600,
    accept: (signal) => {
      if (refusal !== null) throw refusal;
      received.push(signal);
      return 'accepted';
    },
  });
});
afterEach(() => socket.close());

/** The agent writes the commands into a file, and gives the parameter in the environment (interpolationType ENV_VAR). */
async function agent(commands: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const file = join(folder, '_script.sh');
  writeFileSync(file, `${commands}\n`);
  chmodSync(file, 0o700);
  const env = { PATH: process.env['PATH'] ?? '', TELLTALE_SOCKET: join(folder, 'signal.sock'), ...environment };
  const { stdout } = await run('sh', ['-c', file], { env, cwd: folder });
  return stdout;
}

const atHome = script.replaceAll('/opt/telltale', root);
const deliver = async (payload: string): Promise<void> => {
  await agent(atHome, { SSM_payload: payload });
};

const hostileKeys = (touch: string): readonly string[] => [
  `logs/web-1/$(touch ${touch}).log`,
  `logs/web-1/\`touch ${touch}\`.log`,
  `logs/web-1/"; touch ${touch}; ".log`,
  `logs/web-1/'; touch ${touch}; '.log`,
  `logs/web-1/a.log\ntouch ${touch}\n`,
  `logs/web-1/a && touch ${touch} #.log`,
  `-o ${touch}`,
  '--config=/etc/passwd',
  '@/etc/passwd',
  `logs/web-1/{{payload}} \${SSM_payload} $SSM_payload %s %n \\u0041 \\x41.log`,
  'logs/grüße/日志 🦄/a.log',
  `logs/${'k'.repeat(900)}`,
];

it('carries hostile keys byte for byte, and executes nothing of them', async () => {
  const touched = join(folder, 'touched');
  const keys = hostileKeys(touched);
  const handle = createHandler(createLocalCommandRunner({ document, deliver }), quiet);
  const encoded = keys.map((key) => encodeURIComponent(key).replaceAll('%20', '+'));
  await handle(sqsEvent(s3Event(...encoded)));
  expect(received).toEqual([{ v: 2, bucket: 'amzn-s3-demo-bucket', keys }]);
  expect(existsSync(touched)).toBe(false);
  expect(readdirSync(folder).sort()).toEqual(['_script.sh', 'signal.sock']);
});

it('would have executed them with a script that names the key, as AWS-RunShellScript does', async () => {
  const touched = join(folder, 'touched');
  const [key = ''] = hostileKeys(touched);
  await agent(`echo "an object has arrived: ${key}"`, {});
  expect(existsSync(touched)).toBe(true);
});

it('shows the payload in no argument of a process', async () => {
  // A curl that writes down how it was called, and what it was given.
  const bin = join(folder, 'bin');
  await run('mkdir', [bin]);
  writeFileSync(join(bin, 'curl'), '#!/bin/sh\nprintf "%s|" "$@"\nenv | grep -c cGF5bG9hZA\ncat\n');
  chmodSync(join(bin, 'curl'), 0o700);
  const out = await agent(atHome, { SSM_payload: 'cGF5bG9hZA', PATH: `${bin}:${process.env['PATH'] ?? ''}` }).catch(
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  const [called = '', inEnvironment, body] = out.split('\n');
  expect(called).toMatch(/^--silent\|.*\|http:\/\/localhost\/signal\|0$/);
  expect(called).not.toContain('cGF5');
  expect([inEnvironment, body]).toEqual(['cGF5bG9hZA', undefined]);
});

it.each([
  ['the producer refuses', 1, async () => Promise.resolve(void (refusal = new Error('x')))],
  ['no producer listens', 1, () => socket.close()],
])('exits with %s', async (_, code, prepare) => {
  await prepare();
  await expect(agent(atHome, { SSM_payload: 'e30' })).rejects.toMatchObject({ code });
});

it('exits with 2 when the agent gives no parameter in the environment: it is too old', async () => {
  await expect(agent(atHome, {})).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('update the SSM agent to 3.3.2746 or later') as unknown,
  });
});

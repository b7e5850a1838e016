import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createLocalCommandRunner } from '../../../../src/adapters/embedded/local-command-runner';

const root = join(__dirname, '../../../..');

/** The document in conf with a change. */
function changed(document: string, from: string, to: string): unknown {
  expect(document).toContain(from);
  return JSON.parse(document.replace(from, to));
}

describe('the local command runner', () => {
  let document: string;
  let delivered: string[];
  const deliver = (payload: string): Promise<void> => {
    delivered.push(payload);
    return Promise.resolve();
  };

  beforeEach(async () => {
    document = await readFile(join(root, 'conf/ssm-document.json'), 'utf8');
    delivered = [];
  });

  it('delivers a payload that the document allows, and answers with an id', async () => {
    const runner = createLocalCommandRunner({ document: JSON.parse(document), deliver });
    expect(await runner.send('eyJ2IjoxfQ_-')).toMatch(/^[0-9a-f-]{36}$/);
    expect(delivered).toEqual(['eyJ2IjoxfQ_-']);
  });

  it.each(['', 'with space', 'x;reboot', '$(reboot)', '`reboot`', 'x\n', '\nx', 'padded==', 'ü', 'x'.repeat(4097)])(
    'refuses the payload %j as SSM would',
    async (payload) => {
      const runner = createLocalCommandRunner({ document: JSON.parse(document), deliver });
      await expect(runner.send(payload)).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
      expect(delivered).toEqual([]);
    },
  );

  it.each([
    ['of another schema', '"2.2"', '"1.2"'],
    ['without anchors in the pattern', '"^[A-Za-z0-9_-]{1,4096}$"', '"[A-Za-z0-9_-]{1,4096}"'],
    ['that interpolates into the script', '"ENV_VAR"', '"OTHER"'],
    ['that pastes the parameter', 'exec /opt', 'echo {{payload}}; exec /opt'],
    ['whose parameter is not a string', '"String"', '"StringList"'],
    ['with an unknown key', '"parameters"', '"unknown": 1, "parameters"'],
    ['with a second parameter', '"payload": {', '"other": {"type": "String"}, "payload": {'],
    ['with another action', '"aws:runShellScript"', '"aws:runPowerShellScript"'],
  ])('refuses a document %s', async (_what, from, to) => {
    const made = async (): Promise<unknown> =>
      Promise.resolve(createLocalCommandRunner({ document: changed(document, from, to), deliver }));
    await expect(made()).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
  });

  it('reports a signal that was not delivered', async () => {
    const runner = createLocalCommandRunner({
      document: JSON.parse(document),
      deliver: () => Promise.reject(new Error('no listener')),
    });
    await expect(runner.send('abc')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });
});

describe('signal.sh', () => {
  const run = promisify(execFile);
  const script = join(root, 'scripts/signal.sh');
  let bin: string;

  beforeEach(async () => {
    bin = await mkdtemp(join(tmpdir(), 'telltale-bin-'));
    await writeFile(join(bin, 'telltale'), '#!/bin/sh\nfor a in "$@"; do printf "<%s>" "$a"; done\n');
    await chmod(join(bin, 'telltale'), 0o755);
  });
  afterEach(() => rm(bin, { recursive: true, force: true }));

  const signal = (env: Record<string, string>): Promise<{ stdout: string }> =>
    run(script, { env: { PATH: `${bin}:/usr/bin:/bin`, ...env } });

  it('passes the payload as one argument that no shell interprets', async () => {
    const hostile = `a b'"$(touch ${bin}/owned)\`touch ${bin}/owned\`;*`;
    expect((await signal({ SSM_payload: hostile })).stdout).toBe(`<signal><--payload><${hostile}>`);
  });

  it('exits with 2 when the agent passes no payload', async () => {
    await expect(signal({})).rejects.toMatchObject({ code: 2 });
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

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
    ['without anchors in the pattern', '"^[A-Za-z0-9_-]+$"', '"[A-Za-z0-9_-]+"'],
    ['whose pattern Go does not compile: it repeats more than 1,000 times', '[A-Za-z0-9_-]+', '[A-Za-z0-9_-]{1,4096}'],
    ['whose pattern looks ahead, which RE2 cannot', '"^[', '"^(?=e)['],
    ['without a longest parameter', '"maxChars": 4096,', ''],
    ['without a time limit', '"timeoutSeconds": "15",', ''],
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

  it('gives up after the time limit of the document, as the agent does', async () => {
    const runner = createLocalCommandRunner({
      document: changed(document, '"timeoutSeconds": "15"', '"timeoutSeconds": "1"'),
      deliver: () => new Promise(() => undefined),
    });
    await expect(runner.send('abc')).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      cause: { message: 'it took longer than 1 s' },
    });
  });

  it('reports a signal that was not delivered', async () => {
    const runner = createLocalCommandRunner({
      document: JSON.parse(document),
      deliver: () => Promise.reject(new Error('no listener')),
    });
    await expect(runner.send('abc')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });
});

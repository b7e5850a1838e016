import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openReceivers, readSecret } from '../../../src/apps/receivers';
import { Secret } from '../../../src/secret';
import type { Renderers } from '../../../src/stream/pipeline';
import { tempFolders } from '../../support/temp-folder';

const folders = tempFolders();
const none = { value: null, file: null, env: null };

describe('readSecret', () => {
  it('reads a value, a file without its line end, and an environment variable', () => {
    const file = join(folders.make(), 'secret');
    writeFileSync(file, 'from a file\r\n');
    const read = (source: object): string | undefined =>
      readSecret({ ...none, ...source }, 'receivers.0.key', { NAME: 'from the environment' })?.reveal();
    expect([read({ value: new Secret('itself') }), read({ file }), read({ env: 'NAME' }), read({})]).toEqual([
      'itself',
      'from a file',
      'from the environment',
      undefined,
    ]);
  });

  it.each([
    ['nothing', '\n'],
    ['two lines', 'T0KEN\nT0KEN\n'],
  ])('refuses a file that holds %s, and shows none of it', (_, text) => {
    const file = join(folders.make(), 'secret');
    writeFileSync(file, text);
    const read = (): unknown => readSecret({ ...none, file }, 'receivers.0.key', {});
    expect(read).toThrow(`receivers.0.keyFile: ${file} must hold the secret alone, in one line`);
    expect(read).not.toThrow('T0KEN');
  });
});

describe('openReceivers', () => {
  it('names every secret that cannot be read', async () => {
    const slack = (name: string, env: string) => ({ name, kind: 'slack' as const, url: { ...none, env } });
    const render = {} as Renderers<unknown>;
    const opening = openReceivers(
      {
        receivers: [
          slack('a', 'A'),
          slack('b', 'B'),
          slack('c', 'C'),
          { name: 'p', kind: 'pagerduty', url: 'https://x', key: none },
        ],
        render,
      },
      { send: () => Promise.resolve('') },
      { A: 'https://hooks.example.com/x', C: 'T0KEN' },
    );
    await expect(opening).rejects.toMatchObject({
      code: 'CONFIG',
      message: [
        'receivers.1.urlEnv: the environment variable B is not set',
        'receivers.2.urlEnv: expected an http or https URL such as https://example.com/hook',
        'receivers.3.key: set it, receivers.3.keyFile or receivers.3.keyEnv',
      ].join('\n'),
    });
  });
});

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { logbackLines, writeLog } from '../support/log-files';
import { tempFolders } from '../support/temp-folder';
import { copyProgram, finished, start } from '../support/program-copy';

const folders = tempFolders();

let program: string;
beforeAll(() => {
  program = copyProgram();
});
afterAll(() => rmSync(program, { recursive: true }));

/** The packages that a command loads. */
async function packagesOf(...args: readonly string[]): Promise<readonly string[]> {
  const folder = folders.make();
  const list = join(folder, 'loaded.txt');
  const hook = writeLog(
    folder,
    'hook.cjs',
    `process.on('exit', () => require('node:fs').writeFileSync(process.env.LIST, Object.keys(require.cache).join('\\n')));`,
  );
  const env = { NODE_OPTIONS: `--require ${hook}`, LIST: list };
  expect((await finished(start(program, args, { env }))).exitCode).toBe(0);
  const files = readFileSync(list, 'utf8').split('\n');
  return [...new Set(files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))].sort();
}

describe('the start of a command', () => {
  it('loads nothing but its arguments, its configuration and the checks of both', async () => {
    const path = writeLog(folders.make(), 'web-1/app.log', `${logbackLines(100).join('\n')}\n`);
    const config = ['commander', 'node-cron', 'yaml', 'zod'];
    expect(await packagesOf('--help')).toEqual(['commander']);
    expect(await packagesOf('config')).toEqual(config);
    expect(await packagesOf('replay', path)).toEqual(config);
  });
});

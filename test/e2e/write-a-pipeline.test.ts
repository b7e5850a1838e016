import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { runLocal } from '../../src/apps/local';
import { runReplay } from '../../src/commands/replay';
import { loadConfig, writtenConfig, type Config } from '../../src/config';
import { projectFile } from '../../src/project-file';
import type { ListedPipeline } from '../../src/stream/pipeline';
import { killChildren, spawnChild, type Child } from '../contract/children/spawn-child';
import { collectingIo } from '../support/in-process';
import { tempFolders } from '../support/temp-folder';
import { readRecords, withEventLog } from '../support/topics';
import { until } from '../support/until';

const folders = tempFolders();
const root = dirname(projectFile('package.json'));
const page = readFileSync(projectFile('docs/write-a-pipeline.md'), 'utf8');
const [code = '', testCode = ''] = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, text]) => text);

/** The files of the page, by the path that it names. */
const paths = {
  pipeline: join(root, 'src/pipelines/logins/index.ts'),
  test: join(root, 'test/contract/logins-job.test.ts'),
};

/** Writes code of the page where it can be imported. @param imports modules, and the ones to import instead */
function writeCode(name: string, text: string, imports: Readonly<Record<string, string>>): string {
  const file = join(folders.make(), name);
  const resolved = Object.entries(imports).reduce((all, [from, to]) => all.replaceAll(`'${from}`, `'${to}`), text);
  writeFileSync(file, resolved);
  return file;
}

/** The compiler's messages about files that are not on the disk, as one text. */
function compilerErrors(files: ReadonlyMap<string, string>): string {
  const { config } = ts.readConfigFile(projectFile('tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const onDisk = { fileExists: host.fileExists.bind(host), readFile: host.readFile.bind(host) };
  host.fileExists = (file) => files.has(file) || onDisk.fileExists(file);
  // By default, files of a folder that is not on the disk are not looked for.
  host.directoryExists = () => true;
  host.readFile = (file) => files.get(file) ?? onDisk.readFile(file);
  const program = ts.createProgram({ rootNames: [...files.keys()], options, host });
  const errors = [...files.keys()].flatMap((file) => ts.getPreEmitDiagnostics(program, program.getSourceFile(file)));
  return ts.formatDiagnostics(errors, host);
}

const MINUTE = 60_000;
const HOSTS = ['web-1', 'web-2', 'db-1'];

/** Appends lines to the login file of each host, one every 10 minutes; every third is a login. */
function writeLines(hosts: string, from: number, to: number): void {
  for (const [h, host] of HOSTS.entries()) {
    const lines = Array.from({ length: to - from }, (_, i) => {
      const time = new Date(Date.parse('2026-11-20T00:00:00Z') + (from + i) * 10 * MINUTE).toISOString();
      return `${time} INFO sshd - ${(from + i + h) % 3 === 0 ? 'a login of' : 'closed'} alice\n`;
    });
    mkdirSync(join(hosts, host), { recursive: true });
    appendFileSync(join(hosts, host, 'login.log'), lines.join(''));
  }
}

describe('the pipeline of docs/write-a-pipeline.md', () => {
  const example = writeCode('logins.ts', code, { '../../': `${root}/src/`, zod: require.resolve('zod') });
  const set = ['web.port=0', 'ingest.sources=[{"keys":"**/login*.log","topic":"logins"}]'];
  let config: Config;
  beforeAll(async () => {
    const { logins } = (await import(example)) as { logins: ListedPipeline };
    config = loadConfig({ pipelines: [logins], set, env: {} }).config;
  });
  afterEach(killChildren);

  const replay = async (hosts: string): Promise<string[]> => {
    const io = collectingIo();
    expect(await runReplay(config, { paths: [hosts], json: true, terminatedOnly: false }, io)).toBe(0);
    return io.printed().split('\n').slice(0, -1);
  };

  it('has less than 80 lines of code', () => {
    const lines = code.split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.length).toBeLessThan(80);
  });

  it('has its own keys of the configuration, and none of a pipeline that is not listed', () => {
    expect(writtenConfig(config)).toMatchObject({ loginsKeep: '2d' });
    expect(writtenConfig(config)).not.toHaveProperty('rules');
  });

  it('compiles, with its test', () => {
    const files = new Map([
      [paths.pipeline, code],
      [paths.test, testCode],
    ]);
    expect(compilerErrors(files)).toBe('');
  }, 120_000);

  const once = async (hosts: string): Promise<string[]> => {
    const io = collectingIo();
    expect(await runLocal(config, { once: [hosts], keepData: false, json: true }, io)).toBe(0);
    return io.printed().split('\n').slice(0, -1);
  };
  const counted = (host: string, time: string, count: number): string =>
    `{"type":"logins","key":["${host}",${Date.parse(time)}],"count":${count}}`;

  it('prints the same results with replay and with local --once', async () => {
    const hosts = folders.make();
    writeLines(hosts, 0, 100);
    expect(await once(hosts)).toEqual(await replay(hosts));
    expect(await replay(hosts)).toContain(counted('web-1', '2026-11-20', 2));
  });

  it('prints the same results with replay and with local --once when one host has files of different days', async () => {
    const hosts = folders.make();
    mkdirSync(join(hosts, 'web-1'));
    const login = (day: string): string => `2026-11-${day}T00:00:00Z INFO sshd - a login of alice\n`;
    // Without a timestamp: its time is when the file was uploaded.
    const start = 'sshd starts\n';
    const filler = '2026-11-01T00:00:00Z INFO sshd - closed alice\n'.repeat(120_000);
    writeFileSync(join(hosts, 'web-1', 'login-1.log'), start + filler + login('10'));
    writeFileSync(join(hosts, 'web-1', 'login-2.log'), login('02'));
    const unparsed = JSON.stringify({
      type: 'source',
      source: {
        name: join(hosts, 'web-1', 'login-1.log'),
        lines: 120_002,
        unparsed: 1,
        firstUnparsed: { line: 1, text: 'sshd starts' },
        distant: 0,
        stray: 0,
        firstStray: null,
      },
    });
    const results = [unparsed, counted('web-1', '2026-11-02', 1), counted('web-1', '2026-11-10', 1)];
    expect(await replay(hosts)).toEqual(results);
    expect(await once(hosts)).toEqual(results);
  });

  it('counts every login once when it is killed and started again, as replay does', async () => {
    const [data, hosts] = [folders.make(), folders.make()];
    const start = (): Child =>
      spawnChild(
        'run-local',
        ...[example, 'logins', ...set, `dataDir=${data}`],
        ...['generator.hosts=0', `generator.folder=${hosts}`, 'upload.schedule=* * * * * *'],
      );
    const countedNow = (): Promise<Map<string, number>> =>
      withEventLog(data, async (log) => {
        const records = await readRecords(log, 'login-counts').catch(() => []);
        return new Map(records.map(({ key, value }) => [String(key), Number(value)]));
      });
    const total = async (child: Child): Promise<number> => {
      child.checkRunning();
      return [...(await countedNow()).values()].reduce((sum, count) => sum + count, 0);
    };

    // Kills it as soon as some of each part is counted.
    for (const end of [90, 180, 270]) {
      writeLines(hosts, end - 90, end);
      const child = start();
      await until('some logins are counted', MINUTE, async () => (await total(child)) > end - 90);
      await child.kill();
    }
    const last = start();
    await until('all logins are counted', MINUTE, async () => (await total(last)) >= 270);
    const lines = [...(await countedNow())]
      .sort()
      .map(([key, count]) => `{"type":"logins","key":${key},"count":${count}}`);
    expect(lines).toEqual(await replay(hosts));
  }, 180_000);

  // It registers the tests of `describeJob`.
  createRequire(__filename)(
    writeCode('logins-job.ts', testCode, {
      '../../src/pipelines/logins': example,
      '../../': `${root}/`,
      '../support/': `${root}/test/support/`,
      './job': `${root}/test/contract/job`,
      'fast-check': require.resolve('fast-check'),
      '@node-rs/crc32': require.resolve('@node-rs/crc32'),
    }),
  );
});

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLocal } from '../../src/apps/local';
import { runReplay } from '../../src/commands/replay';
import { loadConfig, writtenConfig, type Config } from '../../src/config';
import { projectFile } from '../../src/project-file';
import type { ListedPipeline } from '../../src/stream/pipeline';
import { killChildren, spawnChild } from '../contract/children/spawn-child';
import { collectingIo } from '../support/in-process';
import { tempFolders } from '../support/temp-folder';
import { readRecords, withEventLog } from '../support/topics';
import { until } from '../support/until';

const folders = tempFolders();
const code = /^```ts\n(.*?)^```$/ms.exec(readFileSync(projectFile('docs/write-a-pipeline.md'), 'utf8'))?.[1] ?? '';

/** Writes the code of the page where it can be imported. */
function writeExample(): string {
  const file = join(folders.make(), 'logins.ts');
  const source = projectFile('src');
  writeFileSync(file, code.replaceAll("'../../", `'${source}/`).replace("'zod'", `'${require.resolve('zod')}'`));
  return file;
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
  const example = writeExample();
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

  it('prints the same results with replay and with local --once', async () => {
    const hosts = folders.make();
    writeLines(hosts, 0, 100);
    const io = collectingIo();
    expect(await runLocal(config, { once: [hosts], keepData: false, json: true }, io)).toBe(0);
    expect(io.printed().split('\n').slice(0, -1)).toEqual(await replay(hosts));
    expect(await replay(hosts)).toContain(`{"type":"logins","key":["web-1",${Date.parse('2026-11-20')}],"count":2}`);
  });

  it('counts every login once when it is killed and started again, as replay does', async () => {
    const [data, hosts] = [folders.make(), folders.make()];
    const start = (): ReturnType<typeof spawnChild> =>
      spawnChild(
        'run-local',
        ...[example, 'logins', ...set, `dataDir=${data}`],
        ...['generator.hosts=0', `generator.folder=${hosts}`, 'upload.schedule=* * * * * *'],
      );
    const counted = (): Promise<Map<string, number>> =>
      withEventLog(data, async (log) => {
        const records = await readRecords(log, 'login-counts').catch(() => []);
        return new Map(records.map(({ key, value }) => [String(key), Number(value)]));
      });
    const total = async (): Promise<number> => [...(await counted()).values()].reduce((sum, count) => sum + count, 0);

    // Kills it as soon as some of each part is counted.
    for (const end of [90, 180, 270]) {
      writeLines(hosts, end - 90, end);
      const child = start();
      await until('some logins are counted', MINUTE, async () => (await total()) > end - 90);
      await child.kill();
    }
    start();
    await until('all logins are counted', MINUTE, async () => (await total()) >= 270);
    const lines = [...(await counted())]
      .sort()
      .map(([key, count]) => `{"type":"logins","key":${key},"count":${count}}`);
    expect(lines).toEqual(await replay(hosts));
  }, 180_000);
});

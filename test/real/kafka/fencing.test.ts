import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLines } from '../../support/topics';
import { openKafka } from '../../support/kafka';
import { KafkaSite, SITE_MS } from '../../support/kafka-site';
import { until } from '../../support/until';

const MINUTE = 60_000;

describe('two producers with one transactional id', () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open();
  }, SITE_MS);
  afterAll(() => site.close(), SITE_MS);

  it(
    'stop the older one with a sentence when it writes, let a restarted one take over, and repeat no line',
    async () => {
      const objects = (dataDir: string): string => join(dataDir, 'store/objects/telltale-logs/logs/web-1');
      const text = '2026-11-21 10:00:00.000 [main] INFO  c.e.App - line';
      const put = (dataDir: string, lines: number): void => {
        mkdirSync(objects(dataDir), { recursive: true });
        const content = Array.from({ length: lines }, (_, i) => `${text} ${i}\n`).join('');
        writeFileSync(join(objects(dataDir), 'app.log'), content);
      };
      const other = join(site.data, 'other');
      put(site.data, 3);
      const older = site.start('producer');
      await older.logged(/producer is ready/);
      const log = await openKafka([site.broker]);
      const published = async (): Promise<number> => Object.values(await readLines(log)).flat().length;
      await until('the first lines are there', MINUTE, async () => (await published()) === 3);

      put(other, 5);
      const newer = site.start('producer', other);
      await newer.logged(/producer is ready/);
      await until('the newer continues where the older stood', MINUTE, async () => (await published()) === 5);

      put(site.data, 7);
      expect(await older.exited).toBe(1);
      expect(older.err()).toContain('another producer has taken over');
      expect(await published()).toBe(5);

      const restarted = site.start('producer');
      await restarted.logged(/producer is ready/);
      await until('the restarted one continues where the newer stood', MINUTE, async () => (await published()) === 7);
      put(other, 9);
      expect(await newer.exited).toBe(1);
      expect(newer.err()).toContain('another producer has taken over');
      expect(await published()).toBe(7);
      expect(await restarted.end('SIGINT')).toBe(0);
      await log.close();
    },
    5 * MINUTE,
  );
});

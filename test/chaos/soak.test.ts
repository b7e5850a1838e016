import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openKafka } from '../support/kafka';
import { readWithKcat } from '../support/kcat';
import { allComparable, KafkaSite, SITE_MS } from '../support/kafka-site';
import { readWindows } from '../support/topics';
import { until } from '../support/until';
import type { Program } from '../support/local-process';

/** Half an hour of bursts, rewrites and broker restarts: memory stays flat, and no line is lost or repeated. */
const MINUTES = Number(process.env['TELLTALE_TEST_SOAK_MINUTES'] ?? 30);
const MINUTE = 60_000;
const REWRITER = 'rewriter-1';
const STEP_MS = 10_000;

describe('Telltale on Kafka under load for a long time', () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open({ 'generator.pauseMax': '10ms' });
  }, SITE_MS);
  afterAll(() => site.close(), SITE_MS);

  it(
    `of ${MINUTES} minutes`,
    async () => {
      for (const host of [REWRITER, 'burst-1']) mkdirSync(join(site.hosts, host), { recursive: true });
      const generator = site.start('generator');
      const programs = { producer: site.start('producer'), consumer: site.start('consumer') };
      const contents: string[] = [];
      const memory: { producer: number; consumer: number }[] = [];
      const steps = (MINUTES * MINUTE) / STEP_MS;
      for (let step = 0; step < steps; step++) {
        if (step % 6 === 0) contents.push(rewrite(step));
        if (step % 18 === 9) appendFileSync(join(site.hosts, 'burst-1', 'app.log'), lines(60_000, `burst ${step}`));
        if (step % 30 === 20) await site.crashBroker();
        await pause(STEP_MS);
        memory.push({ producer: residentMiB(programs.producer), consumer: residentMiB(programs.consumer) });
      }
      expect(await generator.end('SIGINT')).toBe(0);

      const replayed = withoutRewriter(allComparable(await site.replayedWindows()));
      const log = await openKafka([site.broker]);
      let windows = new Map<string, object>();
      await until('windows equal a replay', 5 * MINUTE, async () => {
        windows = withoutRewriter(allComparable(await readWindows(log)));
        return JSON.stringify([...windows].sort()) === JSON.stringify([...replayed].sort());
      });
      await log.close();
      expect(await programs.producer.end('SIGINT')).toBe(0);
      expect(await programs.consumer.end('SIGINT')).toBe(0);
      expect(await site.compareWithKcat(REWRITER)).toEqual([]);
      expect(await generations()).toEqual(contents);

      const [early, late] = [memory.slice(0, memory.length / 3), memory.slice((memory.length * 2) / 3)];
      const report = (['producer', 'consumer'] as const).map((name) => {
        const peak = (samples: typeof memory): number => Math.max(...samples.map((sample) => sample[name]));
        return { name, earlyMiB: peak(early), lateMiB: peak(late) };
      });
      console.log(
        JSON.stringify({ minutes: MINUTES, rewrites: contents.length, windows: windows.size, memory: report }),
      );
      for (const { earlyMiB, lateMiB } of report) expect(lateMiB).toBeLessThan(1.3 * earlyMiB + 20);
    },
    (MINUTES + 20) * MINUTE,
  );

  function lines(count: number, text: string): string {
    const stamp = new Date().toISOString().replace('T', ' ').slice(0, 23);
    return Array.from({ length: count }, (_, i) => `${stamp} [main] INFO  c.e.Soak - ${text} line ${i}\n`).join('');
  }

  /** Replaces a file's content as `sed -i` does. @returns the new content */
  function rewrite(step: number): string {
    const content = lines(200 + (step % 7) * 50, `content of step ${step}`);
    writeFileSync(join(site.data, 'rewritten'), content);
    renameSync(join(site.data, 'rewritten'), join(site.hosts, REWRITER, 'app.log'));
    return content;
  }

  /** The content of topic `logs` for each generation of the rewritten file, as kcat reads it. */
  async function generations(): Promise<string[]> {
    const contents: string[] = [];
    for (let partition = 0; partition < 10; partition++) {
      for await (const { key, headers, value } of readWithKcat(site.broker, 'logs', partition)) {
        if (key.split('/')[2] !== REWRITER) continue;
        const generation = Number(headers.get('at')?.split(':')[0]);
        contents[generation] = `${contents[generation] ?? ''}${value}\n`;
      }
    }
    return contents;
  }

  function withoutRewriter(windows: ReadonlyMap<string, object>): Map<string, object> {
    return new Map([...windows].filter(([name]) => !name.startsWith(REWRITER)));
  }

  function residentMiB(program: Program): number {
    const status = readFileSync(`/proc/${program.process.pid ?? 0}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1024);
  }
});

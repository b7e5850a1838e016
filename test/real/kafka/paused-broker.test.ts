import { setTimeout as pause } from 'node:timers/promises';
import { KafkaSite, SITE_MS } from '../../support/kafka-site';
import type { Program } from '../../support/local-process';
import { until } from '../../support/until';

const MINUTE = 60_000;
const PAUSE_MS = 90_000;
/** `shutdownTimeout`, and some time for a process on a busy machine. */
const STOPPED_WITHIN_MS = 20_000 + 8_000;

describe('a broker whose process is paused', () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open({ 'generator.pauseMin': '5ms', 'generator.pauseMax': '20ms' });
  }, SITE_MS);
  afterEach(() => site.signalBroker('CONT'));
  afterAll(() => site.close(), SITE_MS);

  /** The status of a page of health, and its text. */
  const ask = async (program: Program, path: string): Promise<string> => {
    const url = /"(?:status|metrics)":"(http[^"]+)"/.exec(program.err())?.[1] ?? '';
    const answer = await fetch(`${url}${path}`);
    return `${answer.status} ${await answer.text()}`;
  };

  it(
    'makes the programs not ready, and they continue when it does: no line is lost or repeated',
    async () => {
      const generator = site.start('generator');
      const [producer, consumer] = [site.start('producer'), site.start('consumer')];
      await producer.logged(/producer is ready/);
      await consumer.logged(/partitions assigned.*"logs"/);
      await site.countedWindows();
      for (const program of [producer, consumer]) expect(await ask(program, 'readyz')).toBe('200 ok\n');

      site.signalBroker('STOP');
      const pausedAt = performance.now();
      for (const program of [producer, consumer]) {
        await until('it is not ready', MINUTE, async () =>
          (await ask(program, 'readyz')).startsWith('503 not ready\n'),
        );
        expect(await ask(program, 'readyz')).toContain('Cannot ');
        expect(await ask(program, 'livez')).toBe('200 ok\n');
      }
      expect(consumer.err()).toContain('not ready: Cannot ');
      await pause(Math.max(0, PAUSE_MS - (performance.now() - pausedAt)));
      site.signalBroker('CONT');
      expect(await generator.end('SIGINT')).toBe(0);

      await site.untilReplayed(4 * MINUTE);
      for (const program of [producer, consumer]) {
        await until('it is ready', 2 * MINUTE, async () => (await ask(program, 'readyz')) === '200 ok\n');
      }
      expect(await site.compareWithKcat()).toEqual([]);

      site.signalBroker('STOP');
      const signaledAt = performance.now();
      await Promise.all([producer, consumer].map((program) => program.end('SIGTERM')));
      expect(performance.now() - signaledAt).toBeLessThan(STOPPED_WITHIN_MS);
      for (const program of [producer, consumer]) expect(program.err()).toMatch(/"message":"stopped/);
    },
    SITE_MS + 10 * MINUTE,
  );
});

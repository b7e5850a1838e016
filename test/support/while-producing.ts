import { runProducer } from '../../src/apps/producer';
import type { Config } from '../../src/config';
import { collectingIo, type CollectingIo } from './in-process';

/** Runs a producer that drains as soon as `work` is done. */
export async function whileProducing(
  config: Config,
  work: () => Promise<void>,
  io: CollectingIo = collectingIo(),
): Promise<void> {
  const ended = runProducer(config, io);
  await io.whenLogged(/^producer is ready/);
  try {
    await work();
  } finally {
    io.interrupt();
  }
  expect(await ended).toBe(0);
}

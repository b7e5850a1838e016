import { Shutdown } from '../../src/shutdown';

const never = (): Promise<never> => new Promise(() => undefined);

describe('Shutdown', () => {
  it('gives each step a share of the time that remains', async () => {
    let now = 1_000;
    const shutdown = new Shutdown(20_000, () => now);
    const shares: number[] = [];
    shutdown.begin();
    now += 4_000;
    shutdown.begin();
    await shutdown.step('one', 0.5, (withinMs) => Promise.resolve(shares.push(withinMs)));
    now += 8_000;
    await shutdown.step('two', 0.25, (withinMs) => Promise.resolve(shares.push(withinMs)));
    now += 30_000;
    await shutdown.step('three', 1, (withinMs) => Promise.resolve(shares.push(withinMs)));
    expect(shares).toEqual([8_000, 2_000, 0]);
    expect([shutdown.left, shutdown.isIncomplete]).toEqual([[], false]);
  });

  it('gives up a step that does not end, and continues with the next one', async () => {
    const shutdown = new Shutdown(20);
    shutdown.begin();
    await shutdown.step('the first', 0.5, never);
    await shutdown.step('the second', 0.5, () => Promise.resolve());
    shutdown.leave('something in good order');
    expect(shutdown.left).toEqual(['the first', 'something in good order']);
    expect(shutdown.isIncomplete).toBe(true);
  });

  it('returns the error of a step, which is left', async () => {
    const shutdown = new Shutdown(20_000);
    const error = new Error('no such luck');
    expect(await shutdown.step('the step', 1, () => Promise.reject(error))).toBe(error);
    expect(shutdown.left).toEqual(['the step']);
  });

  it('names a step that is active', async () => {
    const shutdown = new Shutdown(20_000);
    let end: () => void = () => undefined;
    const step = shutdown.step('the step', 1, () => new Promise<void>((resolve) => (end = resolve)));
    expect(shutdown.left).toEqual(['the step']);
    end();
    await step;
    expect(shutdown.left).toEqual([]);
  });

  it('does not hurry a program that ends by itself', () => {
    expect(new Shutdown(1).remainingMs).toBeGreaterThan(3_600_000);
  });
});

import { onSchedule } from '../../../src/apps/schedule';
import { collectingIo } from '../../support/in-process';

describe('onSchedule', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('logs missed runs, and prints nothing', async () => {
    const printed = [jest.spyOn(console, 'log'), jest.spyOn(console, 'warn'), jest.spyOn(console, 'error')];
    const io = collectingIo();
    const task = onSchedule('* * * * * *', () => undefined, io.log);
    await jest.advanceTimersByTimeAsync(2000);
    // The process stood still.
    jest.setSystemTime(Date.now() + 10_000);
    await jest.advanceTimersByTimeAsync(2000);
    await task.destroy();
    const warnings = io.logged.filter(({ level }) => level === 'warn');
    expect(warnings[0]).toMatchObject({
      message: 'schedule',
      fields: { schedule: '* * * * * *', detail: expect.stringMatching(/missed/i) as string },
    });
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });
});

import { HealthMonitor } from '../../../src/apps/health-monitor';
import { TelltaleError } from '../../../src/errors';
import type { EventLogProblem } from '../../../src/ports/event-log';

describe('HealthMonitor', () => {
  const crash = (path: string, error: Error, restartInMs: number | null = 100) => ({
    path,
    error,
    restartInMs,
    gaveUp: restartInMs === null,
    message: undefined,
  });

  it.each([
    ['a part', 'consumer://consumer/counting-0', new Error('a bug'), ['counting-0 has stopped: a bug']],
    ['the root of the parts', 'producer://producer', new Error('a bug'), ['producer has stopped: a bug']],
    ['the reader of one object', 'producer://producer/ingest/reader-7', new Error('a bug'), []],
    ['a part that is held', 'consumer://consumer/counting-0', new TelltaleError('RESET_NEEDED', 'reset it'), []],
    [
      'a part with damaged state',
      'consumer://consumer/mailer',
      new TelltaleError('EVENT_LOG_DAMAGED', 'repair it'),
      [],
    ],
  ])('judges that %s has stopped', (_, path, error, expected) => {
    const monitor = new HealthMonitor(() => 0);
    monitor.crashed(crash(path, error, null));
    expect(monitor.notAlive()).toEqual(expected);
  });

  it('takes a part that crashes while it is being stopped for neither stopped nor restarting', () => {
    const monitor = new HealthMonitor(() => 0);
    monitor.started({ problems: () => [] }, { warn: () => undefined, info: () => undefined });
    const aborted = new TelltaleError('TRANSACTION_ABORTED', 'The transaction was open for 92 s');
    const stopping = { ...crash('consumer://consumer/counting-9', aborted, null), gaveUp: false };
    for (let i = 0; i < 3; i++) monitor.crashed(stopping);
    monitor.close();
    expect([monitor.notAlive(), monitor.notReady()]).toEqual([[], []]);
  });

  it('logs what the event log waits for once, when it begins and when it ends', () => {
    jest.useFakeTimers();
    try {
      const said: string[] = [];
      const logger = {
        warn: (message: string, fields?: object) => said.push(`${message} ${JSON.stringify(fields)}`),
        info: (message: string, fields?: object) => said.push(`${message} ${JSON.stringify(fields)}`),
      };
      let problems: EventLogProblem[] = [];
      const monitor = new HealthMonitor();
      monitor.started({ problems: () => problems }, logger);
      problems = [{ about: 'group telltale-counting', problem: 'Cannot use the group' }];
      jest.advanceTimersByTime(15_000);
      expect(monitor.notReady()).toEqual(['Cannot use the group']);
      problems = [];
      jest.advanceTimersByTime(15_000);
      expect(monitor.notReady()).toEqual([]);
      monitor.close();
      problems = [{ about: 'too late', problem: 'too late' }];
      jest.advanceTimersByTime(15_000);
      expect(said).toEqual([
        'not ready: Cannot use the group {"about":"group telltale-counting"}',
        'ready again {"about":"group telltale-counting"}',
      ]);
    } finally {
      jest.useRealTimers();
    }
  });
});

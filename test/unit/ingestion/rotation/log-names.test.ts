import { readLogName } from '../../../../src/ingestion/rotation/log-names';

describe('the name of a log file', () => {
  it.each<[string, string | null, string | null, boolean]>([
    // name, never, base, mayStandAlone
    ['app.log', null, null, true],
    ['syslog', null, null, true],
    ['service.v2.log', null, null, true],
    ['app.log.1', null, 'app.log', false],
    ['app.log.old', null, 'app.log', false],
    ['syslog.12', null, 'syslog', false],
    ['app.1.log', null, 'app.log', true],
    ['app.log-20261121', null, 'app.log', true],
    ['messages-20261121-1763700000', null, 'messages', true],
    ['app.log.2026-11-21', null, 'app.log', true],
    ['app.log.2026-11', null, 'app.log', true],
    ['app.2026-11-21.log', null, 'app.log', true],
    ['app-20261121.log', null, 'app.log', true],
    ['host-1.2021-10-17.log', null, 'host-1.log', true],
    ['api.web1.log.INFO.20261130-180000.4711', null, 'api.web1.log.INFO', true],
    ['app.log.gz', 'compressed', 'app.log', true],
    ['app.log.2.zst', 'compressed', 'app.log', false],
    ['app.2.log.gz', 'compressed', 'app.log', true],
    ['app.log.swp', 'scratch', null, true],
    ['.app.log.swp', 'scratch', null, true],
    ['app.log~', 'scratch', null, true],
    ['app.log.1.gz.tmp', 'scratch', null, true],
    ['.app.log', 'hidden', null, true],
    ['.1', 'hidden', null, true],
  ])('reads %s', (name, never, base, mayStandAlone) => {
    expect(readLogName(name)).toEqual({ never, base, mayStandAlone });
  });

  it('takes bounded time for any name', () => {
    for (const part of ['-20261121', '.1', '-2026-11-21_1', '.log']) {
      const started = performance.now();
      readLogName(part.repeat(100_000));
      readLogName(part.repeat(255 / part.length));
      expect(performance.now() - started).toBeLessThan(100);
    }
  });
});

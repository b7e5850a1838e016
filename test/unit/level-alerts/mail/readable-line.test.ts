import { readableLine } from '../../../../src/pipelines/level-alerts/mail/readable-line';

const docker = (log: string): string =>
  JSON.stringify({ log: `${log}\n`, stream: 'stderr', time: '2026-11-20T10:00:02.5Z' });

describe('readableLine', () => {
  it.each([
    [
      '{"timestamp":"2026-11-20T10:00:01Z","level":"error","event":"refund\\t\\"declined\\"","order":17}',
      '2026-11-20T10:00:01.000Z ERROR refund\t"declined"',
    ],
    [
      '{"time":1795168801000,"level":50,"pid":7,"hostname":"web-1","msg":"gone"}',
      '2026-11-20T10:00:01.000Z ERROR gone',
    ],
    [
      '{"asctime":"2026-11-20 10:00:01,123","levelname":"CRITICAL","message":"gone"}',
      '2026-11-20T10:00:01.123 ERROR gone',
    ],
    [
      '{"version":"1.1","short_message":"gone","level":3,"timestamp":1795168801}',
      '2026-11-20T10:00:01.000Z ERROR gone',
    ],
    ['{"level":"error","msg":"gone"}', 'ERROR gone'],
    [
      '{"time":"2026-11-20T10:00:01Z","level":"error","msg":"a long message that is cu',
      '2026-11-20T10:00:01.000Z ERROR a long message that is cu',
    ],
    [docker('10:00:01.123 [main] ERROR a.b - gone'), '10:00:01.123 [main] ERROR a.b - gone'],
    [docker('ERROR:root:gone'), '2026-11-20T10:00:02.500Z ERROR:root:gone'],
    [docker('{"level":"error","msg":"gone"}'), '2026-11-20T10:00:02.500Z ERROR gone'],
    [docker('{"ts":"2026-11-20T10:00:01Z","level":"error","msg":"gone"}'), '2026-11-20T10:00:01.000Z ERROR gone'],
    ['{"level":"error","code":17}', '{"level":"error","code":17}'],
    ['{"time":1e300,"level":"error","msg":"gone"}', 'ERROR gone'],
    ['2026-11-20 10:00:01 ERROR {"msg":"gone"}', '2026-11-20 10:00:01 ERROR {"msg":"gone"}'],
    ['', ''],
  ])('shows %s', (line, readable) => {
    expect(readableLine(line)).toBe(readable);
  });
});

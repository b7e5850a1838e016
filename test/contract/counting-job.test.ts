import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { createCounting } from '../../src/pipelines/level-alerts/counting/counting';
import { Level, LineFlag } from '../../src/lines/line-batch';
import { encodeLines } from '../../src/lines/log-records';
import { decodeBatch } from '../../src/records/record-batch';
import { linesOf } from '../support/lines';
import { options, recordsOf } from '../unit/level-alerts/counting/support';
import { runs } from '../support/runs';
import { describeJob, type InputRecord } from './job';

/** Small enough that idleness and eviction happen within a few dozen lines. */
const small = { ...options, windowMs: 10, disorderMs: 3, idleAfterMs: 40, keepWindowsMs: 150, maxWindows: 4 };

const texts = [
  'ERROR a.B - lost 5',
  'java.io.IOException: x',
  '\tat com.acme.Pay.run(Pay.java:7)',
  'Traceback (most recent call last):',
  '  File "/app/pay.py", line 3, in charge',
  'ValueError: no',
];

const line = fc.record({
  wait: fc.oneof({ weight: 8, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(400) }),
  source: fc.constantFrom('b/h1/a', 'b/h1/b', 'b/h2/a', 'b/h3/a'),
  lag: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -15, max: 5 }) },
    { weight: 1, arbitrary: fc.integer({ min: -400, max: 30 }) },
  ),
  level: fc.constantFrom(Level.ERROR, Level.ERROR, Level.INFO, Level.CONT, Level.CONT, Level.RAW),
  flags: fc.constantFrom(0, 0, 0, 0, LineFlag.AGAIN, LineFlag.FUTURE, LineFlag.CUT_REST, LineFlag.GAP),
  text: fc.constantFrom(...texts),
});

const input: fc.Arbitrary<readonly InputRecord[]> = fc.array(line, { maxLength: 50 }).map((lines) => {
  let now = 1_000;
  return lines.flatMap(({ wait, source, lag, level, flags, text }, i) => {
    now += wait;
    const of = { source, origin: source.split('/')[1] ?? '', generation: 0 };
    const batch = linesOf([{ time: now + lag, level, flags, text, offset: i }], of);
    const [record] = decodeBatch(encodeLines(batch, now, crc32c), 0);
    return record === undefined ? [] : [{ topic: 'logs', partition: 3, record }];
  });
});

describe.each([
  ['keeps its origins', small],
  ['evicts idle origins', { ...small, keepOriginsMs: 151 }],
])('counting that %s', (_, counting) => {
  describeJob({
    job: createCounting(counting),
    partition: 3,
    input,
    ending: () => [{ type: 'end' }],
    // Revisions depend on flushes.
    finals: (latest) =>
      recordsOf({ outputs: latest('windows') })
        .map((record) => ({ ...record, revision: 0 }))
        .sort((a, b) => (`${a.origin} ${a.windowStart}` < `${b.origin} ${b.windowStart}` ? -1 : 1)),
    numRuns: runs(150),
  });
});

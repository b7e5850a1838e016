import { Backlog } from '../../../../src/pipelines/level-alerts/alerting/backlog';
import { barrierRecord, jobPositionRecord, parseProgress } from '../../../../src/stream/progress';

const minute = 60_000;
const start = Date.parse('2026-12-01T10:00:00Z');
const wait = 10 * minute;

function made(): Backlog {
  return new Backlog(wait);
}

function barrier(backlog: Backlog, at: number, end: number, complete = true): void {
  const { key, value } = barrierRecord({ v: 1, at, ends: { logs: [0, end] }, complete });
  const record = parseProgress(key, value);
  if (record !== null) backlog.note(record);
}

function counted(backlog: Backlog, offset: number, job = 'counting'): void {
  const { key, value } = jobPositionRecord(`${job}/1`, [{ topic: 'logs', partition: 1, offset }], start);
  const record = parseProgress(key, value);
  if (record !== null) backlog.note(record);
}

describe('a backlog', () => {
  it('is read at the second tick after counting has come to the barrier', () => {
    const backlog = made();
    barrier(backlog, start, 100);
    counted(backlog, 99);
    expect([backlog.isRead(start), backlog.isRead(start + 1000)]).toEqual([false, false]);
    counted(backlog, 100);
    expect([backlog.isRead(start + 2000), backlog.isRead(start + 3000)]).toEqual([false, true]);
  });

  it('is not read by the positions of another job', () => {
    const backlog = made();
    barrier(backlog, start, 100);
    counted(backlog, 100, 'classify');
    expect([0, 1, 2].map((tick) => backlog.isRead(start + tick * 1000))).toEqual([false, false, false]);
  });

  it('is read again as soon as windows have not come for 2 s, or for a minute without a pause', () => {
    const backlog = made();
    barrier(backlog, start, 100);
    counted(backlog, 100);
    backlog.isRead(start);
    backlog.noteWindow(start);
    expect([1999, 2000].map((after) => backlog.isRead(start + after))).toEqual([false, true]);
    const from = start + 10_000;
    const ticks = Array.from({ length: 61 }, (_, second) => {
      backlog.noteWindow(from + second * 1000);
      return backlog.isRead(from + second * 1000);
    });
    expect(ticks.indexOf(true)).toBe(60);
  });

  it('is not read with an old barrier, as after both programs were down, until the next one comes', () => {
    const backlog = made();
    barrier(backlog, start - 12 * 60 * minute, 100);
    counted(backlog, 100);
    expect([0, 1, 2].map((tick) => backlog.isRead(start + tick * 1000))).toEqual([false, false, false]);
    barrier(backlog, start + 3000, 900);
    counted(backlog, 900);
    expect([3, 4].map((tick) => backlog.isRead(start + tick * 1000))).toEqual([false, true]);
  });

  it('is not read while objects are still to be read', () => {
    const backlog = made();
    barrier(backlog, start, 100, false);
    counted(backlog, 100);
    expect([0, 1].map((tick) => backlog.isRead(start + tick * 1000))).toEqual([false, false]);
  });

  it('is awaited for a limited time: 10 minutes where no barrier ever came, an hour where they have stopped', () => {
    const never = made();
    expect([0, 10 * minute - 1, 10 * minute].map((after) => never.isRead(start + after))).toEqual([false, false, true]);
    const stopped = made();
    barrier(stopped, start - 16 * minute, 100);
    expect([0, 60 * minute - 1, 60 * minute].map((after) => stopped.isRead(start + after))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is awaited when hosts return after a long silence: the producer was down, the consumer was not', () => {
    const backlog = made();
    barrier(backlog, start, 100);
    counted(backlog, 100);
    backlog.isRead(start);
    const back = start + 12 * 60 * minute;
    expect([backlog.isRead(start + 16 * minute), backlog.isRead(back)]).toEqual([false, true]);
    // The first of ten hosts is counted; the producer still reads the others.
    backlog.noteWindow(back + 1000);
    expect([2, 10, 600].map((second) => backlog.isRead(back + second * 1000))).toEqual([false, false, false]);
    expect(backlog.isKnown).toBe(false);
    barrier(backlog, back + 700_000, 900);
    counted(backlog, 900);
    expect([701, 702].map((second) => backlog.isRead(back + second * 1000))).toEqual([false, true]);
    expect(backlog.isKnown).toBe(true);
  });

  it('is read at once when there is nothing to wait for', () => {
    expect(new Backlog(0).isRead(start)).toBe(true);
  });
});

test.each([
  ['no key', null, '{}'],
  ['a tombstone', 'producer', null],
  ['no JSON', 'producer', '{'],
  ['another version', 'producer', '{"v":2,"at":1,"ends":{},"complete":true}'],
  ['an end that is not a number', 'producer', '{"v":1,"at":1,"ends":{"logs":["x"]},"complete":true}'],
  ['a position without a topic', 'counting/0', '{"v":1,"positions":[{"partition":0,"offset":1}]}'],
])('progress is not understood from %s', (_, key, value) => {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
  expect(parseProgress(bytes(key), bytes(value))).toBeNull();
});

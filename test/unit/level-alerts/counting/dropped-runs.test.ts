import { addRun, maxRuns, runAt, type Run } from '../../../../src/pipelines/level-alerts/counting/dropped-runs';

const run = (from: number, to: number): Run => ({ from, to });

describe('runs of dropped windows', () => {
  it.each<[string, Run[], Run, Run[]]>([
    ['the first', [], run(0, 60), [run(0, 60)]],
    ['a run behind', [run(0, 60)], run(120, 180), [run(0, 60), run(120, 180)]],
    ['a run before', [run(120, 180)], run(-60, 0), [run(-60, 0), run(120, 180)]],
    ['a neighbour', [run(0, 60)], run(60, 120), [run(0, 120)]],
    ['what joins two', [run(0, 60), run(120, 180)], run(60, 120), [run(0, 180)]],
    ['what is inside', [run(0, 180)], run(60, 120), [run(0, 180)]],
    ['what overlaps', [run(0, 100)], run(60, 120), [run(0, 120)]],
  ])('adds %s', (_name, runs, added, expected) => {
    expect(addRun(runs, added)).toEqual(expected);
  });

  it('merges the two nearest when there are too many', () => {
    let runs: readonly Run[] = [];
    for (let i = 0; i < maxRuns; i++) runs = addRun(runs, run(i * 1000, i * 1000 + 10));
    runs = addRun(runs, run(5_500, 5_510));
    expect(runs).toHaveLength(maxRuns);
    expect(runAt(runs, 5_300)).toEqual(run(5_000, 5_510));
    expect(runAt(runs, 5_700)).toBeUndefined();
  });

  it('holds its start and not its end', () => {
    const runs = addRun([], run(0, 60));
    expect([-1, 0, 59, 60].map((time) => runAt(runs, time) !== undefined)).toEqual([false, true, true, false]);
  });
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRandom } from '../../src/generator/random';
import { casesOf, runCase, undisturbed, type Case, type Row } from '../support/faults/campaign';
import { commandScenarios, removeTemplate } from '../support/faults/command-scenarios';
import { hasFaults } from '../support/faults/kinds';
import { FaultyPrograms, type Site } from '../support/faults/programs';
import { notReached, reportOf, summaryOf } from '../support/faults/report';
import { live, once, watch, type Scenario } from '../support/faults/scenarios';
import { staticSites } from '../support/faults/static-sites';
import { tempFolders } from '../support/temp-folder';

/**
 * Each call of the file system, of sockets and of SQLite fails once per error that it may meet. `TELLTALE_TEST_FAULTS=all`
 * runs every scenario with every fault; else a sample of one scenario is drawn, by `TELLTALE_TEST_SEED`.
 */
const isAll = process.env['TELLTALE_TEST_FAULTS'] === 'all';
const seed = Number(process.env['TELLTALE_TEST_SEED'] ?? 1);
const SAMPLE = 4;
const REPORT = join(__dirname, '../../dist/faults.md');
/** Programs that run at once. */
const AT_ONCE = 2;

jest.setTimeout(4 * 60 * 60_000);

const folders = tempFolders();
const programs = new FaultyPrograms();
const reached: Site[] = [];
const rows: Row[] = [];

afterAll(() => {
  programs.remove();
  removeTemplate();
  if (!isAll) return;
  const report = reportOf(rows, notReached(staticSites(hasFaults), reached));
  mkdirSync(dirname(REPORT), { recursive: true });
  writeFileSync(REPORT, report);
  process.stdout.write(`${summaryOf(rows)}\n${report.slice(report.indexOf('## Not reached'))}\nsee ${REPORT}\n`);
});

const scenarios: readonly Scenario[] = isAll ? [once, watch, live, ...commandScenarios] : [once];

describe.each(scenarios)('$name', (scenario) => {
  it('loses and repeats nothing, and names the fault, when a call fails', async () => {
    const expected = await undisturbed(programs, scenario, folders.make());
    reached.push(...expected.sites);
    const cases = casesOf(scenario, expected);
    const found = await runAll(isAll ? cases : sampleOf(cases), (each) =>
      inFolder((folder) => runCase(programs, each, expected, folder)),
    );
    rows.push(...found);
    expect(found.filter(({ problems }) => problems.length > 0)).toEqual([]);
    // A run that missed its fault proves nothing. Calls in the middle of a run come more or less often.
    expect(found.filter(({ outcome }) => outcome === 'not reached').length).toBeLessThanOrEqual(found.length / 10);
  });
});

/** Cases of different sites. */
function sampleOf(cases: readonly Case[]): readonly Case[] {
  const random = createRandom(seed, 1);
  return Array.from({ length: SAMPLE }, () => cases[random.integer(0, cases.length - 1)]).filter(
    (each) => each !== undefined,
  );
}

async function runAll(cases: readonly Case[], run: (each: Case) => Promise<Row>): Promise<readonly Row[]> {
  const waiting = [...cases];
  const done: Row[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) done.push(await run(next));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return done;
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = folders.make();
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

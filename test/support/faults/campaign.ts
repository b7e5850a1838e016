import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { faultsOf, nameOf, type Fault } from './kinds';
import type { FaultyPrograms, Run, Site } from './programs';
import type { Facts, Scenario } from './scenarios';

/** One fault of one site. */
export interface Case {
  readonly scenario: Scenario;
  readonly site: Site;
  readonly nth: number;
  readonly fault: Fault;
}

/** The effect of a fault. */
export interface Row {
  readonly scenario: string;
  readonly site: string;
  readonly fault: string;
  readonly outcome: string;
  /** The warnings and errors of the program. */
  readonly said: string;
  /** Broken promises, one sentence each. */
  readonly problems: readonly string[];
}

/** A scenario without a fault: the call sites that it reaches, and what it leaves. */
export interface Undisturbed {
  readonly sites: readonly Site[];
  readonly facts: Facts;
  /** After the work was done again. */
  readonly factsAfter: Facts;
}

export async function undisturbed(programs: FaultyPrograms, scenario: Scenario, folder: string): Promise<Undisturbed> {
  await scenario.prepare(folder);
  const run = await programs.run(scenario.args(folder), null, (program) => drive(scenario, program, folder));
  if (run.exitCode !== 0) throw new Error(`${scenario.name} without a fault ended with ${run.exitCode}: ${run.err}`);
  const facts = await factsOf(scenario, run, folder);
  await scenario.again(folder);
  return { sites: run.sites, facts, factsAfter: await factsOf(scenario, null, folder) };
}

/** Every fault of every site: at its first call, and, where it is made often, also at one in the middle. */
export function casesOf(scenario: Scenario, { sites }: Undisturbed): readonly Case[] {
  return sites.flatMap((site) =>
    faultsOf(site.call, site.native).flatMap((fault) => {
      const times = site.count > 3 ? [1, Math.ceil(site.count / 2)] : [1];
      return times.map((nth) => ({ scenario, site, nth, fault }));
    }),
  );
}

/** Runs a case: with the fault, and again without it. */
export async function runCase(
  programs: FaultyPrograms,
  { scenario, site, nth, fault }: Case,
  { facts, factsAfter }: Undisturbed,
  folder: string,
): Promise<Row> {
  await scenario.prepare(folder);
  const injected = { site: site.id, nth, fault };
  const run = await programs.run(scenario.args(folder), injected, (program) => drive(scenario, program, folder));
  const row = {
    scenario: scenario.name,
    site: `${site.places.join(' < ')} ${site.call}${nth === 1 ? '' : ` (${nth})`}`,
    fault: nameOf(fault),
    said: saidBy(run),
  };
  if (run.fired === null) return { ...row, outcome: 'not reached', problems: [] };
  const problems = problemsOf(run, namesOf(run.fired.path, folder));
  const isDone = run.exitCode === 0;
  if (isDone && !LEFT.test(run.err)) {
    const found = await factsOf(scenario, run, folder);
    problems.push(...differences(found, facts).map((each) => `continued, but ${each}`));
  }
  try {
    await scenario.again(folder);
    const found = await factsOf(scenario, null, folder);
    problems.push(...differences(found, factsAfter).map((each) => `after the second run, ${each}`));
  } catch (error) {
    problems.push(`the second run failed: ${String(error)}`);
  }
  return { ...row, outcome: isDone ? 'continued' : `ended with ${String(run.exitCode)}`, problems };
}

async function drive(
  scenario: Scenario,
  program: Parameters<NonNullable<Scenario['drive']>>[0],
  folder: string,
): Promise<void> {
  await scenario.drive?.(program, folder);
}

/** How often a window was revised, and the lines that it shows, depend on the order in which files are read. */
const CHANGING = /"revision":\d+,|"samples":\[[^\]]*\],/g;

/** Names of temporary folders differ from run to run. */
async function factsOf(scenario: Scenario, run: Run | null, folder: string): Promise<Facts> {
  const printed = run !== null && scenario.printsResults ? { printed: run.out.replace(CHANGING, '') } : {};
  const facts = { ...(await scenario.facts(folder)), ...printed };
  return JSON.parse(JSON.stringify(facts).replaceAll(folder, '')) as Facts;
}

function differences(found: Facts, expected: Facts): string[] {
  return Object.keys(expected).flatMap((name) =>
    isDeepStrictEqual(found[name], expected[name])
      ? []
      : [`${name} differ: ${JSON.stringify(found[name] ?? null).slice(0, 2_000)}`],
  );
}

/** Work that is reported, and left for later: an object that is read again when it changes, a mail, an upload. */
const LEFT = /object quarantined|to be retried|left for the next start/;
const SQLITE_FILES = ['events.db', '.lock', 'copy.db'];

/** Names of a file in messages: its own, and the folders around it. */
function namesOf(path: string | null, folder: string): readonly string[] {
  if (path === null) return SQLITE_FILES;
  const names = [basename(path)];
  for (let at = path; at.length > folder.length; at = dirname(at)) names.push(at);
  return names;
}

/** The code of an error, or words for it. */
const REASON =
  /\((?:E[A-Z]+|SQLITE_[A-Z_]+)\)|may not be read by this user|is in use by|bytes were taken|could not be read: check|\(denied\)|\(refused\)/;

/** The promises for every fault that the output of a program breaks. */
function problemsOf(run: Run, names: readonly string[]): string[] {
  const { exitCode, err, wasStuck, leaks } = run;
  const problems: string[] = [];
  if (wasStuck) problems.push('it does not end');
  else if (exitCode === null || exitCode > 2) problems.push(`it ended with ${String(exitCode)}`);
  if (/^\s+at .+:\d+:\d+\)?$/m.test(err)) problems.push('a stack trace is on the terminal');
  if (err.includes('unexpected error')) problems.push('the error is unexpected');
  if (exitCode === 0) problems.push(...leaks.map((place) => `a file is still open: ${place}`));
  if (exitCode === 0 || wasStuck) return problems;
  // An audit prints the faults that it finds as results.
  const sentences = [...saidBy(run).split('\n'), ...run.out.split('\n')].filter((line) => line !== '');
  if (sentences.length === 0) problems.push('nothing is said');
  if (!sentences.some((line) => names.some((name) => line.includes(name)))) problems.push('no message names the file');
  if (!sentences.some((line) => REASON.test(line))) problems.push('no message gives the reason');
  return problems;
}

/** The warnings and errors of a program. */
function saidBy({ err }: Run): string {
  const lines = err.split('\n').filter((line) => line.startsWith('telltale: ') || /"level":"(error|warn)"/.test(line));
  return lines.map((line) => (line.startsWith('{') ? shortened(line) : line)).join('\n');
}

function shortened(line: string): string {
  const fields = Object.entries(JSON.parse(line) as Record<string, unknown>);
  return fields
    .flatMap(([name, value]) => (['time', 'level', 'actor'].includes(name) ? [] : [String(value)]))
    .join(' ');
}

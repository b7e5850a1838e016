// Changes the files that decide in many small ways (mutants), and shows which changes the unit tests do not notice:
//
//   npm run mutation                                     all groups of files.mjs
//   npm run mutation -- alerting records                 some groups
//   npm run mutation -- src/ingestion/plan.ts src/stream/delivery.ts:40-90   some files, or lines of them
//
// Prints the mutants that survive, and a table. Fails when a file has less than 90 %. A mutant that no test can notice has
// its reason in argued.json and is not counted.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { Stryker } from '@stryker-mutator/core';
import { groups } from './files.mjs';
import { conclude } from './report.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const missing = Object.values(groups)
  .flatMap(({ files }) => files)
  .filter((file) => !existsSync(here(`../../${file}`)));
if (missing.length > 0) {
  throw new Error(`scripts/mutation/files.mjs names files that do not exist: ${missing.join(', ')}. Correct the list.`);
}

/** The wanted files or parts of files, and the tests of their groups. */
function wanted(args) {
  const mutate = [];
  const tests = new Set();
  for (const arg of args.length === 0 ? Object.keys(groups) : args) {
    const [file] = arg.split(':');
    const group = groups[arg] ?? Object.values(groups).find(({ files }) => files.includes(file));
    if (group === undefined) throw new Error(`${arg} is neither a group nor a file in scripts/mutation/files.mjs`);
    mutate.push(...(arg in groups ? group.files : [arg]));
    for (const test of testsOf(group)) tests.add(test);
  }
  return { mutate, tests: [...tests] };
}

function testsOf({ tests }) {
  const names = readdirSync(here('../../test'), { recursive: true }).map((name) => `test/${name}`);
  return names.filter((name) => name.endsWith('.test.ts') && tests.some((begin) => name.startsWith(begin))).sort();
}

const { mutate, tests } = wanted(process.argv.slice(2));
await new Stryker({
  mutate,
  plugins: [here('test-runner.mjs'), here('report.mjs')],
  testRunner: 'loading',
  loadedTests: tests,
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 30,
  reporters: ['survivors'],
  ignorePatterns: ['dist', 'coverage', 'telltale-data'],
  tempDirName: '.mutation',
  logLevel: 'warn',
  warnings: { unknownOptions: false },
}).runMutationTest();
if (!conclude()) process.exitCode = 1;

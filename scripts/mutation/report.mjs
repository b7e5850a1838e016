// A reporter for StrykerJS that prints each survivor as it is found, and a table at the end.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath, URL } from 'node:url';

const leastScore = 90;
const detected = new Set(['Killed', 'Timeout']);
const undetected = new Set(['Survived', 'NoCoverage']);

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Mutants that no test can notice, each with the reason; in every file when none is named. */
const argued = JSON.parse(readFileSync(new URL('argued.json', import.meta.url), 'utf8'));
const used = new Set();
const rows = new Map();

const texts = new Map();

/** A file as it was when the run began to report on it: it may be edited meanwhile. */
function textOf(file) {
  if (!texts.has(file)) texts.set(file, readFileSync(file, 'utf8'));
  return texts.get(file);
}

const oneLine = (code) => code.replaceAll(/\s+/g, ' ');

/** The code that a mutant replaces, as one line. */
function originalOf({ fileName, location: { start, end } }) {
  const lines = textOf(fileName)
    .split('\n')
    .slice(start.line - 1, end.line);
  lines.push(lines.pop().slice(0, end.column - 1));
  return oneLine([lines[0].slice(start.column - 1), ...lines.slice(1)].join('\n'));
}

function add(mutant) {
  const file = relative(root, mutant.fileName);
  const row = rows.get(file) ?? { mutants: 0, detected: 0, survived: 0, argued: 0 };
  rows.set(file, row);
  if (!detected.has(mutant.status) && !undetected.has(mutant.status)) return;
  row.mutants++;
  if (detected.has(mutant.status)) {
    row.detected++;
    return;
  }
  const [original, replacement] = [originalOf(mutant), oneLine(mutant.replacement)];
  const entry = argued.find(
    (one) => (one.file ?? file) === file && one.original === original && one.replacement === replacement,
  );
  if (entry !== undefined) {
    used.add(entry);
    row.argued++;
    return;
  }
  row.survived++;
  const { line, column } = mutant.location.start;
  const what = mutant.status === 'NoCoverage' ? 'not reached' : 'survived';
  console.log(`${file}:${line}:${column} ${what}: ${original}  ->  ${replacement}`);
}

class SurvivorsReporter {
  onMutantTested(mutant) {
    add(mutant);
  }
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'survivors', injectableClass: SurvivorsReporter }];

/** Prints the table. Returns false when a file has less than 90 %, without the mutants that are argued. */
export function conclude() {
  const table = [...rows].map(([file, { mutants, argued: excused, ...row }]) => {
    const counted = row.detected + row.survived;
    return { file, mutants, ...row, argued: excused, score: counted === 0 ? 100 : (100 * row.detected) / counted };
  });
  console.table(table.map((row) => ({ ...row, score: row.score.toFixed(1) })));
  for (const entry of argued) {
    if (rows.has(entry.file) && !used.has(entry)) console.log(`not seen in this run: ${JSON.stringify(entry)}`);
  }
  const poor = table.filter(({ score }) => score < leastScore);
  for (const { file, score } of poor) console.error(`${file}: ${score.toFixed(1)} % is less than ${leastScore} %`);
  return poor.length === 0;
}

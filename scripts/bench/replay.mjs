// Measures speed and memory of `telltale replay` (patterns off) and of reference programs over the same file:
//
//   npm run bench -- [--megabytes 300] [--runs 5] [--log LAYOUT] [--against FOLDER]
//
// LAYOUT is one of logs.mjs: `logback` unless given, or `mixed`, in which every line has another layout than the one before.
// Prints one JSON object. Times are medians of whole processes, including startup; memory is the highest peak.
// With --against, it compares replay with that of another checkout, which is built there, and with nothing else. The two run in
// pairs, each first in every second pair, and the result has the median, lowest and highest of the pairs' ratios of wall and CPU
// time: this checkout's divided by the other's. Use 9 or more runs: a ratio of single runs says little.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { layoutNames, writeLog } from './logs.mjs';
import { measureInPairs, measureInTurns, median } from './measure.mjs';

const options = {
  megabytes: { type: 'string', default: '300' },
  runs: { type: 'string', default: '5' },
  log: { type: 'string', default: 'logback' },
  against: { type: 'string' },
};
const { values } = parseArgs({ options });
const runs = Number(values.runs);
if (!layoutNames.includes(values.log)) throw new Error(`--log must be one of ${layoutNames.join(', ')}`);

const folder = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
try {
  const file = join(folder, 'host-1', 'bench.2026-01-02.log');
  writeLog(file, Number(values.megabytes) * 1e6, values.log);
  const bytes = statSync(file).size;
  const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
  const replay = replayOf(resolve(import.meta.dirname, '../..'), file);
  const result =
    values.against === undefined
      ? { results: await compareWithPrograms(replay, file, bytes) }
      : { against: resolve(values.against), ...(await comparePairs(replay, replayOf(resolve(values.against), file))) };
  console.log(JSON.stringify({ bench: 'replay', log: values.log, bytes, runs, machine, ...result }, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function replayOf(checkout, file) {
  const cli = join(checkout, 'dist/src/cli.js');
  return [process.execPath, cli, 'replay', '--json', '--set', 'patterns.enabled=false', file];
}

async function compareWithPrograms(replay, file, bytes) {
  const measured = await measureInTurns(
    {
      replay,
      'wc -l': ['wc', '-l', file],
      'grep -c ERROR': ['grep', '-c', 'ERROR', file],
      'mawk by level': ['mawk', '{n[$3]++} END{for (l in n) print l, n[l]}', file],
    },
    runs,
  );
  const walls = Object.fromEntries(
    Object.entries(measured).map(([name, figures]) => [name, median(figures.map(({ wall }) => wall))]),
  );
  return Object.entries(measured).map(([program, figures]) => ({
    program,
    wallSeconds: round(walls[program]),
    cpuSeconds: round(median(figures.map(({ cpu }) => cpu))),
    megabytesPerSecond: Math.round(bytes / 1e6 / walls[program]),
    peakMiB: Math.round(Math.max(...figures.map(({ peakMiB }) => peakMiB))),
    replayTakesTimes: round(walls.replay / walls[program]),
  }));
}

async function comparePairs(replay, other) {
  const pairs = await measureInPairs(replay, other, runs);
  const ratiosOf = (figure) => {
    const ratios = pairs.map(([ours, theirs]) => ours[figure] / theirs[figure]);
    return { median: round(median(ratios)), lowest: round(Math.min(...ratios)), highest: round(Math.max(...ratios)) };
  };
  return { wallRatio: ratiosOf('wall'), cpuRatio: ratiosOf('cpu') };
}

function round(value) {
  return Math.round(value * 1000) / 1000;
}

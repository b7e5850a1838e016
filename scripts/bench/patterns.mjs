// Measures how well the patterns of errors group messages, and how fast messages are masked:
//
//   npm run build && node scripts/bench/patterns.mjs FOLDER [--show SET]
//
// FOLDER holds files `SET.tsv` of `template id <TAB> message`; messages of one id should have one pattern.
// Prints for each set: GA (grouping accuracy: share of messages whose group holds exactly the messages of their template), FGA (F1 of
// groups: groups that equal a template, over the number of groups and of templates), and messages per second.
// --show prints the templates of a set that are split, and the patterns that join templates.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { show: { type: 'string' } } });
const [folder] = positionals;
if (folder === undefined) {
  console.error('usage: node scripts/bench/patterns.mjs FOLDER [--show SET]');
  process.exit(2);
}
const { maskMessage } = await import('../../dist/src/pipelines/level-alerts/counting/patterns.js');
const { maskText } = await import('../../dist/src/pipelines/level-alerts/counting/masking/mask-text.js');

const sets = readdirSync(folder)
  .filter((name) => name.endsWith('.tsv'))
  .sort();
const results = sets.map((file) => measure(basename(file, '.tsv'), readFileSync(join(folder, file), 'utf8')));
const mean = (of) => round(results.reduce((sum, result) => sum + result[of], 0) / results.length);
results.push({
  set: 'mean',
  GA: mean('GA'),
  FGA: mean('FGA'),
  messagesPerSecond: Math.round(mean('messagesPerSecond')),
});
console.table(results);

function measure(set, text) {
  const rows = text
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]);
  const patterns = rows.map(([, message]) => maskMessage(message));
  const templates = groupsOf(rows.map(([id]) => id));
  const groups = groupsOf(patterns);
  const equal = Array.from(groups.values()).filter((group) => {
    const [first] = group;
    return templates.get(rows[first][0]).length === group.length && group.every((i) => rows[i][0] === rows[first][0]);
  });
  if (values.show === set) show(rows, patterns, templates, groups);
  return {
    set,
    GA: round(equal.reduce((sum, group) => sum + group.length, 0) / rows.length),
    FGA: round((2 * equal.length) / (groups.size + templates.size)),
    messagesPerSecond: speedOf(rows.map(([, message]) => message)),
  };
}

function groupsOf(keys) {
  const groups = new Map();
  keys.forEach((key, i) => {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  });
  return groups;
}

function show(rows, patterns, templates, groups) {
  for (const [id, members] of templates) {
    const own = new Set(members.map((i) => patterns[i]));
    if (own.size > 1)
      console.log(
        `SPLIT ${id} (${members.length}):`,
        ...Array.from(own)
          .slice(0, 6)
          .map((one) => `\n    ${one}`),
      );
  }
  for (const [pattern, members] of groups) {
    const ids = new Set(members.map((i) => rows[i][0]));
    if (ids.size > 1)
      console.log(
        `JOINED ${pattern}:`,
        ...Array.from(ids).map((id) => `\n    ${templates.get(id).length} ${rows[templates.get(id)[0]][1]}`),
      );
  }
}

function speedOf(messages) {
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    for (let i = 0; i < 20; i++) for (const message of messages) maskText(message);
    best = Math.max(best, (20 * messages.length) / ((performance.now() - started) / 1000));
  }
  return Math.round(best);
}

function round(number) {
  return Math.round(number * 1000) / 1000;
}

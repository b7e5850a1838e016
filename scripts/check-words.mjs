// Counts phrases that make sentences hard to read, and fails when a count grows beyond scripts/check-words.json.
//   node scripts/check-words.mjs            compare with the baseline; print every hit of a pattern that grew
//   node scripts/check-words.mjs --list     print every hit
//   node scripts/check-words.mjs --update   write lower counts to the baseline; never raises one
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const folders = ['src', 'actors', 'lambda', 'test', 'scripts', 'docs', 'conf'];
const baselineFile = 'scripts/check-words.json';
/** These files must contain the phrases. */
const ownFiles = new Set(['scripts/check-words.mjs', baselineFile, 'test/unit/scripts/check-words.test.ts']);

/** Each pattern: its name in the baseline, the expression, and the advice for its hits. */
const patterns = [
  [
    'what is',
    /(?<!\*)\bwhat (is|was|are|were|has|had|came|comes|can|cannot|may|follows|stands|lies)\b/gi,
    'name the thing with a noun',
  ],
  ['behind', /\bbehind (a|an|the|it|its|them|those|what|all|which|this|that|every\w*|one)\b/gi, 'after'],
  ['nobody', /\b(some|no)body\b/gi, 'name the actor'],
  ['whatever', /\b(who|what|where)ever\b/gi, 'any'],
  ['is no', /(?<!there )\b(is|are) no (?!longer|more)/gi, 'is not'],
  ['goes on', /\b(goes?|going|gone) on\b/gi, 'continue'],
  [
    'test title',
    /^\s*(it|test)(\.each.*)?\(\s*['`"](that|of|by|with|whose|and|for|to|in|without)\b/gi,
    'start with a verb: does X when Y',
  ],
  ['question', /(\*|\/\/) (Is|Are|Was|Were|Has|Have|Did|Does|May|Can|Will|Would) .*\?/gi, 'a statement: True when …'],
  ['archaism', /\b(but for|lest|anew|in vain|for (good|ever))\b/gi, 'except, again, permanently'],
  ['rule number', /\(rules? \d|\bRule \d/gi, 'the name of the promise in docs/invariants.md'],
  ['pass over', /\bpass(ed|es|ing)? over\b/gi, 'skip'],
  ['so many', /\bso (many|long)\b(?! as| that)/gi, 'at most N'],
  ['Of …', /(\*|\/\/) Of \w/g, 'subject first'],
  ['once more', /\bonce more\b/gi, 'again'],
  ['tell of', /\b(tells?|told|hear[ds]?) of\b/gi, 'report'],
  [
    'British spelling',
    /\b(behaviour|colour|recognis|normalis|licence|authoris|spelt|learnt)\w*/gi,
    'American spelling',
  ],
  ['is none', /(?<!there )\b([Ii]s|[Aa]re|IS|ARE) none\b/g, 'subject first'],
  ['at work', /\b(at|in) work\b/gi, 'active'],
  [
    'one a',
    /\b(one|objects?|lines?|files?|bytes?|memory|record|batch) an? (line|actor|program|command|day|second|window|record|host|source)\b/gi,
    'per',
  ],
  ['take back', /\b(takes?|taken|took|taking) (it |them )?back\b/gi, 'restore, remove or delete'],
  ['mid-read', /\bmid-read\b/gi, 'during a read'],
  ['go by', /\bgo(es)? by\b/gi, 'use, or decide by'],
  ['hold up', /\b(hold(s|ing)?|held) (it |them )?up\b(?! to)/gi, 'delay or block'],
  ['look at', /\blook(s|ed|ing)? (at|through|into)\b/gi, 'check, read or search'],
  ['What …', /(\*|\/\/) What \w/g, 'begin with a noun or a verb'],
  ['renamed', /wish|shelf|hurried|unsaid/gi, 'the term in docs/glossary.md'],
];

/** @returns {string[]} the files to read, relative to the working folder, in order */
function filesToRead() {
  const inFolders = folders.flatMap((folder) => {
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative('.', join(entry.parentPath, entry.name)));
    } catch (error) {
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  });
  const atRoot = readdirSync('.').filter((name) => name.endsWith('.md'));
  return [...inFolders, ...atRoot].filter((file) => !ownFiles.has(file)).sort();
}

/** @returns {Map<string, {place: string, line: string}[]>} the hits of each pattern by its name */
function findHits() {
  const hits = new Map(patterns.map(([name]) => [name, []]));
  for (const file of filesToRead()) {
    const text = readFileSync(file, 'utf8');
    if (text.includes('\0')) continue;
    for (const [index, line] of text.split('\n').entries()) {
      for (const [name, pattern] of patterns) {
        const place = `${file}:${index + 1}`;
        const found = [...line.matchAll(pattern)].map(() => ({ place, line: line.trim() }));
        hits.get(name).push(...found);
      }
    }
  }
  return hits;
}

/** @returns {Record<string, number> | null} the allowed count of each pattern; null before the first --update */
function readBaseline() {
  try {
    return JSON.parse(readFileSync(baselineFile, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function print(name, found, advice) {
  for (const { place, line } of found) console.log(`${place}: [${name}] ${line}`);
  console.log(`Write instead of "${name}": ${advice}.\n`);
}

const unknown = process.argv.slice(2).filter((option) => option !== '--list' && option !== '--update');
if (unknown.length > 0) {
  console.error(`check-words: unknown option ${unknown.join(' ')}. Use --list or --update.`);
  process.exit(2);
}
const hits = findHits();
const count = (name) => hits.get(name).length;

if (process.argv.includes('--list')) {
  for (const [name, , advice] of patterns) if (count(name) > 0) print(name, hits.get(name), advice);
}
if (process.argv.includes('--update')) {
  const before = readBaseline();
  const lower = patterns.map(([name]) => [name, Math.min(count(name), before?.[name] ?? (before ? 0 : Infinity))]);
  writeFileSync(baselineFile, JSON.stringify(Object.fromEntries(lower), null, 2) + '\n');
}
const baseline = readBaseline() ?? {};
const allowed = (name) => baseline[name] ?? 0;
const grown = patterns.filter(([name]) => count(name) > allowed(name));
for (const [name, , advice] of grown) print(name, hits.get(name), advice);
for (const [name] of grown) {
  console.error(`check-words: "${name}" has ${count(name)} hits; ${baselineFile} allows ${allowed(name)}.`);
}
if (grown.length > 0) process.exitCode = 1;
else console.log(`check-words: no pattern has more hits than ${baselineFile} allows.`);

/**
 * Entry point of the npm scripts: installs dependencies and builds the code when something changed, then continues in
 * the same process, so that signals and exit codes are the program's own.
 *
 * node scripts/run.mjs telltale [ARGUMENT…] the command line program node scripts/run.mjs jest [ARGUMENT…] the tests,
 * which need no build node scripts/run.mjs build only
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...path) => join(root, ...path);

const oldestNode = [20, 19];
const program = at('dist/src/cli.js');
const stamp = at('dist/.build-stamp');
// Maintained by the compiler; named in tsconfig.build.json.
const buildInfo = at('dist/.tsbuildinfo-build');

const say = (sentence) => process.stderr.write(`telltale: ${sentence}\n`);

function stop(sentence) {
  say(sentence);
  process.exit(1);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (!fits)
    stop(`needs Node ${oldestNode.join('.')} or newer, this is ${process.versions.node}; see https://nodejs.org`);
}

/**
 * True when node_modules holds the versions in package-lock.json. Equal times prove it; otherwise versions are
 * compared.
 */
function isInstalled() {
  const [asked, installed] = [at('package-lock.json'), at('node_modules/.package-lock.json')];
  if (!existsSync(installed)) return false;
  if (statSync(installed).mtimeMs >= statSync(asked).mtimeMs) return true;
  const packages = (file) =>
    Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages).filter(([path]) => path !== '');
  const versions = new Map(packages(installed).map(([path, { version }]) => [path, version]));
  return packages(asked).every(([path, { version, optional }]) =>
    versions.has(path) ? versions.get(path) === version : optional === true,
  );
}

/**
 * Runs `npm ci`; when that refuses the lock file, `npm install`, which installs the same versions. `npm ci` refuses
 * when the lock file lacks an optional package for another platform, because the registry did not have it.
 */
function install() {
  say('installing dependencies, once (npm ci)');
  const attempts = [];
  for (const how of [['ci'], ['install', '--no-save']]) {
    const { status, stdout, stderr } = spawnSync('npm', [...how, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      encoding: 'utf8',
    });
    if (status === 0) return;
    attempts.push(stdout, stderr);
  }
  process.stderr.write(attempts.join(''));
  stop('could not install the dependencies: see above; npm ci in this folder tries again');
}

/** Changes with every source that is added, changed or removed, regardless of times. */
function fingerprint() {
  const sources = ['actors', 'lambda', 'src', 'scripts'].filter((folder) => existsSync(at(folder)));
  const files = sources
    .flatMap((folder) => readdirSync(at(folder), { recursive: true }).map((name) => join(folder, name)))
    .filter((name) => name.endsWith('.ts'));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'node_modules/.package-lock.json'];
  const hash = createHash('sha256');
  for (const name of [...files, ...settings].sort()) {
    const { size, mtimeMs } = statSync(at(name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function isBuilt() {
  return existsSync(program) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

function build() {
  say('building');
  // Computed first: changes during compilation are built next time.
  const built = fingerprint();
  if (!existsSync(program)) rmSync(buildInfo, { force: true });
  const compiler = at('node_modules/typescript/bin/tsc');
  const options = ['-p', at('tsconfig.build.json')];
  const { status } = spawnSync(process.execPath, [compiler, ...options], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) stop('could not build: see above');
  writeFileSync(stamp, built);
}

/** One process at a time installs and builds; a second one finds the work done. */
async function locked(work) {
  mkdirSync(at('dist'), { recursive: true });
  const lock = at('dist/.run-lock');
  let told = false;
  while (!taken(lock)) {
    if (!told) say('waiting for another run, which is installing or building');
    told = true;
    await sleep(100);
  }
  const release = () => rmSync(lock, { force: true });
  process.on('exit', release);
  try {
    work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function taken(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Longer than any installation takes. After that, another process may have the id of a killed one. */
const longestWorkMs = 10 * 60 * 1000;

/** True when its process was killed. An empty file is just being written. */
function isAbandoned(lock) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > longestWorkMs) return true;
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

async function prepare(withBuild) {
  const isReady = () => isInstalled() && (!withBuild || isBuilt());
  if (isReady()) return;
  await locked(() => {
    if (!isInstalled()) install();
    if (withBuild && !isBuilt()) build();
  });
}

async function run([what, ...args]) {
  requireNode();
  await prepare(what !== 'jest');
  if (what === 'telltale') {
    const { main } = await import(pathToFileURL(program).href);
    await main(args);
  } else if (what === 'jest') {
    process.argv = [process.argv[0], 'jest', ...args];
    await import(pathToFileURL(at('node_modules/jest/bin/jest.js')).href);
  } else if (what !== 'build') {
    stop('run.mjs needs one of telltale, jest or build');
  }
}

await run(process.argv.slice(2));

// A test runner for StrykerJS that loads the tests of jest once and runs only those that reach a mutant, the quickest
// first, until one fails. A mutant takes milliseconds; jest, which loads every file again, needs seconds. Slow tests are left
// out: a quick test must notice each mutant. The runner knows what the unit tests use: describe, it, each, hooks and expect,
// no mocks and no snapshots.
import { readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { expect } from 'expect';
import { bind } from 'jest-each';

const testStatus = { success: 0, failed: 1 };

/** Processor time, so that a busy machine leaves out no other tests. */
const slowMs = 200;

/** Shared with the instrumented code: the active mutant, the running test, and the mutants that were reached. */
const instrumented = (globalThis.__stryker__ ??= {});

const compiled = new Map();

function compileTypeScript(module, filename) {
  if (!compiled.has(filename)) {
    const options = { filename, swcrc: false, module: { type: 'commonjs' } };
    const jsc = { parser: { syntax: 'typescript' }, target: 'es2023' };
    compiled.set(filename, transformSync(readFileSync(filename, 'utf8'), { ...options, jsc }).code);
  }
  module._compile(compiled.get(filename), filename);
}

Module._extensions['.ts'] = compileTypeScript;

/** The tests of some files, in one process. */
class LoadedTests {
  #files;
  #require = createRequire(join(process.cwd(), 'index.js'));
  #tests = new Map();
  #afterAll = [];

  constructor(files) {
    this.#files = files.map((file) => join(process.cwd(), file));
    this.#shortenProperties();
  }

  get ids() {
    return [...this.#tests.keys()];
  }

  /** Loads everything, again if it was loaded: no module keeps what an earlier run left in it. */
  async load() {
    await this.close();
    for (const name of Object.keys(this.#require.cache)) {
      if (name.endsWith('.ts')) delete this.#require.cache[name];
    }
    this.#tests.clear();
    const beforeAll = [];
    for (const file of this.#files) {
      this.#declare(file, beforeAll);
      this.#require(file);
    }
    for (const hook of beforeAll) await hook();
  }

  async close() {
    for (const hook of this.#afterAll.splice(0)) await hook();
  }

  /** Null when it passes, otherwise the failure. */
  async run(id) {
    const { hooks, body } = this.#tests.get(id);
    instrumented.currentTestId = id;
    try {
      for (const { before } of hooks) for (const hook of before) await hook();
      await body();
      const [unmet] = expect.extractExpectedAssertionsErrors();
      if (unmet !== undefined) throw unmet.error;
      for (const { after } of hooks.toReversed()) for (const hook of after) await hook();
      return null;
    } catch (error) {
      return String(error?.stack ?? error);
    } finally {
      // Forgets the number of assertions that a failed test expected.
      expect.extractExpectedAssertionsErrors();
      instrumented.currentTestId = undefined;
    }
  }

  /** Each mutant meets the same few examples of each property, and the first failure is enough. */
  #shortenProperties() {
    const { default: fc } = this.#require('fast-check');
    fc.configureGlobal({ seed: 1, endOnFailure: true });
    const assert = (property, { numRuns = 100, ...options } = {}) =>
      fc.assert(property, { ...options, numRuns: Math.min(numRuns, 20) });
    const shortened = { ...fc, assert };
    this.#require.cache[this.#require.resolve('fast-check')].exports = {
      ...shortened,
      default: shortened,
      __esModule: true,
    };
  }

  /** Sets the global functions of jest for one file. */
  #declare(file, beforeAll) {
    let path = [{ name: file.slice(process.cwd().length + 1), before: [], after: [] }];
    const describe = (name, body) => {
      const outer = path;
      path = [...outer, { name, before: [], after: [] }];
      body();
      path = outer;
    };
    const it = (name, body) => {
      let id = [...path.map((block) => block.name), name].join(' ');
      while (this.#tests.has(id)) id += ', again';
      this.#tests.set(id, { hooks: path, body });
    };
    describe.each = bind(describe, false);
    it.each = bind(it, false);
    Object.assign(globalThis, {
      describe,
      it,
      test: it,
      expect,
      beforeAll: (hook) => beforeAll.push(hook),
      afterAll: (hook) => this.#afterAll.push(hook),
      beforeEach: (hook) => path.at(-1).before.push(hook),
      afterEach: (hook) => path.at(-1).after.push(hook),
    });
  }
}

class LoadingTestRunner {
  static inject = ['options'];
  #tests;
  #durations = new Map();

  constructor(options) {
    this.#tests = new LoadedTests(options.loadedTests);
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    await this.#tests.load();
  }

  async dryRun() {
    const tests = [];
    for (const id of this.#tests.ids) {
      const begin = process.cpuUsage();
      const failureMessage = await this.#tests.run(id);
      const { user, system } = process.cpuUsage(begin);
      const timeSpentMs = (user + system) / 1000;
      this.#durations.set(id, timeSpentMs);
      const outcome =
        failureMessage === null ? { status: testStatus.success } : { status: testStatus.failed, failureMessage };
      tests.push({ id, name: id, timeSpentMs, ...outcome });
    }
    return { status: 'complete', tests, mutantCoverage: instrumented.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }) {
    const ids = [...(testFilter ?? this.#tests.ids)]
      .filter((id) => this.#durationOf(id) < slowMs)
      .sort((a, b) => this.#durationOf(a) - this.#durationOf(b));
    const killing = await this.#firstFailure(ids, activeMutant, hitLimit);
    // A mutant may leave something in a module that kills the mutants after it.
    if (killing !== null && (await this.#tests.run(killing.id)) !== null) {
      await this.#tests.load();
      return resultOf(await this.#firstFailure(ids, activeMutant, hitLimit), ids.length);
    }
    return resultOf(killing, ids.length);
  }

  async dispose() {
    await this.#tests.close();
  }

  #durationOf(id) {
    return this.#durations.get(id) ?? 0;
  }

  async #firstFailure(ids, { id: activeMutant }, hitLimit) {
    Object.assign(instrumented, { activeMutant, hitLimit, hitCount: hitLimit === undefined ? undefined : 0 });
    try {
      for (const id of ids) {
        const failureMessage = await this.#tests.run(id);
        const endless = hitLimit !== undefined && instrumented.hitCount > hitLimit;
        if (failureMessage !== null || endless) return { id, failureMessage, endless };
      }
      return null;
    } finally {
      Object.assign(instrumented, { activeMutant: undefined, hitLimit: undefined, hitCount: undefined });
    }
  }
}

function resultOf(killing, nrOfTests) {
  if (killing === null) return { status: 'survived', nrOfTests };
  if (killing.endless) return { status: 'timeout', reason: 'reached more often than without the change' };
  return { status: 'killed', killedBy: [killing.id], failureMessage: killing.failureMessage, nrOfTests };
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'loading', injectableClass: LoadingTestRunner }];

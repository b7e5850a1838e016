/* global __filename */
/**
 * Loaded into a real program with `node --require`: lists its call sites of the file system, of sockets and of SQLite, and
 * makes one of them fail once. A site is the place in the program's own code that makes the call: `src/a.js:10:5 open`.
 * `TELLTALE_TEST_FAULT` holds a `FaultPlan` (run.ts) as JSON.
 */
'use strict';

const { Buffer } = require('node:buffer');
const fs = require('node:fs');
const promises = require('node:fs/promises');
const Module = require('node:module');
const net = require('node:net');
const { relative } = require('node:path');
const { getSystemErrorMap } = require('node:util');

/** The functions that this file itself uses are those of before the patches. */
const real = { ...fs };
const plan = JSON.parse(process.env.TELLTALE_TEST_FAULT);
const seen = new Map();
let fired = null;
/** Above 0 while a patched function runs: calls inside it are not sites. */
let depth = 0;

const systemErrors = new Map(Array.from(getSystemErrorMap(), ([number, [code, text]]) => [code, { number, text }]));

/** Names of system calls in Node's errors, where they differ from the functions. */
const systemCalls = { readFile: 'open', writeFile: 'open', readdir: 'scandir' };

/** As Node makes it: only functions that take a path name it. */
function systemError(code, call, path) {
  const { number, text } = systemErrors.get(code) ?? { number: -1, text: 'unknown' };
  const name = call.replace(/^handle\.|Sync$/g, '');
  const syscall = systemCalls[name] ?? name;
  const where = typeof path === 'string' ? ` '${path}'` : '';
  const error = new Error(`${code}: ${text}, ${syscall}${where}`);
  return Object.assign(error, { errno: number, code, syscall, ...(where === '' ? {} : { path }) });
}

/**
 * The two innermost frames of the program's own code: small functions such as `inTransaction` have many callers. Null when
 * another package makes the call, or a module is being loaded.
 */
function placeOf() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = 24;
  Error.prepareStackTrace = (_, frames) => frames;
  const frames = new Error().stack;
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  const own = [];
  for (const frame of frames) {
    const file = frame.getFileName() ?? '';
    if (/^node:internal\/(modules\/|fs\/sync_write_stream)/.test(file)) return null;
    if (file === '' || file.startsWith('node:') || file === __filename) continue;
    if (file.startsWith(plan.root)) {
      own.push(`${relative(plan.root, file)}:${frame.getLineNumber()}:${frame.getColumnNumber()}`);
    } else if (own.length === 0) return null;
    if (own.length === 2) break;
  }
  return own.length === 0 ? null : own.join(' < ');
}

/** Counts a call. @returns its site, and the error that it meets, if any; null inside another call and outside the program */
function enter(call) {
  if (depth > 0) return null;
  const place = placeOf();
  if (place === null) return null;
  const site = `${place} ${call}`;
  const of = seen.get(site) ?? { count: 0, native: {} };
  seen.set(site, of);
  of.count += 1;
  const { fault } = plan;
  const isIt = fired === null && fault !== null && fault.site === site && fault.nth === of.count;
  return { site, of, fault: isIt ? fault : null };
}

function fire(path) {
  fired = { path: typeof path === 'string' ? path : null };
  report();
}

/** Writes the calls so far; again at the end. */
function report() {
  const leaks = Array.from(opened).flatMap(([{ fd }, place]) => (fd === -1 || place === null ? [] : [place]));
  real.writeFileSync(plan.report, JSON.stringify({ sites: [...seen], fired, leaks }));
}

function inside(step) {
  depth += 1;
  try {
    return step();
  } finally {
    depth -= 1;
  }
}

function pathOf(target, args) {
  if (typeof args[0] === 'string') return args[0];
  const descriptor = typeof target?.fd === 'number' ? target.fd : args[0];
  try {
    return real.readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return null;
  }
}

/** Half of the bytes: a short read or write of a descriptor or file handle. */
function halved(call, args) {
  const at = call.endsWith('Sync') ? 1 : 0;
  const [buffer, offset = 0, length = buffer.length - offset, ...rest] = args.slice(at);
  return [...args.slice(0, at), buffer, offset, Math.max(1, length >> 1), ...rest];
}

/** Half of a file, before the disk is full. */
function halfOfFile(args) {
  const at = args.length > 1 && typeof args[0] === 'string' && args[1] !== undefined ? 1 : 0;
  const whole = Buffer.from(args[at]);
  return args.map((arg, i) => (i === at ? whole.subarray(0, whole.length >> 1) : arg));
}

function patch(target, name, isAsync, call = name) {
  const original = target[name];
  target[name] = function (...args) {
    const entered = enter(call);
    const forward = (these = args) => inside(() => original.apply(this, these));
    if (entered === null || entered.fault === null) return entered === null ? original.apply(this, args) : forward();
    const { how, code } = entered.fault;
    const path = pathOf(this, args);
    fire(path);
    if (how === 'absent') return false;
    if (how === 'short') return forward(halved(call, args));
    const error = systemError(code, call, args[0]);
    const isDone = how === 'after' || name === 'close' || name === 'closeSync';
    const before = how === 'half' ? () => forward(halfOfFile(args)) : isDone ? forward : () => undefined;
    if (isAsync) return Promise.resolve(before()).then(() => Promise.reject(error));
    before();
    throw error;
  };
}

const both = ['chmod', 'link', 'lstat', 'mkdir', 'mkdtemp', 'readFile', 'readdir', 'readlink', 'realpath', 'rename'];
both.push('rm', 'stat', 'unlink', 'writeFile', 'access', 'utimes', 'truncate', 'copyFile', 'appendFile');
const ofDescriptors = ['openSync', 'closeSync', 'readSync', 'writeSync', 'fstatSync', 'fsyncSync', 'ftruncateSync'];
const ofHandles = ['appendFile', 'chmod', 'datasync', 'read', 'readFile', 'stat', 'sync', 'truncate'];
ofHandles.push('utimes', 'write', 'writeFile', 'writev');

for (const name of both) {
  patch(fs, `${name}Sync`, false);
  patch(promises, name, true);
}
for (const name of ofDescriptors) patch(fs, name, false);
patch(fs, 'existsSync', false);

const { open } = promises;
let handles = null;
/** File handle → where it was opened; the program closes each. */
const opened = new Map();
promises.open = async function (...args) {
  const handle = await open.apply(this, args);
  if (handles === null) {
    handles = Object.getPrototypeOf(handle);
    for (const name of ofHandles) patch(handles, name, true, `handle.${name}`);
  }
  // Node gives each handle a `close` of its own.
  patch(handle, 'close', true, 'handle.close');
  opened.set(handle, placeOf());
  return handle;
};
patch(promises, 'open', true);

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...args) {
  const entered = enter('listen');
  if (entered === null || entered.fault === null) return inside(() => listen.apply(this, args));
  const path = typeof args[0] === 'string' ? args[0] : null;
  fire(path ?? 'Port');
  process.nextTick(() => this.emit('error', systemError(entered.fault.code, 'listen', path)));
  return this;
};

const { connect } = net;
net.connect = function (...args) {
  const entered = enter('connect');
  if (entered === null || entered.fault === null) return connect.apply(this, args);
  const path = typeof args[0] === 'string' ? args[0] : null;
  fire(path);
  const socket = new net.Socket();
  if (entered.fault.how !== 'silence') {
    process.nextTick(() => socket.destroy(systemError(entered.fault.code, 'connect', path)));
  }
  return socket;
};

/** Words of the file that native-shim.c shares: see its `struct control`. */
const WORDS = 128;
const COUNTS = 8;
const shared = plan.control === null ? null : real.openSync(plan.control, 'r+');
const classes = ['events.db', 'wal', 'shm', 'journal'];
const calls = ['open', 'pread', 'pwrite', 'fsync', 'ftruncate', 'mmap', 'unlink', 'lock'];

function native(step, call) {
  const entered = shared === null ? null : enter(call);
  if (entered === null) return step();
  const words = new Int32Array(WORDS);
  const { fault, of } = entered;
  words[0] = 1;
  if (fault !== null) {
    words[1] = classes.indexOf(fault.file);
    words[2] = calls.indexOf(fault.call);
    words[3] = fault.how === 'short' ? -1 : -(systemErrors.get(fault.code)?.number ?? 0);
  }
  real.writeSync(shared, words, 0, words.byteLength, 0);
  try {
    return inside(step);
  } finally {
    real.readSync(shared, words, 0, words.byteLength, 0);
    real.writeSync(shared, new Int32Array(1), 0, 4, 0);
    if (words[4] !== 0) fire(null);
    classes.forEach((file, i) => {
      calls.forEach((name, j) => {
        const count = words[COUNTS + i * calls.length + j];
        if (count > 0) of.native[`${file} ${name}`] = (of.native[`${file} ${name}`] ?? 0) + count;
      });
    });
  }
}

function patchNative(prototype, names, kind) {
  for (const name of names) {
    const original = prototype[name];
    prototype[name] = function (...args) {
      return native(() => original.apply(this, args), `${kind}.${name}`);
    };
  }
}

const load = Module._load;
let libsql = null;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (request !== 'libsql') return loaded;
  if (libsql === null) {
    let statements = null;
    const { prepare } = loaded.prototype;
    loaded.prototype.prepare = function (...args) {
      const statement = prepare.apply(this, args);
      if (statements === null) {
        statements = Object.getPrototypeOf(statement);
        patchNative(statements, ['run', 'get', 'all'], 'statement');
      }
      return statement;
    };
    patchNative(loaded.prototype, ['exec', 'prepare', 'close'], 'sqlite');
    const construct = (target, args, self) => native(() => Reflect.construct(target, args, self), 'sqlite.open');
    libsql = new Proxy(loaded, { construct });
  }
  return libsql;
};

process.on('exit', report);

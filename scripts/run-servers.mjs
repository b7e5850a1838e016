/** Shared by the scripts that run real servers: command line, cache, and starting, awaiting and stopping servers. */
import { spawn } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/** Cache for files that are fetched or built once. */
export const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'telltale');

export const say = (sentence) => process.stdout.write(`${sentence}\n`);

const complain = (sentence) => process.stderr.write(`${basename(process.argv[1], '.mjs')}: ${sentence}\n`);

/** Prints an error and ends the script. */
export function stop(sentence) {
  complain(sentence);
  process.exit(2);
}

/** Parses the command line with `parseArgs` options; handles --help. */
export function commandLine(options, help) {
  let values;
  try {
    ({ values } = parseArgs({ options: { ...options, help: { type: 'boolean', default: false } } }));
  } catch (error) {
    stop(`${error.message}; see --help`);
  }
  if (values.help) {
    process.stdout.write(help);
    process.exit(0);
  }
  return values;
}

export function portOf(text, highest = 65_535) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > highest) stop(`${text} is not a port number`);
  return port;
}

/** Ends the script when the port is in use. */
export async function stopIfTaken(port) {
  if (await listens(port)) stop(`port ${port} is in use: choose another with --port`);
}

async function listens(port) {
  return new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    const end = (open) => {
      socket.destroy();
      answer(open);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

/** Servers that run until Ctrl-C. */
export class Servers {
  #running = [];
  #ending = null;
  #stopWithinMs;
  #temporary;

  /**
   * @param stopWithinMs a server that takes longer to stop is killed
   * @param temporary a folder that is deleted after a clean end, or null
   */
  constructor(stopWithinMs, temporary) {
    this.#stopWithinMs = stopWithinMs;
    this.#temporary = temporary;
  }

  get isEnding() {
    return this.#ending !== null;
  }

  /**
   * Starts a server that appends its output to a file.
   * @param onEnd called with the exit code when the server ends by itself
   * @returns its process id
   */
  start(command, args, { log, env, onEnd }) {
    const output = openSync(log, 'a');
    // Ctrl-C goes to the script, which then stops the servers.
    const server = spawn(command, args, { env, stdio: ['ignore', output, output], detached: true });
    const ended = new Promise((done) => server.once('exit', done));
    this.#running.push({ server, ended });
    void ended.then((code) => {
      if (!this.isEnding) onEnd(code);
    });
    return server.pid;
  }

  /** Call it after starting all servers: waits until they listen on these ports. From then on Ctrl-C ends them. */
  async ready(ports, withinMs, see) {
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void this.end(0));
    const deadline = Date.now() + withinMs;
    for (const port of ports) {
      while (!this.isEnding && !(await listens(port))) {
        if (Date.now() > deadline) await this.end(1, `not ready within ${withinMs / 1000} s, see ${see}`);
        await pause(50);
      }
    }
  }

  /** Ends the servers, then the script. */
  end(code, why) {
    this.#ending ??= (async () => {
      if (why !== undefined) complain(why);
      for (const { server } of this.#running) server.kill('SIGTERM');
      const all = Promise.all(this.#running.map(({ ended }) => ended));
      const late = pause(this.#stopWithinMs, 'late', { ref: false });
      if ((await Promise.race([all, late])) === 'late') {
        for (const { server } of this.#running) server.kill('SIGKILL');
        await all;
      }
      if (this.#temporary !== null && code === 0) rmSync(this.#temporary, { recursive: true, force: true });
      process.exit(code);
    })();
    return this.#ending;
  }
}

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { tempFolders } from '../support/temp-folder';
import { copyProgram, finished, start } from '../support/program-copy';

/** The end of real processes: by SIGTERM, within `shutdownTimeout`, in any state. */

const folders = tempFolders();
let program: string;
beforeAll(() => {
  program = copyProgram();
});
afterAll(() => rmSync(program, { recursive: true }));

/** Files of many hosts, each with lines that breach the default rule. */
function hostsWithErrors(data: string, hosts: number): void {
  for (let host = 0; host < hosts; host++) {
    const folder = join(data, 'hosts', `host-${host}`);
    mkdirSync(folder, { recursive: true });
    const minutes = Array.from({ length: 5 }, (_, minute) => `2026-11-20 10:0${minute}:00 ERROR disk is full\n`);
    writeFileSync(join(folder, 'app.log'), minutes.join('').repeat(3));
  }
}

interface Running {
  readonly logged: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Resolves with exit code and all that was logged. */
  readonly end: (...signals: NodeJS.Signals[]) => Promise<Ended>;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly last: Record<string, unknown>;
}

const run = (...args: string[]): Running => runIn({}, ...args);

function runIn(env: NodeJS.ProcessEnv, ...args: string[]): Running {
  const child = start(program, args, { env });
  const texts = { stdout: '', stderr: '' };
  const wait = async (name: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(texts[name]);
      if (found !== null) return found;
      const stream = child[name];
      if (stream === null) throw new Error('no pipe');
      await once(stream, 'data');
    }
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  }
  const exited = once(child, 'close');
  return {
    logged: (pattern) => wait('stderr', pattern),
    printed: (pattern) => wait('stdout', pattern),
    end: async (...signals) => {
      for (const signal of signals) child.kill(signal);
      await exited;
      const last = texts.stderr.trimEnd().split('\n').at(-1) ?? '';
      const event = last.startsWith('{') ? (JSON.parse(last) as Record<string, unknown>) : {};
      return { code: child.exitCode, signal: child.signalCode, last: event };
    },
  };
}

const local = (data: string, ...set: string[]): string[] => [
  'local',
  '--data',
  data,
  ...['generator.hosts=0', 'web.port=0', ...set].flatMap((each) => ['--set', each]),
];

describe('the end of a program', () => {
  it('leaves files that wait to be uploaded to the next start, and says so last', async () => {
    const data = folders.make();
    hostsWithErrors(data, 1_000);
    const running = run(...local(data, 'shutdownTimeout=2s', 'upload.schedule=* * * * * *'));
    await running.logged(/source read for the first time/);
    const { code, last } = await running.end('SIGTERM');
    expect(last['left']).toContain('files that are not uploaded');
    expect(String(last['message'])).toMatch(/^stopped.*; left for the next start: /);
    expect([0, 1]).toContain(code);
  });

  it('ends with 0 when nothing is left', async () => {
    const data = folders.make();
    const running = run(...local(data));
    await running.printed(/Ctrl-C stops/);
    expect(await running.end('SIGTERM')).toMatchObject({ code: 0, last: { message: 'stopped' } });
  });

  it('ends although a client has closed its connection with pipelined requests', async () => {
    const running = run(...local(folders.make()));
    const [, port] = await running.printed(/status {3}http:\/\/127\.0\.0\.1:(\d+)\//);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2_000));
    socket.end();
    await running.printed(/Ctrl-C stops/);
    expect(await running.end('SIGTERM')).toMatchObject({ code: 0, last: { message: 'stopped' } });
  });

  it.each<[string, NodeJS.Signals[]]>([
    ['one signal', ['SIGTERM']],
    ['a second signal', ['SIGTERM', 'SIGINT']],
  ])('ends after %s although a call of the file system hangs', async (_, signals) => {
    const folder = folders.make();
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    writeFileSync(join(folder, 'hang.js'), `require('node:fs').open(${JSON.stringify(fifo)}, () => undefined);`);
    const running = runIn({ NODE_OPTIONS: `--require ${join(folder, 'hang.js')}` }, ...local(folders.make()));
    await running.printed(/Ctrl-C stops/);
    expect(await running.end(...signals)).toMatchObject({ signal: 'SIGKILL' });
  });

  it('keeps its exit code when calls return, one after another', async () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'busy.js'), "const again = () => require('node:fs').stat('/', again); again();");
    const running = runIn({ NODE_OPTIONS: `--require ${join(folder, 'busy.js')}` }, ...local(folders.make()));
    await running.printed(/Ctrl-C stops/);
    expect(await running.end('SIGTERM')).toMatchObject({ code: 0, last: { message: 'stopped' } });
  });

  it('ends at once with 130 at a second signal', async () => {
    const data = folders.make();
    hostsWithErrors(data, 300);
    const running = run(...local(data, 'shutdownTimeout=10m'));
    await running.logged(/source read for the first time/);
    expect(await running.end('SIGTERM', 'SIGINT')).toMatchObject({ code: 130 });
  });

  it('ends a command that waits for standard input', async () => {
    const child = start(program, ['replay', '-']);
    if (child.stdin === null) throw new Error('no pipe');
    // More than a pipe holds: when it is drained, the command reads.
    if (!child.stdin.write('2026-11-20 10:00:00 ERROR disk is full\n'.repeat(10_000))) await once(child.stdin, 'drain');
    const ended = finished(child);
    child.kill('SIGTERM');
    const { exitCode, out, err } = await ended;
    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toMatch(/stopped before all was read\n$/);
  });
});

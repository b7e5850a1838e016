import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

import { tempFolders } from '../../support/temp-folder';
import { UPLOAD_LOGS, makeUploadHost, type Put, type UploadHost } from '../../support/upload-host';
import { until } from '../../support/until';

const folders = tempFolders();
let host: UploadHost;
let log: string;

beforeEach(() => {
  host = makeUploadHost(folders.make());
  log = join(host.logs, 'app.log');
});

const write = (name: string, text: string): void => writeFileSync(join(host.logs, name), text);

/** Backdates the last write of a file by these seconds: longer than a rotated file has to settle. */
function quietFor(seconds: number, ...files: string[]): void {
  for (const file of files) utimesSync(file, Date.now() / 1000 - seconds, Date.now() / 1000 - seconds);
}

/** A run without work and without output. */
const nothing = { exitCode: 0, said: '', puts: [], pauses: [] };

const said = (puts: readonly Put[]): string[] => puts.map(({ target, body }) => `${target} ${JSON.stringify(body)}`);
const app = (...bodies: string[]): string[] => bodies.map((body) => `s3://bkt/logs/h/app.log ${JSON.stringify(body)}`);

describe('upload-logs.sh', () => {
  it('uploads every file once with its full checksum, and later only changed files', () => {
    write('app.log', 'one\n');
    write('web.log', 'two\n');
    const first = host.run(host.logs);
    expect(first).toMatchObject({ exitCode: 0, said: '' });
    expect(first.puts.map((put) => put.arguments)).toEqual(
      ['app.log', 'web.log'].map((name) => [
        ...['s3', 'cp', '/dev/stdin', `s3://bkt/logs/h/${name}`],
        ...['--checksum-algorithm', 'CRC64NVME', '--only-show-errors'],
        ...['--cli-connect-timeout', '10', '--cli-read-timeout', '20'],
      ]),
    );
    expect(host.run(host.logs)).toEqual(nothing);
    appendFileSync(join(host.logs, 'web.log'), 'three\n');
    expect(said(host.run(host.logs).puts)).toEqual(['s3://bkt/logs/h/web.log "two\\nthree\\n"']);
  });

  it('uploads a changed file of the same size', () => {
    write('app.log', 'one\n');
    quietFor(60, log);
    host.run(log);
    write('app.log', 'two\n');
    expect(said(host.run(log).puts)).toEqual(app('two\n'));
  });

  it('skips files that rotation, compression or editors left in a folder', () => {
    const uploaded = ['app.log', 'host-1.2021-10-17.log', 'messages', 'service.v2.log', 'syslog'];
    const leftOut = [
      ...[
        'app-20261121.log',
        'app.1.log',
        'app.log.1',
        'syslog.12',
        'app.log-20261121',
        'messages-20261121-1763700000',
        'app.log.2026-11-21',
      ],
      ...[
        'app.log.2026-11-21-13',
        'app.log.2026-11',
        'app.log.old',
        'app.log.gz',
        'app.log.1.bz2',
        'app.log-20261121.xz',
      ],
      ...['app.log.2.zst', 'app.log.swp', 'app.log.tmp', 'app.log~', '.app.log'],
    ];
    for (const name of [...uploaded, ...leftOut]) write(name, 'line\n');
    const { exitCode, puts } = host.run(host.logs);
    expect(exitCode).toBe(0);
    expect(puts.map(({ target }) => target)).toEqual(uploaded.map((name) => `s3://bkt/logs/h/${name}`));
  });

  it('reports each file that it leaves out once, by reason', () => {
    for (const name of ['app.log', 'app.log.1', 'app.log.2.gz', 'x.tmp', 'b.tmp', 'no-debug.log'])
      write(name, 'line\n');
    for (let i = 1; i < 8; i++) write(`old.log.${i}`, 'line\n');
    symlinkSync('/etc/passwd', join(host.logs, 'link.log'));
    const run = (): string[] =>
      host
        .run('--exclude', 'no-*', host.logs)
        .said.replaceAll(`${host.logs}/`, '')
        .split('\n')
        .filter((line) => line !== '');
    expect(run()).toEqual([
      'upload-logs.sh: left out, rotated: app.log.1, old.log.1, old.log.2, old.log.3, old.log.4 and 3 more',
      'upload-logs.sh: left out, compressed: app.log.2.gz',
      'upload-logs.sh: left out, a scratch file: b.tmp, x.tmp',
      'upload-logs.sh: left out, a symbolic link: link.log',
    ]);
    expect(run()).toEqual([]);
    write('y.tmp', 'line\n');
    expect(run()).toEqual(['upload-logs.sh: left out, a scratch file: y.tmp']);
  });

  it.each(['app.log.1', 'app.log-20261121', 'app.log.2.gz', 'x.tmp', '.hidden', 'app.log'])(
    'uploads %s when it is named',
    (name) => {
      write('app.log', 'line\n');
      write(name, 'line\n');
      const { puts, said: lines } = host.run(name);
      expect({ lines, keys: puts.map(({ target }) => target) }).toEqual({
        lines: '',
        keys: [`s3://bkt/logs/h/${name}`],
      });
    },
  );

  it('leaves rotated files out when a shell expanded a glob to their names and the name of their log', () => {
    for (const name of ['app.log', 'app.log.1', 'app.log.2.gz']) write(name, 'line\n');
    expect(said(host.run('app.log', 'app.log.1', 'app.log.2.gz').puts)).toEqual(app('line\n'));
  });

  it.each(['error_log.2026-11-30', 'access_log-20261130', 'app.2026-11-30.log', 'web.log.INFO.20261130-180000.4711'])(
    'uploads the dated file %s when there is no file without the date',
    (name) => {
      write(name, 'line\n');
      expect(host.run(host.logs).puts.map(({ target }) => target)).toEqual([`s3://bkt/logs/h/${name}`]);
      expect(host.run(host.logs)).toEqual(nothing);
    },
  );

  it('uploads files named by path, folder or quoted glob, except excluded ones, each once', () => {
    for (const name of ['a.log', 'b.log', 'b-debug.log', 'c.txt']) write(name, 'line\n');
    mkdirSync(join(host.logs, 'below.log'));
    writeFileSync(join(host.logs, 'below.log', 'deep.log'), 'line\n');
    const { puts } = host.run('--exclude', '*-debug.log', 'a.log', `${host.logs}/*.log`, `${host.logs}/no*.log`);
    expect(puts.map((put) => put.target)).toEqual(['s3://bkt/logs/h/a.log', 's3://bkt/logs/h/b.log']);
  });

  it('skips symbolic links and anything but files', () => {
    write('app.log', 'line\n');
    symlinkSync('/etc/passwd', join(host.logs, 'link.log'));
    expect(spawnSync('mkfifo', [join(host.logs, 'pipe.log')]).status).toBe(0);
    const { exitCode, puts } = host.run(host.logs, join(host.logs, 'link.log'));
    expect(exitCode).toBe(0);
    expect(said(puts)).toEqual(app('line\n'));
  });

  it('keeps any file name, even through rotation, and never executes part of a name', () => {
    const names = [
      ...['with space.log', '"quoted" \'twice\'.log', 'new\nline.log', '$(touch pwned).log', '`touch pwned`.log'],
      ...['; touch pwned #.log', 'a[$(touch pwned)].log', '*.log', 'back\\slash\\n.log', 'ünï-日本-😀.log', '--bucket'],
      ...['-dash.log', '@', 'end.log '],
    ];
    const key = (name: string): string => `s3://bkt/logs/h/${name}`;
    for (const name of names) write(name, `${name}\n`);
    const first = host.run('--verbose', '--', ...names);
    expect(first.puts.map(({ target, body }) => [target, body])).toEqual(names.map((name) => [key(name), `${name}\n`]));
    for (const name of names) {
      const rotated = join(host.logs, `${name}.1`);
      renameSync(join(host.logs, name), rotated);
      appendFileSync(rotated, 'two\n');
      quietFor(60, rotated);
      write(name, 'three\n');
    }
    const { puts } = host.run('--verbose', `${host.logs}/`);
    for (const name of names) {
      const bodies = puts.filter(({ target }) => target === key(name)).map(({ body }) => body);
      expect(bodies).toEqual([`${name}\ntwo\n`, 'three\n']);
    }
    expect(readdirSync(host.logs)).not.toContain('pwned');
  });
});

describe('rotation', () => {
  beforeEach(() => {
    write('app.log', 'one\n');
    quietFor(1000, log);
    host.run(host.logs);
  });

  /** The text that the service writes before the rotation and into the new file. */
  function rotate(to: string, lastLines: string, firstLines: string, quietSeconds = 60): void {
    if (lastLines !== '') appendFileSync(log, lastLines);
    renameSync(log, join(host.logs, to));
    quietFor(quietSeconds, join(host.logs, to));
    write('app.log', firstLines);
  }

  it.each(['app.log.1', 'app.log-20261121', 'app.log.2026-11-21', 'app.2026-11-21.log', 'app.1.log'])(
    'uploads the last lines under the old key before the new file when rotated to %s, and never under that name',
    (to) => {
      rotate(to, 'two\n', 'three\n');
      expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n', 'three\n'));
      expect(host.run(host.logs)).toEqual(nothing);
      appendFileSync(log, 'four\n');
      expect(said(host.run(host.logs).puts)).toEqual(app('three\nfour\n'));
    },
  );

  it('uploads only the new file when the old one did not grow', () => {
    renameSync(log, `${log}.1`);
    write('app.log', 'two\n');
    expect(said(host.run(host.logs).puts)).toEqual(app('two\n'));
  });

  it('uploads all files in the order of writing after two rotations between runs', () => {
    rotate('app.log.1', 'two\n', 'three\n', 300);
    renameSync(`${log}.1`, `${log}.2`);
    rotate('app.log.1', 'four\n', 'five\n', 200);
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n', 'three\nfour\n', 'five\n'));
    expect(host.run(host.logs)).toEqual(nothing);
  });

  it('uploads all files but the compressed first after two rotations with dates as names', () => {
    rotate('app.log-20261119', '', 'three\n', 300);
    rotate('app.log-20261120', '', 'four\n', 200);
    unlinkSync(`${log}-20261119`);
    write('app.log-20261101', 'long ago\n');
    quietFor(1_000_000, `${log}-20261101`);
    expect(said(host.run(host.logs).puts)).toEqual(app('three\n', 'four\n'));
  });

  it('delays the new file by a run when a service still writes to the rotated one, so that no line is lost', () => {
    rotate('app.log.1', 'two\n', 'four\n', 0);
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n'));
    appendFileSync(`${log}.1`, 'three\n');
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\nthree\n', 'four\n'));
    expect(host.run(host.logs).puts).toEqual([]);
    appendFileSync(`${log}.1`, 'much later\n');
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\nthree\nmuch later\n'));
    expect(said(host.run(host.logs).puts)).toEqual(app('four\n'));
    expect(host.run(host.logs).puts).toEqual([]);
  });

  it('uploads the rotated file before the service opens a new one', () => {
    appendFileSync(log, 'two\n');
    renameSync(log, `${log}.1`);
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n'));
    expect(host.run(host.logs).puts).toEqual([]);
    quietFor(60, `${log}.1`);
    write('app.log', 'three\n');
    expect(said(host.run(host.logs).puts).at(-1)).toEqual(app('three\n')[0]);
  });

  it('uploads and remembers the opened file when it rotates during the upload', () => {
    appendFileSync(log, 'two\n');
    host.before(`mv '${log}' '${log}.1'; echo three >>'${log}.1'; echo four >'${log}'; rm before`);
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\nthree\n'));
    host.run(host.logs);
    expect(said(host.run(host.logs).puts)).toEqual(app('four\n'));
  });

  it('warns that the end may be missing when the file was compressed at once', () => {
    rotate('app.log.1', 'two\n', 'three\n');
    unlinkSync(`${log}.1`);
    write('app.log.1.gz', 'compressed');
    const { exitCode, said: lines, puts } = host.run(host.logs);
    expect(said(puts)).toEqual(app('three\n'));
    expect(exitCode).toBe(0);
    expect(lines).toMatch(/^upload-logs\.sh: \S+app\.log was replaced.* last lines may be missing.* delaycompress\n$/);
    expect(host.run(host.logs)).toEqual(nothing);
  });

  it.each<[string, string]>([
    ['truncated without a copy', ': >app.log'],
    ['copied, and its copy compressed at once', 'cp app.log app.log.1; : >app.log; gzip app.log.1'],
  ])('warns that the end may be missing when the file was %s', (_, script) => {
    appendFileSync(log, 'two\n');
    host.run(host.logs);
    spawnSync('bash', ['-c', script], { cwd: host.logs });
    write('app.log', 'x\n');
    const { exitCode, said: lines, puts } = host.run(host.logs);
    expect({ puts: said(puts), exitCode }).toEqual({ puts: app('x\n'), exitCode: 0 });
    expect(lines).toMatch(/^upload-logs\.sh: \S+app\.log became shorter.* last lines before that may be missing\n$/);
    expect(host.run(host.logs)).toEqual(nothing);
  });

  it('uploads a file with two names (hard links) once, under the name that it was uploaded under before', () => {
    linkSync(log, join(host.logs, 'a.log'));
    expect(host.run(host.logs)).toMatchObject({
      puts: [],
      said: expect.stringMatching(/a second name of a file: \S+a\.log\n$/) as string,
    });
    appendFileSync(log, 'two\n');
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n'));
    expect(host.run(host.logs)).toEqual(nothing);
  });

  it('uploads the copy, then the truncated file, with copytruncate', () => {
    appendFileSync(log, 'two\n');
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n'));
    appendFileSync(log, 'x\n');
    expect(said(host.run(host.logs).puts)).toEqual(app('x\n'));
    truncateSync(log);
    expect(said(host.run(host.logs).puts)).toEqual(app(''));
  });

  it('uploads the copy first when the truncated file has outgrown its old size', () => {
    copyFileSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, 'two\n');
    quietFor(100, `${log}.1`);
    write('app.log', 'three and more\n');
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n', 'three and more\n'));
    expect(host.run(host.logs)).toEqual(nothing);
  });

  it.each(['app', 'server', 'api-gw', 'catalina', 'access', 'error'])(
    'uploads %s.log under no other key through a chain of rotations that keep the extension',
    (name) => {
      const path = (n: number): string => join(host.logs, n === 0 ? `${name}.log` : `${name}.${n}.log`);
      const targets: string[] = [];
      for (let generation = 0; generation < 4; generation++) {
        for (let n = generation; n >= 0; n--) if (existsSync(path(n))) renameSync(path(n), path(n + 1));
        writeFileSync(path(0), `generation ${generation}\n`);
        quietFor(60 * (10 - generation), path(0));
        targets.push(...host.run(host.logs).puts.map(({ target }) => target));
      }
      expect(new Set(targets)).toEqual(new Set([`s3://bkt/logs/h/${name}.log`]));
    },
  );

  it('never takes a known inode for a new file, under any name', () => {
    write('web.log', 'web\n');
    quietFor(1000, join(host.logs, 'web.log'));
    host.run(host.logs);
    renameSync(log, join(host.logs, 'spare.log'));
    renameSync(join(host.logs, 'web.log'), log);
    renameSync(join(host.logs, 'spare.log'), join(host.logs, 'web.log'));
    expect(host.run(host.logs)).toEqual(nothing);
  });

  it('uploads both files in the next run when the rotation falls between checking and opening', () => {
    write('a.log', 'first\n');
    appendFileSync(log, 'two\n');
    host.before(`mv '${log}' '${log}.1'; echo three >'${log}'; touch -d '1 hour ago' '${log}.1'; rm before`);
    expect(said(host.run(host.logs).puts)).toEqual(['s3://bkt/logs/h/a.log "first\\n"']);
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n', 'three\n'));
  });

  it('delays the new file when the end of the old one cannot be uploaded', () => {
    rotate('app.1.log', 'two\n', 'three\n');
    host.before('rm before; exit 1');
    expect(host.run('--retries', '0', host.logs)).toMatchObject({ exitCode: 1, puts: [] });
    expect(said(host.run(host.logs).puts)).toEqual(app('one\ntwo\n', 'three\n'));
  });

  it('ignores the rotated files of another log', () => {
    write('app', 'one\n');
    host.run(host.logs);
    write('app-web.log.1', 'not of app\n');
    unlinkSync(join(host.logs, 'app'));
    write('app', 'two\n');
    expect(said(host.run(host.logs).puts)).toEqual(['s3://bkt/logs/h/app "two\\n"']);
  });

  it('forgets a deleted file silently, and treats a new one of that name as new', () => {
    unlinkSync(log);
    expect(host.run(host.logs)).toEqual(nothing);
    write('app.log', 'two\n');
    expect(host.run(host.logs)).toMatchObject({ exitCode: 0, said: '' });
  });

  it('puts every line into some version, in order, for any schedule of writes, rotations and uploads', () => {
    type Step = 'write' | 'rotate' | 'upload';
    const steps = fc.array(fc.constantFrom<Step>('write', 'rotate', 'upload'), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(steps, (plan) => {
        const place = makeUploadHost(folders.make());
        const file = join(place.logs, 'app.log');
        const lines: string[] = [];
        const versions: string[] = [];
        const upload = (): void => void versions.push(...place.run(place.logs).puts.map(({ body }) => body));
        const start = Date.now() / 1000;
        const writeLine = (): void => {
          const line = lines.push(`${lines.length}`);
          appendFileSync(file, `${line - 1}\n`);
          // A separate clock: files written in the same tick cannot be distinguished.
          utimesSync(file, start + line, start + line);
        };
        const rotateAll = (): void => {
          for (let n = plan.length; n > 0; n -= 1) {
            if (existsSync(`${file}.${n}`)) renameSync(`${file}.${n}`, `${file}.${n + 1}`);
          }
          renameSync(file, `${file}.1`);
        };
        writeLine();
        upload();
        for (const step of plan) {
          if (step === 'upload') upload();
          if (step === 'rotate') rotateAll();
          if (step !== 'upload') writeLine();
        }
        // The new file may wait for one run.
        upload();
        upload();
        const seen = versions.flatMap((body) => body.split('\n').slice(0, -1));
        expect([...new Set(seen)]).toEqual(lines);
        expect(versions.at(-1)).toBe(readFileSync(file, 'utf8'));
      }),
      { numRuns: 10 },
    );
  });
});

describe('when something fails', () => {
  it('retries an upload after growing pauses', () => {
    write('app.log', 'one\n');
    host.before('if ((n < 4)); then echo SlowDown >&2; exit 1; fi');
    const { exitCode, said: lines, puts, pauses } = host.run('--verbose', log);
    expect({ exitCode, puts: said(puts), pauses }).toEqual({
      exitCode: 0,
      puts: app('one\n'),
      pauses: ['1', '2', '4'],
    });
    expect(lines).toMatch(/trying again in 4 s: .*SlowDown/);
  });

  it('uploads the other files, exits with 1 and a reason, and uploads the file in the next run', () => {
    write('app.log', 'one\n');
    write('web.log', 'two\n');
    host.before('if [[ $4 == */app.log ]]; then printf "Traceback:\\n  frames\\n\\033[1mAccessDenied" >&2; exit 1; fi');
    const failing = host.run('--retries', '0', host.logs);
    expect(failing.exitCode).toBe(1);
    expect(said(failing.puts)).toEqual(['s3://bkt/logs/h/web.log "two\\n"']);
    expect(failing.said).toMatch(
      /^upload-logs\.sh: \S+app\.log was not uploaded to \S+, tried 1 time: {2}\[1mAccessDenied\n$/,
    );
    host.before(null);
    expect(said(host.run(host.logs).puts)).toEqual(app('one\n'));
  });

  it('reports a file without read permission, and uploads the others', () => {
    const folder = folders.make();
    const unprivileged = makeUploadHost(folder);
    for (const name of ['app.log', 'web.log']) writeFileSync(join(unprivileged.logs, name), 'line\n');
    chmodSync(join(unprivileged.logs, 'app.log'), 0);
    const script = join(folder, 'upload-logs.sh');
    copyFileSync(UPLOAD_LOGS, script);
    const unprivilegedId = 65_534;
    if (process.getuid?.() === 0) spawnSync('chown', ['-R', `${unprivilegedId}:${unprivilegedId}`, folder]);
    const { status, stderr } = spawnSync(
      script,
      ['--bucket', 'bkt', '--host', 'h', '--state', `${folder}/state`, 'logs'],
      {
        cwd: folder,
        env: { PATH: `${folder}/bin:/usr/bin:/bin` },
        encoding: 'utf8',
        ...(process.getuid?.() === 0 ? { uid: unprivilegedId, gid: unprivilegedId } : {}),
      },
    );
    expect(stderr).toMatch(/^upload-logs\.sh: \S+app\.log cannot be read by this user \(\S+\)\n$/);
    expect(status).toBe(1);
    expect(readFileSync(join(folder, 'bin', '1.body'), 'utf8')).toBe('line\n');
  });

  it('ends a hanging upload at the time limit, and repeats it in the next run', () => {
    write('app.log', 'one\n');
    host.before('exec /bin/sleep 60');
    const late = host.run('--timeout', '1', log);
    expect(late).toMatchObject({ exitCode: 1, puts: [] });
    expect(late.said).toMatch(/stopped early \(after --timeout 1 s/);
    host.before(null);
    expect(said(host.run(log).puts)).toEqual(app('one\n'));
  });

  it('exits at once while another run, or an upload that outlived its run, is active', async () => {
    write('app.log', 'one\n');
    const [began, go] = [join(host.logs, '..', 'began'), join(host.logs, '..', 'go')];
    const wait = `until [[ -e '${go}' ]]; do /bin/sleep 0.05; done`;
    host.before(`rm before; touch '${began}'; ${wait}; echo done >>'${go}'`);
    const first = host.start(log);
    const ended = once(first, 'exit');
    await until('the first run uploads', 5_000, () => Promise.resolve(existsSync(began)));
    expect(host.run(log)).toEqual(nothing);
    expect(host.run('--verbose', log).said).toBe('upload-logs.sh: another run is at it\n');
    first.kill('SIGKILL');
    await ended;
    expect(host.run('--verbose', log).said).toBe('upload-logs.sh: another run is at it\n');
    writeFileSync(go, '');
    await until('the upload ends', 5_000, () =>
      Promise.resolve(host.run('--verbose', log).said !== 'upload-logs.sh: another run is at it\n'),
    );
  });

  it('repeats an upload when killed between the upload and saving the state', () => {
    write('app.log', 'one\n');
    host.after('rm after; kill -9 0');
    expect(host.run(log)).toMatchObject({ exitCode: null, puts: [{ body: 'one\n' }] });
    expect(said(host.run(log).puts)).toEqual(app('one\n'));
    expect(host.run(log).puts).toEqual([]);
  });

  it('uploads all files when the state cannot be saved, says so once, and exits with 1', () => {
    for (const name of ['a.log', 'b.log', 'c.log']) write(name, `${name}\n`);
    host.run(host.logs);
    const state = readdirSync(host.state).find((name) => /^[0-9a-f]{16}$/.test(name)) ?? '';
    symlinkSync('/dev/full', join(host.state, `${state}.new`));
    for (const name of ['a.log', 'b.log', 'c.log']) write(name, `${name} changed\n`);
    const { exitCode, puts, said: lines } = host.run(host.logs);
    expect(puts).toHaveLength(3);
    expect(exitCode).toBe(1);
    expect(lines).toMatch(/^upload-logs\.sh: cannot write \S+: free disk space .* will be repeated\n$/);
    unlinkSync(join(host.state, `${state}.new`));
    expect(host.run(host.logs)).toMatchObject({ exitCode: 0, said: '' });
    expect(host.run(host.logs)).toEqual(nothing);
  });

  it('uploads bytes written during an upload in the next run', () => {
    write('app.log', 'one\n');
    host.after(`rm after; echo two >>'${log}'`);
    expect(said(host.run(log).puts)).toEqual(app('one\n'));
    expect(said(host.run(log).puts)).toEqual(app('one\ntwo\n'));
  });

  it.each<[damage: string, damaged: (state: Buffer) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['garbage', () => Buffer.from('\0\xff\0$(touch pwned)\0', 'latin1')],
    ['cut', (state) => state.subarray(0, state.length - 10)],
    ['code for a size', (state) => Buffer.from(state.toString().replace('\x004\0', '\0a[$(touch pwned)]\0'))],
    ['code for an inode', (state) => Buffer.from(state.toString().replace(/\d+:/, 'a[$(touch pwned)]:'))],
  ])('repeats uploads when the state is damaged (%s)', (damage, damaged) => {
    write('app.log', 'one\n');
    host.run(log);
    const state = join(host.state, readdirSync(host.state).find((name) => !name.includes('.')) ?? '');
    writeFileSync(state, damaged(readFileSync(state)));
    const again = host.run(log);
    expect(again.exitCode).toBe(0);
    expect(said(again.puts)).toEqual(app('one\n'));
    expect(host.run(log)).toEqual(nothing);
    expect(existsSync(join(host.logs, 'pwned'))).toBe(false);
  });

  it('keeps a separate state per destination', () => {
    write('app.log', 'one\n');
    host.run(log);
    expect(host.run('--prefix', 'other/logs', log).puts.map((put) => put.target)).toEqual([
      's3://bkt/other/logs/h/app.log',
    ]);
    expect(host.run(log).puts).toEqual([]);
  });

  it('refuses a second file with the same key', () => {
    mkdirSync(join(host.logs, 'a'));
    for (const name of ['app.log', 'a/app.log']) write(name, `${name}\n`);
    const { exitCode, said: lines, puts } = host.run(log, 'a');
    expect({ exitCode, puts: said(puts) }).toEqual({ exitCode: 1, puts: app('app.log\n') });
    expect(lines).toMatch(/would have one key/);
  });

  it('reports a missing folder or file, but not a glob without matches', () => {
    for (const missing of ['no-folder', 'no-folder/app.log', 'no-folder/*.log', 'app.log']) {
      const { exitCode, said: lines } = host.run(missing);
      expect(exitCode).toBe(1);
      expect(lines).toMatch(/^upload-logs\.sh: (no such file or folder: |the folder .* does not exist)[^\n]*\n$/);
    }
    expect(host.run('*.log', host.logs)).toEqual(nothing);
  });

  it('keeps the state of files that this run does not cover, and of files in a missing folder', () => {
    const folder = join(host.logs, 'of-the-app');
    mkdirSync(folder);
    const [log, other] = [join(folder, 'app.log'), join(folder, 'web.log')];
    for (const path of [log, other]) writeFileSync(path, 'one\n');
    host.run(folder);
    expect(host.run(other).puts).toEqual([]);
    expect(host.run('--exclude', 'app*', folder).puts).toEqual([]);
    renameSync(folder, `${folder}-away`);
    expect(host.run(folder)).toMatchObject({ exitCode: 1, puts: [] });
    renameSync(`${folder}-away`, folder);
    appendFileSync(log, 'two\n');
    renameSync(log, `${log}.1`);
    quietFor(60, `${log}.1`);
    expect(host.run(other).puts).toEqual([]);
    writeFileSync(log, 'three\n');
    expect(said(host.run(folder).puts)).toEqual([...app('one\ntwo\n'), ...app('three\n')]);
  });
});

describe('a wrong call', () => {
  it.each<[complaint: RegExp, options: string[]]>([
    [/name the files to upload/, []],
    [/no option --buckets/, ['--buckets', 'b', 'app.log']],
    [/--exclude wants a value/, ['app.log', '--exclude']],
    [/is not a bucket name/, ['--bucket', 'b/c', 'app.log']],
    [/--bucket/, ['--bucket', '', 'app.log']],
    [/is not a prefix/, ['--prefix', '/logs', 'app.log']],
    [/is not a prefix/, ['--prefix', 'a/../b', 'app.log']],
    [/is not a prefix/, ['--prefix', '', 'app.log']],
    [/cannot be the host/, ['--host', 'a/b', 'app.log']],
    [/cannot be the host/, ['--host', '..', 'app.log']],
    [/cannot be the host/, ['--host', '', 'app.log']],
    [/--retries wants a whole number/, ['--retries', 'a[$(touch pwned)]', 'app.log']],
    [/--timeout \(5\) includes --jitter \(5\)/, ['--timeout', '5', '--jitter', '5', 'app.log']],
  ])('says %s and ends with 2', (complaint, options) => {
    write('app.log', 'one\n');
    const { exitCode, said: lines, puts } = host.run(...options);
    expect({ exitCode, puts }).toEqual({ exitCode: 2, puts: [] });
    expect(lines).toMatch(complaint);
    expect(lines.trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(host.logs, 'pwned'))).toBe(false);
  });

  it('prints the usage for --help', () => {
    const { status, stdout } = spawnSync(UPLOAD_LOGS, ['--help'], { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/upload-logs\.sh --bucket BUCKET \[options\] FILE\|FOLDER\|GLOB/);
  });

  it('waits a random time first with --jitter', () => {
    write('app.log', 'one\n');
    const runs = [1, 2, 3].map(() => host.run('--jitter', '100', log));
    const waits = runs.flatMap(({ pauses }) => pauses.map(Number));
    expect(new Set(waits).size).toBe(3);
    expect(Math.max(...waits)).toBeLessThanOrEqual(100);
    expect(runs.flatMap(({ puts }) => said(puts))).toEqual(app('one\n'));
  });
});

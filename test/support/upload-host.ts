import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const UPLOAD_LOGS = resolve(__dirname, '../../scripts/upload-logs.sh');

/** One upload received by the fake AWS CLI. */
export interface Put {
  readonly arguments: readonly string[];
  readonly target: string;
  readonly body: string;
}

/** The result of a run. */
export interface UploadRun {
  readonly exitCode: number | null;
  readonly said: string;
  readonly puts: readonly Put[];
  /** Seconds passed to `sleep`, which is a fake. */
  readonly pauses: readonly string[];
}

/** A host with log files and a fake AWS CLI that records its uploads. */
export interface UploadHost {
  readonly logs: string;
  readonly state: string;
  /** Runs the script with bucket `bkt`, host `h` and the state folder of this host. */
  run(...options: string[]): UploadRun;
  /** The same, without waiting. */
  start(...options: string[]): ChildProcess;
  /** Bash code that each upload runs before or after it reads the file; null removes it. */
  before(script: string | null): void;
  after(script: string | null): void;
}

const STAND_IN = `#!/bin/bash
set -eu
cd "$(dirname "$0")"
n=$(($(cat count) + 1)); echo $n >count
printf '%s\\0' "$@" >$n.arguments
if [[ -e before ]]; then source ./before; fi
cat -- "$3" >$n.body
if [[ -e after ]]; then source ./after; fi
`;

/** Makes a host in an empty folder. */
export function makeUploadHost(folder: string): UploadHost {
  const [logs, state, bin] = [join(folder, 'logs'), join(folder, 'state'), join(folder, 'bin')];
  for (const made of [logs, bin]) mkdirSync(made);
  writeFileSync(join(bin, 'aws'), STAND_IN);
  writeFileSync(join(bin, 'sleep'), '#!/bin/bash\necho "$1" >>"$(dirname "$0")/pauses"\n');
  for (const program of ['aws', 'sleep']) chmodSync(join(bin, program), 0o755);
  writeFileSync(join(bin, 'count'), '0');
  writeFileSync(join(bin, 'pauses'), '');
  const command = (options: string[]): string[] => ['--bucket', 'bkt', '--host', 'h', '--state', state, ...options];
  const environment = { cwd: logs, env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder } };
  const count = (): number => Number(readFileSync(join(bin, 'count'), 'utf8'));
  const put = (n: number): Put[] => {
    const body = join(bin, `${n}.body`);
    if (!existsSync(body)) return [];
    const given = readFileSync(join(bin, `${n}.arguments`), 'utf8').split('\0');
    return [{ arguments: given.slice(0, -1), target: given[3] ?? '', body: readFileSync(body, 'utf8') }];
  };
  const hook = (file: string, script: string | null): void => {
    if (script === null) rmSync(join(bin, file), { force: true });
    else writeFileSync(join(bin, file), script);
  };
  return {
    logs,
    state,
    run: (...options) => {
      const first = count() + 1;
      writeFileSync(join(bin, 'pauses'), '');
      const { status, stderr } = spawnSync(UPLOAD_LOGS, command(options), { ...environment, encoding: 'utf8' });
      const puts = Array.from({ length: count() - first + 1 }, (_, i) => put(first + i)).flat();
      const pauses = readFileSync(join(bin, 'pauses'), 'utf8').split('\n').slice(0, -1);
      return { exitCode: status, said: stderr, puts, pauses };
    },
    start: (...options) => spawn(UPLOAD_LOGS, command(options), { ...environment, stdio: 'ignore' }),
    before: (script) => hook('before', script),
    after: (script) => hook('after', script),
  };
}

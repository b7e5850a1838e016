import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolders } from '../../support/temp-folder';

const script = join(__dirname, '../../../scripts/install-host.sh');
const folders = tempFolders();
const given = ['--bucket', 'telltale-logs', '--region', 'eu-central-1', '--host', 'web-1'];

interface Installed {
  readonly status: number | null;
  readonly said: string;
  /** The line of cron; null when there is none. */
  readonly line: string | null;
}

function install(args: readonly string[], root: string): Installed {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'aws'), '#!/bin/sh\n', { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, TELLTALE_INSTALL_ROOT: root };
  const { status, stdout, stderr } = spawnSync(script, args, { env, encoding: 'utf8' });
  const entry = join(root, 'etc/cron.d/telltale');
  const line = existsSync(entry) ? readFileSync(entry, 'utf8').trimEnd().split('\n').at(-1) : null;
  return { status, said: stdout + stderr, line: line ?? null };
}

const upload =
  '/usr/local/bin/upload-logs.sh --bucket telltale-logs --prefix logs --host web-1 --jitter 20 --timeout 300';

describe('install-host.sh', () => {
  it('installs the upload and its entry of cron, and a second time finds everything there', () => {
    const root = folders.make();
    const first = install([...given, '/var/log/myapp', '/srv/a & b $(x)/*.log'], root);
    expect(first).toMatchObject({
      status: 0,
      line: `* * * * * root ${upload} '/var/log/myapp' '/srv/a & b $(x)/*.log'`,
    });
    expect(readFileSync(join(root, 'etc/cron.d/telltale'), 'utf8')).toContain('AWS_REGION=eu-central-1\n');
    expect(statSync(join(root, 'usr/local/bin/upload-logs.sh')).mode & 0o777).toBe(0o755);
    expect(install([...given, '/var/log/myapp', '/srv/a & b $(x)/*.log'], root).said).toContain('is as it should be');
  });

  it('writes nothing on a dry run, and shows the entry', () => {
    const root = folders.make();
    const dry = install([...given, '--dry-run', '/var/log/myapp'], root);
    expect(dry).toMatchObject({ status: 0, line: null });
    expect(dry.said).toContain(`${upload} '/var/log/myapp'`);
    expect(existsSync(join(root, 'usr'))).toBe(false);
  });

  it.each([
    [['--region', 'x', '/a'], '--bucket is missing'],
    [['--bucket', 'x', '/a'], '--region is missing'],
    [[...given], 'name the log files'],
    [[...given, 'var/log'], 'a path has to be absolute'],
    [[...given, "/var/log'; reboot; '"], "a path cannot hold ', % or a line end"],
    [[...given, '/var/log%reboot'], "a path cannot hold ', % or a line end"],
    [[...given, '/var/log\n* * * * * root reboot'], "a path cannot hold ', % or a line end"],
    [[...given, '--prefix', 'a;reboot', '/a'], '--prefix has characters other than'],
    [[...given, '--user', 'no-such-user', '/a'], 'there is no user no-such-user'],
    [[...given, '--bucket'], '--bucket needs a value'],
    [[...given, '--all', '/a'], 'there is no option --all'],
  ])('refuses %j', (args, problem) => {
    const root = folders.make();
    expect(install(args, root)).toMatchObject({ status: 2, line: null });
    expect(install(args, root).said).toContain(problem);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs Debian's cron with this crontab of root until `stop`. Uses a separate mount namespace: no crontab of this
 * machine is run or changed. Needs root, and the packages cron and util-linux.
 */
export function runCron(crontab: string): { stop(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'telltale-cron-'));
  for (const made of ['crontabs', 'cron.d', 'run']) mkdirSync(join(folder, made));
  writeFileSync(join(folder, 'crontabs', 'root'), crontab, { mode: 0o600 });
  const script = `set -e
    mount --bind "$1/crontabs" /var/spool/cron/crontabs
    mount --bind "$1/cron.d" /etc/cron.d
    mount --bind /dev/null /etc/crontab
    mount --bind "$1/run" /run
    exec cron -f`;
  const cron = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(cron, 'exit');
  const kill = (): void => void cron.kill('SIGTERM');
  process.once('exit', kill);
  return {
    stop: async () => {
      process.off('exit', kill);
      kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

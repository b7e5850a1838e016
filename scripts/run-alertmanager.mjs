/**
 * Runs an Alertmanager for tests and for trying Telltale, reachable only from this machine: Debian's package, unpacked once
 * into the cache.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, commandLine, portOf, say, Servers, stop, stopIfTaken } from './run-servers.mjs';

const help = `Runs an Alertmanager on 127.0.0.1 until Ctrl-C.

  scripts/run-alertmanager [--port 9093]

It sends no notifications. Needs the command prometheus-alertmanager, or apt-get, dpkg and unshare: then Debian's package is unpacked once and kept
in ~/.cache/telltale (or $XDG_CACHE_HOME/telltale).
`;

const PACKAGE = 'prometheus-alertmanager';
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 5_000;

const { port: given } = commandLine({ port: { type: 'string', default: '9093' } }, help);
const port = portOf(given);
const [command, ...before] = program();
await stopIfTaken(port);

const data = mkdtempSync(join(tmpdir(), 'telltale-alertmanager-'));
const configuration = join(data, 'alertmanager.yml');
writeFileSync(configuration, 'route: { receiver: none, group_wait: 1s }\nreceivers: [{ name: none }]\n');
const log = join(data, 'server.log');
const servers = new Servers(STOP_WITHIN_MS, data);
servers.start(
  command,
  [
    ...before,
    ...[`--config.file=${configuration}`, `--storage.path=${join(data, 'data')}`],
    ...[`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='],
  ],
  {
    log,
    env: process.env,
    onEnd: (code) => void servers.end(1, `the server ended by itself (${code}), see ${log}`),
  },
);
await servers.ready([port], READY_WITHIN_MS, log);
if (!servers.isEnding) say(`Alertmanager is ready: http://127.0.0.1:${port} (Ctrl-C stops)`);

/** The command of the installed program, or that of Debian's package, unpacked when missing. */
function program() {
  const installed = join('/usr/bin', PACKAGE);
  if (existsSync(installed)) return [installed];
  const folder = join(cache, PACKAGE);
  // It reads its templates in /usr/share: it gets its own, in a namespace.
  const share = 'mount -t tmpfs none /usr/share && cp -r "$0"/usr/share/prometheus /usr/share && exec "$@"';
  const command = ['unshare', '-rm', 'sh', '-c', share, folder, join(folder, 'usr/bin', PACKAGE)];
  if (existsSync(folder)) return command;
  mkdirSync(cache, { recursive: true });
  const unpacking = mkdtempSync(join(cache, 'unpacking-'));
  say(`fetching ${PACKAGE}, once (apt-get download)`);
  run('apt-get', ['download', PACKAGE], unpacking);
  const [archive] = readdirSync(unpacking).filter((name) => name.endsWith('.deb'));
  if (archive === undefined) stop(`apt-get fetched no package ${PACKAGE}`);
  run('dpkg', ['-x', archive, 'unpacked'], unpacking);
  rmSync(folder, { recursive: true, force: true });
  renameSync(join(unpacking, 'unpacked'), folder);
  rmSync(unpacking, { recursive: true, force: true });
  return command;
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return;
  rmSync(cwd, { recursive: true, force: true });
  stop(`${command} ${args.join(' ')} failed${error === undefined ? '' : ` (${error.message})`}`);
}

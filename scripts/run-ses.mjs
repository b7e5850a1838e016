/**
 * Runs a stand-in for Amazon SES for tests: moto, from PyPI, reachable only from this machine. It refuses senders that are not
 * verified, and keeps the mails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, commandLine, portOf, say, Servers, stop, stopIfTaken } from './run-servers.mjs';

const help = `Runs a stand-in for Amazon SES (moto) on 127.0.0.1 until Ctrl-C.

  scripts/run-ses [--port 7171]

When it is ready, the environment variables that the AWS SDK and CLI need to find it are printed.
Needs Python 3.9 or newer with venv. The server is installed once, from PyPI, and kept in ~/.cache/telltale (or
$XDG_CACHE_HOME/telltale).
`;

const VERSION = '5.2.5';
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;

const { port: given } = commandLine({ port: { type: 'string', default: '7171' } }, help);
const port = portOf(given);
const moto = program();
await stopIfTaken(port);

const data = mkdtempSync(join(tmpdir(), 'telltale-ses-'));
const log = join(data, 'server.log');
const servers = new Servers(STOP_WITHIN_MS, data);
servers.start(moto, ['-H', '127.0.0.1', '-p', `${port}`], {
  log,
  env: process.env,
  onEnd: (code) => void servers.end(1, `the server ended by itself (${code}), see ${log}`),
});
await servers.ready([port], READY_WITHIN_MS, log);
if (!servers.isEnding) {
  say(`export AWS_ENDPOINT_URL_SES=http://127.0.0.1:${port}`);
  say('export AWS_REGION=eu-central-1');
  say('export AWS_ACCESS_KEY_ID=telltale');
  say('export AWS_SECRET_ACCESS_KEY=telltale');
  say(`SES is ready: http://127.0.0.1:${port} (Ctrl-C stops)`);
}

/** The server's program, installed when missing. */
function program() {
  const folder = join(cache, `moto-${VERSION}`);
  const file = join(folder, 'bin/moto_server');
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  say(`installing moto ${VERSION}, once (pip)`);
  const steps = [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', `moto[server,ses]==${VERSION}`],
  ];
  for (const [command, ...args] of steps) {
    const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status === 0) continue;
    rmSync(folder, { recursive: true, force: true });
    stop(`moto ${VERSION} could not be installed${error === undefined ? '' : ` (${error.message})`}`);
  }
  return file;
}

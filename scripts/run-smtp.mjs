/**
 * Runs a mail server for tests and for trying Telltale: Debian's exim, reachable only from this machine, with a certificate
 * and a password of its own. Mails end in a folder.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { commandLine, portOf, say, Servers, stop, stopIfTaken } from './run-servers.mjs';

const help = `Runs a mail server on 127.0.0.1 until Ctrl-C.

  scripts/run-smtp [--port 2525] [--tls-port 2465]

  --port        where it listens, with STARTTLS
  --tls-port    where it listens with TLS from the first byte

It takes mails after a login over TLS, for any address. Addresses that begin with "refused" are refused, and those that begin
with "later" put off. When it is ready, the settings for a receiver of kind smtp are printed.
Needs exim (apt-get install exim4-daemon-light) and openssl. Its folder is deleted at the end.
`;

const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 5_000;
const EXIM = '/usr/sbin/exim4';
const USER = 'telltale';

const values = commandLine(
  { port: { type: 'string', default: '2525' }, 'tls-port': { type: 'string', default: '2465' } },
  help,
);
const [port, tlsPort] = [portOf(values.port), portOf(values['tls-port'])];
if (!existsSync(EXIM)) stop(`${EXIM} is missing: apt-get install exim4-daemon-light`);
await stopIfTaken(port);
await stopIfTaken(tlsPort);

const data = mkdtempSync(join(tmpdir(), 'telltale-smtp-'));
const password = randomBytes(18).toString('base64url');
const [certificate, key] = [join(data, 'cert.pem'), join(data, 'key.pem')];
for (const folder of ['spool', 'log', 'mail']) mkdirSync(join(data, folder));
certify();
writeFileSync(join(data, 'exim.conf'), configuration());
chmodSync(data, 0o755);
giveToExim();

const log = join(data, 'server.log');
const servers = new Servers(STOP_WITHIN_MS, data);
servers.start(EXIM, ['-C', join(data, 'exim.conf'), '-bdf', '-q1m'], {
  log,
  env: process.env,
  onEnd: (code) => void servers.end(1, `the server ended by itself (${code}), see ${log}`),
});
await servers.ready([port, tlsPort], READY_WITHIN_MS, log);
if (!servers.isEnding) {
  say(`export TELLTALE_TEST_SMTP_PASSWORD=${password}`);
  say(`export TELLTALE_TEST_SMTP_CA=${certificate}`);
  say(`export TELLTALE_TEST_SMTP_MAIL=${join(data, 'mail')}`);
  say(`SMTP is ready: localhost:${port} (STARTTLS) and localhost:${tlsPort} (TLS), user ${USER} (Ctrl-C stops)`);
}

function certify() {
  const { status, stderr } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
  ]);
  if (status !== 0) stop(`openssl could not make a certificate: ${stderr}`);
}

/** Exim gives up root's rights, and delivers as this user. */
function giveToExim() {
  if (userInfo().uid !== 0) return;
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'Debian-exim']).stdout));
  for (const path of ['spool', 'log', 'mail', 'key.pem', 'cert.pem']) chownSync(join(data, path), uid, gid);
}

function configuration() {
  const owner = userInfo().uid === 0 ? 'Debian-exim' : userInfo().username;
  const isUser = (name, word) => `\${if and{{eq{${name}}{${USER}}}{eq{${word}}{${password}}}}}`;
  return `
primary_hostname = localhost
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port} : ${tlsPort}
tls_on_connect_ports = ${tlsPort}
tls_advertise_hosts = *
tls_certificate = ${certificate}
tls_privatekey = ${key}
spool_directory = ${data}/spool
log_file_path = ${data}/log/%slog
pid_file_path = ${data}/exim.pid
exim_user = ${owner}
exim_group = ${userInfo().uid === 0 ? 'Debian-exim' : userInfo().gid}
never_users =
host_lookup =
rfc1413_hosts =
auth_advertise_hosts = \${if def:tls_in_cipher{*}{}}
message_size_limit = 1M
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny    !authenticated = *
          message = 530 authentication required
  deny    local_parts = ^refused
          message = no such user here
  defer   local_parts = ^later
          message = mailbox is full
  accept
begin routers
all:
  driver = accept
  transport = folder
begin transports
folder:
  driver = appendfile
  directory = ${data}/mail
  maildir_format
  envelope_to_add
  user = ${owner}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${isUser('$auth2', '$auth3')}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${isUser('$auth1', '$auth2')}
  server_set_id = $auth1
`;
}

/**
 * Runs an S3 server for tests and for trying Telltale: versitygw on a folder, reachable only from this machine. It is
 * built once from source, through Go's module proxy. Needs Go 1.25 or newer.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { cache, commandLine, portOf, say, Servers, stop, stopIfTaken } from './run-servers.mjs';

const help = `Runs an S3 server on 127.0.0.1 until Ctrl-C.

  scripts/run-s3 [--port 7070] [--bucket telltale-logs] [--versioning] [--data DIR]

  --port        where it listens
  --bucket      made when it is not there
  --versioning  the bucket keeps every version of its objects
  --data        kept and used again, with its credentials; by default a temporary folder, deleted at the end

When it is ready, the environment variables that the AWS SDK and CLI need to find it are printed.
Needs Go 1.25 or newer. The server (versitygw) is built once, which takes some minutes, and kept in ~/.cache/telltale
(or $XDG_CACHE_HOME/telltale).
`;

const VERSION = '1.8.0';
const REGION = 'us-east-1';
const READY_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
const OWNER_ONLY = 0o600;

function options() {
  const values = commandLine(
    {
      port: { type: 'string', default: '7070' },
      bucket: { type: 'string', default: 'telltale-logs' },
      versioning: { type: 'boolean', default: false },
      data: { type: 'string' },
    },
    help,
  );
  return { ...values, port: portOf(values.port), data: values.data === undefined ? null : resolve(values.data) };
}

/** The server's program, built when missing. */
function program() {
  const folder = join(cache, `versitygw-${VERSION}`);
  const file = join(folder, 'versitygw');
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const building = mkdtempSync(join(cache, 'building-'));
  say(`building versitygw ${VERSION}, once; this takes some minutes (go install)`);
  const { status, error } = spawnSync(
    'nice',
    ['go', 'install', `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`],
    { cwd: building, env: { ...process.env, GOBIN: building }, stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (status !== 0) {
    rmSync(building, { recursive: true, force: true });
    stop(`Go could not build versitygw ${VERSION}${error === undefined ? '' : ` (${error.message})`}`);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(building, folder);
  return file;
}

/** Created with the data folder, whose content belongs to this user. */
function credentialsOf(data) {
  const file = join(data, 'credentials.json');
  if (!existsSync(file)) {
    const made = {
      accessKeyId: `TELLTALE${randomBytes(6).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64url'),
    };
    writeFileSync(file, JSON.stringify(made), { mode: OWNER_ONLY });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

async function makeBucket(endpoint, credentials) {
  const client = new S3Client({ endpoint, credentials, region: REGION });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((error) => {
      if (error.name !== 'BucketAlreadyOwnedByYou') throw error;
    });
    if (versioning) {
      const enabled = { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } };
      await client.send(new PutBucketVersioningCommand(enabled));
    }
  } finally {
    client.destroy();
  }
}

const { port, bucket, versioning, data: given } = options();
const versitygw = program();
await stopIfTaken(port);
const data = given ?? mkdtempSync(join(tmpdir(), 'telltale-s3-'));
for (const folder of ['objects', 'versions']) mkdirSync(join(data, folder), { recursive: true });
const credentials = credentialsOf(data);

const log = join(data, 'server.log');
const servers = new Servers(STOP_WITHIN_MS, given === null ? data : null);
servers.start(
  versitygw,
  [
    ...['--port', `127.0.0.1:${port}`, '--region', REGION, '--quiet', '--keep-alive'],
    ...['posix', '--versioning-dir', join(data, 'versions'), join(data, 'objects')],
  ],
  {
    log,
    env: { ...process.env, ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    onEnd: (code) => void servers.end(1, `the server ended by itself (${code}), see ${log}`),
  },
);
await servers.ready([port], READY_WITHIN_MS, log);
const endpoint = `http://127.0.0.1:${port}`;
if (!servers.isEnding) {
  await makeBucket(endpoint, credentials).catch((error) =>
    servers.end(1, `cannot make bucket ${bucket}: ${error.message}`),
  );
}
if (!servers.isEnding) {
  say(`export AWS_ENDPOINT_URL_S3=${endpoint}`);
  say(`export AWS_REGION=${REGION}`);
  say(`export AWS_ACCESS_KEY_ID=${credentials.accessKeyId}`);
  say(`export AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}`);
  say(`S3 is ready: bucket ${bucket} at ${endpoint} (data in ${data}; Ctrl-C stops)`);
}

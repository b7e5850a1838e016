import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { createCRC64 } from 'hash-wasm';

import { runCron } from '../support/cron';
import { S3_START_MS, makeBucket, runS3, useS3, type RunningS3 } from '../support/s3';
import { tempFolders } from '../support/temp-folder';
import { UPLOAD_LOGS } from '../support/upload-host';
import { until } from '../support/until';

const BUCKET = 'uploads';
const MIB = 1024 * 1024;
const INSTALL = resolve(__dirname, '../../scripts/install-aws-cli');
const CRC64_NVME = '9a6c9329ac4bc9b5';

const folders = tempFolders();
let s3: RunningS3;
let client: S3Client;
let path: string;

beforeAll(async () => {
  const installed = spawnSync(INSTALL, { encoding: 'utf8' });
  if (installed.status !== 0) {
    throw new Error(
      `no AWS CLI: ${installed.stderr}\nRun scripts/install-aws-cli (Debian: apt-get install python3-venv).`,
    );
  }
  // The PATH that cron sets, and the AWS CLI.
  path = `${installed.stdout.trim()}:/usr/bin:/bin`;
  s3 = await runS3();
  useS3(s3);
  client = new S3Client();
  await makeBucket(BUCKET, true);
}, S3_START_MS);
afterAll(async () => {
  client.destroy();
  await s3.stop();
});

interface Version {
  readonly body: Buffer;
  readonly checksumIsRight: boolean;
}

/** Every version of an object, oldest first. Its checksum must be CRC64NVME of the whole object. */
async function versionsOf(key: string): Promise<Version[]> {
  const { Versions = [], IsTruncated } = await client.send(
    new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: key }),
  );
  if (IsTruncated === true) throw new Error('more versions than one page holds');
  const versions: Version[] = [];
  for (const { Key, VersionId } of Versions.reverse()) {
    if (Key !== key) continue;
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key, VersionId, ChecksumMode: 'ENABLED' }));
    const body = Buffer.from((await got.Body?.transformToByteArray()) ?? []);
    const checksum = Buffer.from((await createCRC64(CRC64_NVME)).update(body).digest('hex'), 'hex').toString('base64');
    const checksumIsRight = got.ChecksumType === 'FULL_OBJECT' && got.ChecksumCRC64NVME === checksum;
    versions.push({ body, checksumIsRight });
  }
  return versions;
}

/** Every line in the order of its first appearance in a version. */
function linesOf(versions: readonly Version[]): string[] {
  const lines = versions.flatMap(({ body }) => body.toString().split('\n').slice(0, -1));
  return [...new Set(lines)];
}

function makeHost(): { logs: string; options: string[]; said: string; run: (...sources: string[]) => number | null } {
  const folder = folders.make();
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const options = [
    '--bucket',
    BUCKET,
    '--host',
    'host-1',
    '--state',
    join(folder, 'state'),
    '--verbose',
    '--retries',
    '1',
  ];
  return {
    logs,
    options,
    said: join(folder, 'said'),
    run: (...sources) => {
      const env = { ...s3.environment, PATH: path, HOME: folder };
      const { status, stderr } = spawnSync(UPLOAD_LOGS, [...options, ...sources], { cwd: logs, env, encoding: 'utf8' });
      if (status !== 0) process.stderr.write(stderr);
      return status;
    },
  };
}

it('puts every line into some version of its key, in order, under cron and rotation', async () => {
  const { logs, options, said } = makeHost();
  const log = join(logs, 'app.log');
  const dated = join(logs, 'host-1.2021-10-17.log');
  const large = join(logs, 'large.log');
  const written = { app: [] as string[], dated: [] as string[], large: [] as string[] };
  writeFileSync(large, '');
  const filler = 'x'.repeat(1000);
  const addLarge = (): void => {
    written.large.push(`${written.large.length} ${filler}`);
    appendFileSync(large, `${written.large.at(-1)}\n`);
  };
  while (written.large.length < (12 * MIB) / 1000) addLarge();

  // A service that writes some more lines to the rotated file before it opens the new one, as with logrotate's
  // postrotate.
  let file = openSync(log, 'a');
  const linesPerRotation = 1_500;
  const runs = (): number => (existsSync(said) ? readFileSync(said, 'utf8').split('ended').length - 1 : 0);
  let rotations = 0;
  let opensAt = 0;
  const writer = setInterval(() => {
    const n = written.app.push(`line ${written.app.length}`);
    writeSync(file, `${written.app.at(-1)}\n`);
    // Files rotated before the first run are not uploaded.
    if (n % linesPerRotation === 0 && runs() > 0) {
      rotations += 1;
      opensAt = n + 100;
      for (let old = 40; old > 0; old -= 1) {
        if (existsSync(`${log}.${old}`)) renameSync(`${log}.${old}`, `${log}.${old + 1}`);
      }
      renameSync(log, `${log}.1`);
      closeSync(openSync(log, 'a'));
    }
    if (n === opensAt) {
      closeSync(file);
      file = openSync(log, 'a');
    }
    written.dated.push(`line ${n}`);
    appendFileSync(dated, `line ${n}\n`);
    if (n % 100 === 0) addLarge();
  }, 10);

  const variables = Object.entries({ ...s3.environment, PATH: path }).map(([name, value]) => `${name}=${value}\n`);
  const command = [UPLOAD_LOGS, ...options, '--jitter', '2', '--timeout', '55', logs].join(' ');
  const cron = runCron(
    `${variables.join('')}* * * * * echo began >>${said}; ${command} 2>>${said}; echo ended $? >>${said}\n`,
  );
  try {
    await until('cron has run it three times while lines are written', 240_000, () => Promise.resolve(runs() >= 3));
    clearInterval(writer);
    await until('everything is uploaded', 240_000, async () => {
      const last = (await versionsOf('logs/host-1/app.log')).at(-1);
      return runs() >= 4 && last?.body.equals(readFileSync(log)) === true;
    });
  } finally {
    clearInterval(writer);
    closeSync(file);
    await cron.stop();
  }

  expect(readFileSync(said, 'utf8')).not.toMatch(/ended [^0]|not uploaded|missing/);
  expect(rotations).toBeGreaterThanOrEqual(2);
  for (const [name, lines] of [
    ['app.log', written.app],
    ['host-1.2021-10-17.log', written.dated],
    ['large.log', written.large],
  ] as const) {
    const versions = await versionsOf(`logs/host-1/${name}`);
    expect(linesOf(versions)).toEqual(lines);
    expect(versions.map(({ checksumIsRight }) => checksumIsRight)).toEqual(versions.map(() => true));
    expect(versions.at(-1)?.body.equals(readFileSync(join(logs, name)))).toBe(true);
    expect(versions.length).toBeGreaterThan(1);
  }
}, 480_000);

it('never stores a wrong checksum when a file shrinks and grows during its upload, and stores it right in the next run', async () => {
  const { logs, run } = makeHost();
  const log = join(logs, 'shaken.log');
  writeFileSync(log, Buffer.alloc(20 * MIB, 'a line of the log\n'));
  const shaker = `
    const fs = require('node:fs');
    const file = fs.openSync(process.argv[1], 'r+');
    for (let n = 0, end = Date.now() + 4000; Date.now() < end; n += 1) {
      fs.ftruncateSync(file, (n % 7) * 3000000);
      fs.writeSync(file, Buffer.alloc(1000000 * (n % 20) + 1, 65 + (n % 26)), 0, 1000000 * (n % 20) + 1, 0);
      if (n === 0) process.stdout.write('shaking');
    }`;
  const shaking = spawn(process.execPath, ['-e', shaker, log], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(shaking, 'exit');
  await once(shaking.stdout, 'data');
  // One of its two attempts may succeed by chance.
  expect([0, 1]).toContain(run('--timeout', '60', log));
  shaking.kill();
  await ended;
  expect(run(log)).toBe(0);
  const versions = await versionsOf('logs/host-1/shaken.log');
  expect(versions.map(({ checksumIsRight }) => checksumIsRight)).toEqual(versions.map(() => true));
  expect(versions.at(-1)?.body.equals(readFileSync(log))).toBe(true);
}, 120_000);

it('uses any file name as the key', async () => {
  const { logs, run } = makeHost();
  const names = [
    'with space.log',
    '"q" \'q\' $(x) `x`.log',
    'ünï-日本-😀.log',
    '-dash.log',
    'a+b%20&c=d?#.log',
    'new\nline.log',
  ];
  for (const name of names) writeFileSync(join(logs, name), `${name}\n`);
  expect(run(logs)).toBe(0);
  for (const name of names) {
    const got = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: `logs/host-1/${name}` }));
    expect(await got.Body?.transformToString()).toBe(`${name}\n`);
  }
}, 60_000);

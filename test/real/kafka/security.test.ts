import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { inspect, promisify } from 'node:util';
import type { AclEntry, Admin } from 'kafkajs';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  ResourcePatternTypes,
  logLevel,
} from 'kafkajs';

import { deliveryWriter } from '../../../actors/delivery';
import { jobWriter } from '../../../actors/job-run';
import { publisherTopics } from '../../../actors/publisher';
import { openFolderStore } from '../../../src/adapters/embedded/folder-store';
import { mskIamToken } from '../../../src/adapters/kafka/msk-iam';
import type { KafkaEventLogOptions, KafkaPassword } from '../../../src/adapters/kafka/options';
import { partsOf } from '../../../src/apps/parts';
import { topicsOf } from '../../../src/apps/topics';
import { loadConfig } from '../../../src/config';
import { pipelines } from '../../../src/pipelines';
import type { Job } from '../../../src/stream/job';
import { outboxTopic } from '../../../src/pipelines/level-alerts/topics';
import { isTelltaleError } from '../../../src/errors';
import { systemClock } from '../../../src/ports/clock';
import type { EventLog, WriterOptions } from '../../../src/ports/event-log';
import { batchOf, openWriter, row, write } from '../../contract/records';
import type { RunningKafka } from '../../support/kafka';
import { KAFKA_START_MS, freePort, openKafka, runKafka } from '../../support/kafka';
import { KafkaSaslServer } from '../../support/kafka-sasl-server';
import { runProgram, startProgram, type Program } from '../../support/local-process';
import { readWindows } from '../../support/topics';
import { until } from '../../support/until';

/** The one version whose jars bring `kafka-acls.sh` along. */
const VERSION = '3.9.1';
const MECHANISMS = ['scram-sha-512', 'scram-sha-256', 'plain'] as const;
const { config } = loadConfig({ pipelines, env: {} });
const specs = topicsOf(config);
const [countingJob, alertingJob] = [jobNamed('counting'), jobNamed('alerting')];

function jobNamed(name: string): Job {
  const job = partsOf(config).jobs.find((each) => each.name === name);
  if (job === undefined) throw new Error(`there is no job ${name}`);
  return job;
}

type User = 'admin' | 'producer' | 'consumer';

describe(`a Kafka ${VERSION} with TLS, passwords and the rights of docs/kafka.md`, () => {
  const data = mkdtempSync(join(tmpdir(), 'telltale-security-'));
  const brokerData = join(data, 'kafka');
  const programs: Program[] = [];
  /** The output of all programs and errors. */
  const said: string[] = [];
  let kafka: RunningKafka;
  let passwords: Record<User, string>;
  let admin: Admin;

  beforeAll(async () => {
    kafka = await runKafka({ version: VERSION, data: brokerData, secure: true, port: await freePort() });
    passwords = JSON.parse(readFileSync(join(brokerData, 'users.json'), 'utf8')) as Record<User, string>;
    admin = new Kafka({
      brokers: [...kafka.brokers],
      logLevel: logLevel.NOTHING,
      ssl: { ca: ca() },
      sasl: { mechanism: 'scram-sha-512', username: 'admin', password: passwords.admin },
    }).admin();
    await admin.connect();
    for (const command of documentedCommands()) await kafkaAcls(command);
  }, KAFKA_START_MS);
  afterAll(async () => {
    for (const program of programs) await program.end('SIGKILL');
    await admin.disconnect();
    await kafka.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const noWritingOfLogs = {
    principal: 'User:producer',
    host: '*',
    operation: AclOperationTypes.WRITE,
    permissionType: AclPermissionTypes.DENY,
    resourceType: AclResourceTypes.TOPIC,
    resourceName: 'logs',
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };

  it('lets only the owner read files of keys and passwords', () => {
    const secrets = [
      'users.json',
      'admin.properties',
      'ca.key',
      'server.key',
      'server.pem',
      'node-1/server.properties',
    ];
    for (const file of secrets) expect([file, statSync(join(brokerData, file)).mode & 0o777]).toEqual([file, 0o600]);
  });

  it('carries lines from a producer to a consumer, each with its own user', async () => {
    const store = await openFolderStore({ folder: join(data, 'store'), clock: systemClock, versioning: false });
    const file = join(data, 'app.log');
    const lines = [1, 2, 3, 4, 5].map((n) => `2026-11-20T12:00:0${n}.000Z INFO line ${n}\n`);
    writeFileSync(file, lines.join(''));
    await store.putFile('telltale-logs', 'logs/host-1/app.log', file);

    const producer = start('producer', configFile('producer'));
    await producer.logged(/producer is ready/);
    const consumer = start('consumer', configFile('consumer'));
    await consumer.logged(/partitions assigned.*"logs"/);
    const log = await open('admin');
    await until('every line is counted', 60_000, async () => {
      const windows = await readWindows(log);
      return [...windows.values()].reduce((sum, window) => sum + window.lines, 0) === lines.length;
    });
    await log.close();
    expect([await producer.end('SIGINT'), await consumer.end('SIGINT')]).toEqual([0, 0]);
    for (const { out, err } of [producer, consumer]) said.push(out(), err());
  }, 120_000);

  it.each(MECHANISMS)(
    'serves the whole event log over %s',
    async (mechanism) => {
      const [asProducer, asConsumer] = [await open('producer', { mechanism }), await open('consumer', { mechanism })];
      await asProducer.ensureTopics(specs);
      await asConsumer.ensureTopics(specs);
      const { end } = await asProducer.offsets('logs', 7);
      await write(
        await asProducer.openWriter({ id: 'telltale-producer-7', ...publisherTopics(['logs']) }),
        'logs',
        7,
        mechanism,
      );

      const assigned: number[] = [];
      const membership = await asConsumer.joinGroup('telltale-counting', 'logs', {
        assigned: (partitions) => Promise.resolve(void assigned.push(...partitions)),
        revoked: () => Promise.resolve(),
      });
      await until('all partitions are assigned', 20_000, () => Promise.resolve(assigned.length === 10));
      const reader = asConsumer.openReader('logs', 7, end);
      expect((await reader.fetch(1024, 10_000)).batches).toHaveLength(1);
      const transaction = (await asConsumer.openWriter(jobWriter(countingJob, 7))).begin();
      await transaction.append('windows', 7, batchOf(row(mechanism)));
      await transaction.commitOffset('telltale-counting', 'logs', 7, end + 1);
      await transaction.commit();
      // The mark of the commit reaches the group's partition a moment later.
      await until('the offset is the one that was committed', 20_000, async () => {
        return (await asConsumer.groupOffset('telltale-counting', 'logs', 7)) === end + 1;
      });
      await membership.leave();
      await Promise.all([asProducer.close(), asConsumer.close()]);
    },
    60_000,
  );

  it.each([
    ['producer', 'telltale-producer-x', 'windows'],
    ['consumer', 'telltale-counting-x', 'logs'],
  ] as const)('does not let the %s, as %s, write %s', async (user, transactionalId, topic) => {
    const log = await open(user);
    const message = await denied(openWriter(log, transactionalId, topic));
    expect(message).toContain(topic);
    await log.close();
  });

  it('reports the topic when the right to write it was taken away from an open writer', async () => {
    const log = await open('producer');
    const writer = await openWriter(log, 'telltale-producer-x', 'logs');
    const failures: Promise<unknown>[] = [];
    await admin.createAcls({ acl: [noWritingOfLogs] });
    try {
      await until('the right is gone', 10_000, async () => {
        const transaction = writer.begin();
        const appending = transaction.append('logs', 0, batchOf(row('mine')));
        return appending.then(
          () => transaction.abort().then(() => false),
          () => failures.push(appending) > 0,
        );
      });
    } finally {
      await admin.deleteAcls({ filters: [noWritingOfLogs] });
    }
    expect(failures).toHaveLength(1);
    for (const failure of failures) expect(await denied(failure)).toContain('logs');
    await log.close();
  }, 60_000);

  interface Missing {
    readonly user: 'producer' | 'consumer';
    readonly operation: AclOperationTypes;
    readonly type: AclResourceTypes;
    readonly name: string;
    readonly first: (log: EventLog) => Promise<unknown>;
  }
  const { TOPIC, GROUP, TRANSACTIONAL_ID } = AclResourceTypes;
  const { READ, WRITE, DESCRIBE_CONFIGS } = AclOperationTypes;
  const opening = (writer: WriterOptions) => (log: EventLog) => log.openWriter(writer);
  const idle = { assigned: () => Promise.resolve(), revoked: () => Promise.resolve() };
  const joinGroup = (group: string, topic: string) => (log: EventLog) => log.joinGroup(group, topic, idle);
  const publisher = opening({ id: 'telltale-producer-0', ...publisherTopics(['logs']) });
  const page = (log: EventLog) => log.openReader('checkpoints', 0, 0).fetch(1024, 100);
  const counting = opening(jobWriter(countingJob, 0));
  const [alerting, mailer] = [opening(jobWriter(alertingJob, 0)), opening(deliveryWriter('mailer', outboxTopic(0)))];
  const operationNames = new Map([
    [READ, 'Read'],
    [WRITE, 'Write'],
    [DESCRIBE_CONFIGS, 'DescribeConfigs'],
  ]);
  const missing: Missing[] = [
    { user: 'producer', operation: DESCRIBE_CONFIGS, type: TOPIC, name: 'outbox', first: publisher },
    { user: 'producer', operation: WRITE, type: TOPIC, name: 'logs', first: publisher },
    { user: 'producer', operation: WRITE, type: TOPIC, name: 'checkpoints', first: publisher },
    { user: 'producer', operation: READ, type: TOPIC, name: 'checkpoints', first: publisher },
    { user: 'producer', operation: WRITE, type: TOPIC, name: 'sketches', first: publisher },
    { user: 'producer', operation: READ, type: TOPIC, name: 'sketches', first: publisher },
    { user: 'producer', operation: WRITE, type: TOPIC, name: 'quarantine', first: publisher },
    { user: 'producer', operation: WRITE, type: TRANSACTIONAL_ID, name: 'telltale-producer-', first: publisher },
    { user: 'consumer', operation: READ, type: TOPIC, name: 'logs', first: joinGroup('telltale-counting', 'logs') },
    {
      user: 'consumer',
      operation: READ,
      type: GROUP,
      name: 'telltale-counting',
      first: joinGroup('telltale-counting', 'logs'),
    },
    {
      user: 'consumer',
      operation: READ,
      type: GROUP,
      name: 'telltale-alerting',
      first: joinGroup('telltale-alerting', 'outbox'),
    },
    { user: 'consumer', operation: READ, type: TOPIC, name: 'checkpoints', first: page },
    { user: 'consumer', operation: WRITE, type: TOPIC, name: 'windows', first: counting },
    { user: 'consumer', operation: WRITE, type: TOPIC, name: 'quarantine', first: counting },
    { user: 'consumer', operation: READ, type: TOPIC, name: 'state', first: counting },
    { user: 'consumer', operation: WRITE, type: TRANSACTIONAL_ID, name: 'telltale-counting-', first: counting },
    { user: 'consumer', operation: READ, type: TOPIC, name: 'windows', first: alerting },
    { user: 'consumer', operation: WRITE, type: TOPIC, name: 'outbox', first: mailer },
    { user: 'consumer', operation: WRITE, type: TRANSACTIONAL_ID, name: 'telltale-mailer', first: mailer },
  ];
  it.each(missing.map((one) => [one.user, operationNames.get(one.operation), one.name, one] as const))(
    'reports to the %s at its first step that the right %s is missing for %s',
    async (user, _operation, name, { operation, type, first }) => {
      const resourcePatternType =
        type === TRANSACTIONAL_ID ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL;
      const acl: AclEntry = {
        principal: `User:${user}`,
        host: '*',
        operation,
        permissionType: AclPermissionTypes.ALLOW,
        resourceType: type,
        resourceName: name,
        resourcePatternType,
      };
      const attempt = async (): Promise<string> => {
        try {
          await asProgram(user, first);
          return '';
        } catch (error) {
          return inspect(error);
        }
      };
      const { filterResponses } = await admin.deleteAcls({ filters: [acl] });
      expect(filterResponses[0]?.matchingAcls).toHaveLength(1);
      try {
        await until('the right is gone', 10_000, async () => (await attempt()) !== '');
        expect(await denied(asProgram(user, first))).toContain(name);
      } finally {
        await admin.createAcls({ acl: [acl] });
        await until('the right is back', 10_000, async () => (await attempt()) === '');
      }
    },
    60_000,
  );

  it('ends a producer without the right to write logs with one sentence', async () => {
    await admin.createAcls({ acl: [noWritingOfLogs] });
    const { code, err } = await runProgram(['producer', '--config', configFile('producer')]);
    await admin.deleteAcls({ filters: [noWritingOfLogs] });
    said.push(err);
    expect(code).not.toBe(0);
    expect(err).toContain('Kafka does not let it write the topic logs');
  }, 60_000);

  it.each(MECHANISMS)('refuses a wrong password over %s at once', async (mechanism) => {
    const started = performance.now();
    const message = await denied(open('producer', { mechanism }, { password: 'not-the-password' }));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(message).toContain('check mechanism, username and password');
    expect(message).not.toContain('not-the-password');
  });

  it.each([
    ['the authorities of Node', null],
    ['another authority', rootCertificates[0] ?? ''],
  ])('is refused at once by a client that trusts %s', async (_name, trusted) => {
    const started = performance.now();
    const message = await denied(open('producer', {}, {}, { ca: trusted }));
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(message).toContain('check ca, cert and key under eventLog.kafka.tls');
  });

  it('gets no request from a client whose certificate is not PEM', async () => {
    const tls = { ca: ca(), cert: 'nonsense', key: 'nonsense', rejectUnauthorized: true };
    await expect(openKafka(kafka.brokers, { tls })).rejects.toMatchObject({ code: 'CONFIG' });
  });

  it('shows its passwords in no output, error or log', async () => {
    for (const user of ['producer', 'consumer'] as const) {
      for (const json of [[], ['--json']]) {
        const { code, out, err } = await runProgram(['config', '--config', configFile(user), ...json]);
        expect([code, out.includes('[secret]')]).toEqual([0, true]);
        said.push(out, err);
      }
    }
    said.push(readFileSync(join(brokerData, 'node-1/server.log'), 'utf8'));
    for (const password of Object.values(passwords)) {
      expect(said.filter((text) => text.includes(password))).toEqual([]);
    }
  }, 60_000);

  function ca(): string {
    return readFileSync(join(brokerData, 'ca.pem'), 'utf8');
  }

  function open(
    user: User,
    { mechanism = 'scram-sha-512' }: Partial<Pick<KafkaPassword, 'mechanism'>> = {},
    { password = passwords[user] } = {},
    { ca: trusted = ca() }: { ca?: string | null } = {},
  ): Promise<EventLog> {
    return openKafka(kafka.brokers, {
      tls: { ca: trusted, cert: null, key: null, rejectUnauthorized: true },
      sasl: { mechanism, username: user, password },
    });
  }

  /** The configuration of a program, which only its owner may read. */
  function configFile(user: User): string {
    const file = join(data, `${user}.yaml`);
    const kafkaSection = {
      brokers: kafka.brokers,
      tls: { enabled: true, ca: join(brokerData, 'ca.pem') },
      sasl: { mechanism: 'scram-sha-512', username: user, password: passwords[user] },
    };
    const config = {
      dataDir: data,
      eventLog: { kind: 'kafka', kafka: kafkaSection },
      ingest: { reconcile: '* * * * * *' },
      web: { port: 0 },
      idleAfter: '1s',
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }

  function start(name: 'producer' | 'consumer', file: string): Program {
    const program = startProgram([name, '--config', file]);
    programs.push(program);
    return program;
  }

  /** Opens the event log as a program does, and takes its first step. */
  async function asProgram(user: 'producer' | 'consumer', first: (log: EventLog) => Promise<unknown>): Promise<void> {
    const log = await open(user, {});
    try {
      await log.ensureTopics(specs);
      await first(log);
    } finally {
      await log.close();
    }
  }

  async function denied(call: Promise<unknown>): Promise<string> {
    const error: unknown = await call.then(
      () => 'it was let through',
      (reason: unknown) => reason,
    );
    said.push(inspect(error, { depth: 12, showHidden: true }));
    if (!isTelltaleError(error, 'EVENT_LOG_DENIED')) throw new Error(`expected EVENT_LOG_DENIED: ${inspect(error)}`);
    return error.message;
  }

  /** The commands of docs/kafka.md, without the name of the program. */
  function documentedCommands(): string[][] {
    const docs = readFileSync(join(__dirname, '../../../docs/kafka.md'), 'utf8');
    return [...docs.matchAll(/^ {4}kafka-acls\.sh \$KAFKA (.*)$/gm)].map(([, command]) => (command ?? '').split(' '));
  }

  async function kafkaAcls(command: readonly string[]): Promise<void> {
    const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
    const jars = join(cache, 'telltale', `kafka-${VERSION}`, '*');
    const to = ['--bootstrap-server', kafka.brokers.join(), '--command-config', join(brokerData, 'admin.properties')];
    await promisify(execFile)('java', ['-cp', jars, 'kafka.admin.AclCommand', ...to, ...command]);
  }
});

describe('Amazon MSK with IAM, as far as it can be tried without one', () => {
  const before = { ...process.env };
  const secret = 'secret-key-of-the-tests';
  let server: KafkaSaslServer;

  beforeEach(() => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIATESTS';
    process.env['AWS_SECRET_ACCESS_KEY'] = secret;
  });
  afterEach(async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
    }
    await server.close();
  });

  it('sends a request signed for the region as token, in the message of OAUTHBEARER', async () => {
    server = await KafkaSaslServer.start();
    const log = await openMsk(server);
    await log.close();
    expect(server.mechanisms).toEqual(['OAUTHBEARER']);
    expect(server.requests.slice(0, 3)).toEqual(['18/2', '17/1', '36/1']);
    const message = server.messages[0] ?? '';
    const [start, end] = ['n,,\u0001auth=Bearer ', '\u0001\u0001'];
    expect([message.startsWith(start), message.endsWith(end)]).toEqual([true, true]);
    const token = message.slice(start.length, -end.length);
    const signed = new URL(Buffer.from(token, 'base64url').toString());
    expect(signed.host).toBe('kafka.eu-central-1.amazonaws.com');
    expect(signed.searchParams.get('Action')).toBe('kafka-cluster:Connect');
    expect(signed.searchParams.get('X-Amz-Credential')).toMatch(
      /^AKIATESTS\/\d{8}\/eu-central-1\/kafka-cluster\/aws4_request$/,
    );
    expect(signed.searchParams.get('X-Amz-Expires')).toBe('900');
    expect(signed.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('sends another token before the next request when the session is about to end', async () => {
    server = await KafkaSaslServer.start({ sessionMs: 10_000 });
    const log = await openMsk(server);
    await log.close();
    expect(server.messages.length).toBeGreaterThan(1);
  });

  it('reports a refused token at once, and shows neither token nor key', async () => {
    server = await KafkaSaslServer.start({ refusal: '{"status":"invalid_token"}' });
    const started = performance.now();
    const error: unknown = await openMsk(server).catch((reason: unknown) => reason);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(error).toMatchObject({ code: 'EVENT_LOG_DENIED' });
    const shown = inspect(error, { depth: 12, showHidden: true });
    expect(shown).toContain('invalid_token');
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain(server.messages[0]?.slice(20, 60));
  });

  function openMsk({ port }: KafkaSaslServer): Promise<EventLog> {
    const token = (): Promise<string> => mskIamToken('eu-central-1');
    const options: Partial<KafkaEventLogOptions> = { sasl: { mechanism: 'oauthbearer', token } };
    return openKafka([`127.0.0.1:${port}`], options);
  }
});

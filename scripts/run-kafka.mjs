/**
 * Runs a real Kafka for tests, the bench and experiments: one node or three, each of them broker and controller (KRaft combined
 * mode), reachable from this machine only. `mvn` fetches the jars from Maven Central, once per version. Needs Java 17 and
 * Maven.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isSecured, propertyLines, scramArguments, secure, writeSecret } from './run-kafka-secure.mjs';
import { cache, commandLine, portOf, say, Servers, stop, stopIfTaken } from './run-servers.mjs';

const help = `Runs a real Kafka on 127.0.0.1 until Ctrl-C.

  scripts/run-kafka [--version 3.9.1] [--nodes 1|3] [--port 9092] [--advertise PORT] [--data DIR] [--secure]

  --version    3.9.1, 4.0.0 or another one from 3.7 on (org.apache.kafka:kafka_2.13)
  --nodes      1 or 3; with 3, Kafka's own topics have three replicas
  --port       the port for clients; three nodes take this port and the next two
  --advertise  the port to announce to clients that connect through a proxy (one node only)
  --data       a folder to keep and to use again; by default a temporary one, deleted at the end
  --secure     TLS, passwords (SCRAM-SHA-512, SCRAM-SHA-256, PLAIN) and ACLs, as in docs/kafka.md (one node only): makes
               authority, users and passwords in the data folder; user admin has all rights, the others have none until
               admin grants them some

Needs Java 17 and Maven, and openssl for --secure. Keeps the jars in ~/.cache/telltale (or $XDG_CACHE_HOME/telltale).
The same with Docker: docker run -p 9092:9092 apache/kafka:<version>
`;

const HEAP = '512m';
/** Leaves room for two more. */
const HIGHEST_PORT = 65_533;
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 20_000;

function options() {
  const values = commandLine(
    {
      version: { type: 'string', default: '3.9.1' },
      nodes: { type: 'string', default: '1' },
      port: { type: 'string', default: '9092' },
      advertise: { type: 'string' },
      data: { type: 'string' },
      secure: { type: 'boolean', default: false },
    },
    help,
  );
  if (!/^\d+\.\d+\.\d+$/.test(values.version)) stop(`--version must be a number such as 3.9.1, not ${values.version}`);
  if (values.nodes !== '1' && values.nodes !== '3') stop('--nodes must be 1 or 3');
  if (values.advertise !== undefined && values.nodes !== '1') stop('--advertise works with one node only');
  if (values.secure && values.nodes !== '1') stop('--secure works with one node only');
  return {
    version: values.version,
    nodes: Number(values.nodes),
    port: portOf(values.port, HIGHEST_PORT),
    advertise: values.advertise === undefined ? null : portOf(values.advertise, HIGHEST_PORT),
    data: values.data === undefined ? null : resolve(values.data),
    isSecure: values.secure,
  };
}

/** Returns the folder with the jars of a version; fetches them if it is missing. */
function jarsOf(version) {
  const folder = join(cache, `kafka-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const fetching = mkdtempSync(join(cache, 'fetching-'));
  const logging = version.startsWith('3.')
    ? [['org.slf4j', 'slf4j-reload4j', '1.7.36']]
    : ['log4j-slf4j-impl', 'log4j-core', 'log4j-api'].map((name) => ['org.apache.logging.log4j', name, '2.24.3']);
  const dependencies = [['org.apache.kafka', 'kafka_2.13', version], ...logging]
    .map(([group, artifact, wanted]) => {
      const id = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${wanted}</version>`;
      return `<dependency>${id}</dependency>`;
    })
    .join('');
  const project = '<modelVersion>4.0.0</modelVersion><groupId>telltale</groupId><artifactId>run-kafka</artifactId>';
  writeFileSync(
    join(fetching, 'pom.xml'),
    `<project>${project}<version>1</version><dependencies>${dependencies}</dependencies></project>`,
  );
  say(`fetching the jars of Kafka ${version}, once (mvn dependency:copy-dependencies)`);
  const goal = [
    '-q',
    '-B',
    '-Dstyle.color=never',
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    '-DoutputDirectory=jars',
  ];
  const { status, error } = spawnSync('mvn', goal, { cwd: fetching, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    rmSync(fetching, { recursive: true, force: true });
    stop(`Maven could not fetch Kafka ${version}${error === undefined ? '' : ` (${error.message})`}`);
  }
  renameSync(join(fetching, 'jars'), folder);
  rmSync(fetching, { recursive: true, force: true });
  return folder;
}

/** Finds free ports other than these; holds all of them until it has found the last. */
async function freePorts(count, otherThan) {
  const servers = [];
  for (let i = 0; i < count + otherThan.length; i++) {
    const server = createServer();
    await new Promise((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
    servers.push(server);
  }
  const ports = servers.map((server) => server.address().port).filter((found) => !otherThan.includes(found));
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports.slice(0, count);
}

function properties({ nodes, port, advertise, security }, id, internal, controllers, logs) {
  const replicas = nodes;
  const listen = (name, number) => `${name}://127.0.0.1:${number}`;
  const client = port + id - 1;
  return propertyLines({
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': controllers.map((number, i) => `${i + 1}@127.0.0.1:${number}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    // Brokers talk to each other on a listener of their own, so that no proxy for clients is between them.
    'inter.broker.listener.name': 'INTERNAL',
    listeners: [
      listen('CLIENT', client),
      listen('INTERNAL', internal[id - 1]),
      listen('CONTROLLER', controllers[id - 1]),
    ].join(','),
    'advertised.listeners': [listen('CLIENT', advertise ?? client), listen('INTERNAL', internal[id - 1])].join(','),
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': logs,
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': Math.max(1, replicas - 1),
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': Math.max(1, replicas - 1),
    'transaction.state.log.num.partitions': 8,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.backoff.ms': 1000,
    ...security?.properties,
  });
}

/** The broker logs to standard output, which is its log file. */
function loggingOf(version, folder) {
  if (version.startsWith('3.')) {
    const file = join(folder, 'log4j.properties');
    const appender = [
      'log4j.rootLogger=INFO, out',
      'log4j.appender.out=org.apache.log4j.ConsoleAppender',
      'log4j.appender.out.layout=org.apache.log4j.PatternLayout',
      'log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n',
    ];
    writeFileSync(file, appender.map((line) => `${line}\n`).join(''));
    return `-Dlog4j.configuration=file:${file}`;
  }
  const file = join(folder, 'log4j2.properties');
  const appender = [
    'rootLogger=INFO, out',
    'appender.out.type=Console',
    'appender.out.name=out',
    'appender.out.layout.type=PatternLayout',
    'appender.out.layout.pattern=[%d] %p %m (%c)%n',
  ];
  writeFileSync(file, appender.map((line) => `${line}\n`).join(''));
  return `-Dlog4j2.configurationFile=file:${file}`;
}

/** Null without --secure. A folder stays secure or plain: its passwords are written when it is formatted. */
function securityOf(data) {
  const isFormatted = existsSync(join(data, 'cluster-id'));
  if (isFormatted && isSecured(data) !== isSecure) {
    stop(`${data} was made ${isSecure ? 'without' : 'with'} --secure: choose another folder with --data`);
  }
  try {
    return isSecure ? secure(data, port) : null;
  } catch (error) {
    return stop(error.message);
  }
}

/** Returns the id of the cluster in the folder, or a new one. */
function clusterIdOf(data) {
  const file = join(data, 'cluster-id');
  if (!existsSync(file)) writeFileSync(file, `A${randomBytes(16).toString('base64url').slice(1)}`);
  return readFileSync(file, 'utf8');
}

const { version, nodes, port, advertise, data: given, isSecure } = options();
const jars = jarsOf(version);
const clientPorts = Array.from({ length: nodes }, (_, i) => port + i);
for (const clientPort of clientPorts) await stopIfTaken(clientPort);
const data = given ?? mkdtempSync(join(tmpdir(), 'telltale-kafka-'));
mkdirSync(data, { recursive: true });
const security = securityOf(data);

const clusterId = clusterIdOf(data);
const ports = await freePorts(2 * nodes, clientPorts);
const internal = ports.slice(0, nodes);
const controllers = ports.slice(nodes);
const java = (...args) => ['-cp', join(jars, '*'), ...args];

const servers = new Servers(STOP_WITHIN_MS, given === null ? data : null);

for (let id = 1; id <= nodes; id++) {
  const folder = join(data, `node-${id}`);
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const config = join(folder, 'server.properties');
  writeSecret(config, properties({ nodes, port, advertise, security }, id, internal, controllers, logs));
  const logging = loggingOf(version, folder);
  if (!existsSync(join(logs, 'meta.properties'))) {
    const format = java(logging, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config);
    if (security !== null) format.push(...scramArguments(security.users));
    // Passes arguments in a file: every user of the machine can read a command line.
    const formatFile = join(folder, 'format.args');
    writeSecret(formatFile, format.map((argument) => `"${argument.replace(/["\\]/g, '\\$&')}"\n`).join(''));
    const { status, stdout, stderr, error } = spawnSync('java', [`@${formatFile}`], { encoding: 'utf8' });
    rmSync(formatFile);
    if (status !== 0) stop(`cannot format ${logs}: ${error?.message ?? `${stdout}${stderr}`}`);
  }
  const log = join(folder, 'server.log');
  const pid = servers.start('java', java(`-Xmx${HEAP}`, `-Xms${HEAP}`, logging, 'kafka.Kafka', config), {
    log,
    onEnd: (code) => {
      const why = `node ${id} ended by itself (${code}), see ${log}`;
      // With three nodes, an experiment may kill one of them.
      if (nodes === 1) void servers.end(1, why);
      else say(why);
    },
  });
  writeFileSync(join(folder, 'pid'), `${pid}`);
}

await servers.ready(clientPorts, READY_WITHIN_MS, data);
if (!servers.isEnding) {
  const addresses = clientPorts.map((clientPort) => `127.0.0.1:${advertise ?? clientPort}`);
  if (security !== null) {
    say(
      `trust ${security.ca} (PEM); users ${Object.keys(security.users).join(', ')}, with passwords in ${security.usersFile}`,
    );
    say(`for kafka-acls.sh and similar tools: --command-config ${security.adminFile}`);
  }
  say(`Kafka ${version} is ready: ${addresses.join(',')} (data in ${data}; Ctrl-C stops)`);
}

/**
 * The certificates, users and rights of the broker of `run-kafka --secure`. All files are in the data folder. Only their owner
 * can read secrets; other programs get them from files, never from a command line.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The users, besides the broker itself. The last two have no rights until `admin` grants them some. */
const USERS = ['admin', 'producer', 'consumer'];
/** The user that the broker is when it connects to itself. */
const BROKER = 'broker';

const MECHANISMS = ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'];
const OWNER_ONLY = 0o600;
const DAYS = '365';

/** True for the data folder of a secure broker. */
export function isSecured(data) {
  return existsSync(join(data, 'users.json'));
}

/**
 * Makes the files that are missing.
 * @throws Error when openssl fails
 */
export function secure(data, port) {
  const file = (name) => join(data, name);
  if (!existsSync(file('server.pem'))) makeCertificates(file);
  if (!isSecured(data)) {
    const users = [...USERS, BROKER].map((name) => [name, randomBytes(24).toString('base64url')]);
    writeSecret(file('users.json'), `${JSON.stringify(Object.fromEntries(users), null, 2)}\n`);
  }
  const users = JSON.parse(readFileSync(file('users.json'), 'utf8'));
  const adminFile = file('admin.properties');
  const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': file('ca.pem') };
  writeSecret(
    adminFile,
    propertyLines({
      'bootstrap.servers': `127.0.0.1:${port}`,
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': jaas('scram.ScramLoginModule', { username: 'admin', password: users.admin }),
      ...trust,
    }),
  );
  return {
    users,
    ca: file('ca.pem'),
    usersFile: file('users.json'),
    adminFile,
    properties: brokerProperties(file, users, trust),
  };
}

/** The arguments of StorageTool that set each user's SCRAM passwords; for a file of arguments. */
export function scramArguments(users) {
  return USERS.flatMap((name) =>
    ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${users[name]}]`,
    ]),
  );
}

export function writeSecret(file, text) {
  writeFileSync(file, text, { mode: OWNER_ONLY });
}

export function propertyLines(properties) {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Makes an authority, and a certificate for this machine that it signs. Only the owner can read the keys. */
function makeCertificates(file) {
  for (const name of ['ca.key', 'server.key', 'server.pem']) writeSecret(file(name), '');
  writeFileSync(file('server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=critical,CA:FALSE\n');
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  const authority = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-CAserial', file('ca.srl')];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    DAYS,
    '-subj',
    '/CN=run-kafka',
  );
  openssl('req', ...key, '-keyout', file('server.key'), '-out', file('server.csr'), '-subj', '/CN=localhost');
  const signing = [
    'x509',
    '-req',
    '-in',
    file('server.csr'),
    ...authority,
    '-days',
    DAYS,
    '-extfile',
    file('server.ext'),
  ];
  openssl(...signing, '-out', file('server.crt'));
  // The broker reads key and certificate from one file. It is written last: once it exists, so do all the others.
  writeSecret(file('server.pem'), readFileSync(file('server.key'), 'utf8') + readFileSync(file('server.crt'), 'utf8'));
}

function openssl(...args) {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${error?.message ?? stderr}`);
}

/** The broker authenticates to itself, too: every user of the machine can connect to its listeners. */
function brokerProperties(file, users, trust) {
  const passwords = Object.fromEntries(Object.entries(users).map(([name, password]) => [`user_${name}`, password]));
  const own = jaas('plain.PlainLoginModule', {
    username: BROKER,
    password: users[BROKER],
    [`user_${BROKER}`]: users[BROKER],
  });
  return {
    'listener.security.protocol.map': 'CLIENT:SASL_SSL,INTERNAL:SASL_SSL,CONTROLLER:SASL_SSL',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': file('server.pem'),
    ...trust,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:${BROKER};User:admin`,
    'allow.everyone.if.no.acl.found': false,
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.internal.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.internal.plain.sasl.jaas.config': own,
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': own,
    'listener.name.client.sasl.enabled.mechanisms': MECHANISMS.join(','),
    'listener.name.client.plain.sasl.jaas.config': jaas('plain.PlainLoginModule', passwords),
    'listener.name.client.scram-sha-256.sasl.jaas.config': jaas('scram.ScramLoginModule', {}),
    'listener.name.client.scram-sha-512.sasl.jaas.config': jaas('scram.ScramLoginModule', {}),
  };
}

function jaas(module, options) {
  const values = Object.entries(options).map(([name, value]) => ` ${name}="${value}"`);
  return `org.apache.kafka.common.security.${module} required${values.join('')};`;
}

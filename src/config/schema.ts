import { z } from 'zod';
import { unsupportedIn } from '../generator/pattern';
import { statusKey } from '../lines/formats/access/status';
import { advise } from '../nearest';
import type { ConfiguredPipeline } from '../stream/pipeline';
import * as is from './fields';
import { compilePattern, groupCount, patternProblem } from './line-pattern';

/**
 * Every key, its allowed values, and conditions between keys. `conf/default.yaml` explains the keys and has their defaults.
 * Durations are milliseconds and sizes are bytes once read.
 */

const second = 1000;
const minute = 60 * second;

const anyText = is.text('text in one line', is.printable);

const isBucket = (value: string): boolean => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value);

/** A folder within the bucket, without parts such as `..` that a file system would resolve to another place. */
const isPrefix = (value: string): boolean =>
  is.printable(value) && value.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** A valid name for a topic of lines. */
const isTopicName = (value: string): boolean => /^[a-z][a-z0-9-]{0,99}$/.test(value);

const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'];

/** Levels by any words. Zod would leave the word `__proto__` out without an error. */
const levelsOf = (expected: string) =>
  z
    .unknown()
    .refine((words) => typeof words !== 'object' || words === null || !Object.hasOwn(words, '__proto__'), {
      message: 'expected another word than __proto__',
    })
    .pipe(
      z.record(z.string(), is.oneOf('error', 'warn', 'info', 'debug'), {
        error: ({ input }) => `expected ${expected}, found ${is.shown(input)}`,
      }),
    );

/** The first one whose glob matches a key decides. */
const source = z
  .strictObject(
    {
      keys: is.text('a glob such as logs/db-*/**', is.printable),
      topic: is.orNull(is.text('a topic such as logs', isTopicName)).default(null),
      zone: is.orNull(is.timeZone()).default(null),
      pattern: is.orNull(is.text('a regular expression in one line', is.printable)).default(null),
      levels: levelsOf('words with their levels, such as {E: error}').default({}),
      statusLevels: levelsOf('status codes with their levels, such as {5xx: error}')
        .superRefine((levels, context) => {
          for (const key of Object.keys(levels).filter((name) => !statusKey.test(name))) {
            const message = advise(key, statusClasses, 'expected a status code such as 500, or a class such as 5xx');
            context.addIssue({ code: 'custom', path: [key], message: `no such status; ${message}` });
          }
        })
        .default({}),
    },
    { error: is.notAnObject },
  )
  .superRefine(({ pattern, levels: words }, context) => {
    const problem = pattern === null ? null : patternProblem(pattern);
    if (problem !== null) context.addIssue({ code: 'custom', path: ['pattern'], message: `expected ${problem}` });
    else if (Object.keys(words).length > 0 && (pattern === null || !compilePattern(pattern).groups.has('level'))) {
      const message = 'expected a pattern with a group level beside it';
      context.addIssue({ code: 'custom', path: ['levels'], message });
    }
  });

const levels = z.strictObject({ error: is.range(), warn: is.range(), debug: is.range(), info: is.range() });

const generator = z
  .strictObject({
    hosts: is.integer(0, 1000),
    folder: is.orNull(anyText),
    minLength: is.integer(1, 100_000),
    maxLength: is.integer(1, 100_000),
    pattern: is.text('a pattern in one line', is.printable),
    frequency: is.share(),
    seed: is.orNull(is.integer(0)),
    pauseMin: is.duration(0),
    pauseMax: is.duration(0),
    levels: levels.refine(coverOneRange, {
      message: 'expected ranges that cover 0 to 1 together, without a gap and without an overlap',
    }),
    maxCount: is.integer(0),
    duration: is.duration(0),
    burst: is.flag(),
  })
  .superRefine(({ pattern }, context) => {
    const problem = unsupportedIn(pattern);
    if (problem !== null) context.addIssue({ code: 'custom', path: ['pattern'], message: problem });
  })
  .refine((value) => value.minLength <= value.maxLength, {
    path: ['minLength'],
    message: 'expected no more than generator.maxLength',
  })
  .refine((value) => value.pauseMin <= value.pauseMax, {
    path: ['pauseMin'],
    message: 'expected no more than generator.pauseMax',
  });

function coverOneRange(ranges: z.output<typeof levels>): boolean {
  const sorted = Object.values(ranges)
    .filter(([from, to]) => from < to)
    .sort(([a], [b]) => a - b);
  const starts = [...sorted.map(([from]) => from), 1];
  const ends = [0, ...sorted.map(([, to]) => to)];
  return starts.every((start, index) => start === ends[index]);
}

const kafka = z.strictObject({
  brokers: is.textList('a list of brokers such as ["kafka-1:9092"]', (value) => /^[^\s:/,]+:\d{1,5}$/.test(value)),
  replication: is.orNull(is.integer(1, 100)),
  requestTimeout: is.duration(second),
  // Less than the deadline of the actors that wait for it (actors/event-log-supervision.ts).
  retryFor: is.duration(second, 5 * minute),
  tls: z.strictObject({
    enabled: is.flag(),
    ca: is.orNull(anyText),
    cert: is.orNull(anyText),
    key: is.orNull(anyText),
    rejectUnauthorized: is.flag(),
  }),
  sasl: z.strictObject({
    mechanism: is.orNull(is.oneOf('plain', 'scram-sha-256', 'scram-sha-512', 'aws-msk-iam')),
    username: is.orNull(anyText),
    password: is.orNull(is.secret()),
    region: is.orNull(is.text('an AWS region such as eu-central-1', (value) => /^[a-z]{2}(-[a-z]+)+-\d$/.test(value))),
  }),
});

const eventLog = z
  .strictObject({
    kind: is.oneOf('embedded', 'kafka'),
    partitions: is.integer(1, 1000),
    retention: is.duration(second),
    kafka,
  })
  .refine((value) => value.kind !== 'kafka' || value.kafka.brokers.length > 0, {
    path: ['kafka', 'brokers'],
    message: 'expected at least one broker, such as ["kafka-1:9092"], as eventLog.kind is kafka',
  })
  .refine(
    ({ kafka: { sasl } }) => !needsPassword(sasl.mechanism) || (sasl.username !== null && sasl.password !== null),
    {
      path: ['kafka', 'sasl', 'mechanism'],
      message: 'expected eventLog.kafka.sasl.username and password with it',
    },
  )
  .refine(({ kafka: { sasl, tls } }) => sasl.mechanism !== 'aws-msk-iam' || tls.enabled, {
    path: ['kafka', 'sasl', 'mechanism'],
    message: 'expected eventLog.kafka.tls.enabled with it: Amazon MSK takes IAM over TLS alone',
  });

function needsPassword(mechanism: string | null): boolean {
  return mechanism !== null && mechanism !== 'aws-msk-iam';
}

const listening = { host: is.text('a host name or address', is.printable), port: is.integer(0, 65_535) };

/** A name or address without a port. */
const isHostName = (value: string): boolean => /^[A-Za-z0-9._-]+$|^[0-9A-Fa-f:.]+$/.test(value);
/** A colon would end it (RFC 7617). */
const isUser = (value: string): boolean => is.printable(value) && !value.includes(':');

const auth = z
  .strictObject({
    user: is.orNull(is.text('the name of a user, without a colon', isUser)),
    password: is.orNull(is.secret()),
    passwordFile: is.orNull(anyText),
    passwordEnv: is.orNull(anyText),
    token: is.orNull(is.secret()),
    tokenFile: is.orNull(anyText),
    tokenEnv: is.orNull(anyText),
    openMetrics: is.flag(),
  })
  .superRefine((value, context) => {
    const complain = (key: keyof typeof value, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    const setOf = (key: 'password' | 'token') =>
      ([key, `${key}File`, `${key}Env`] as const).filter((each) => value[each] !== null);
    for (const key of ['password', 'token'] as const) {
      const { length } = setOf(key);
      if (length > 1) complain(key, `expected one of ${key}, ${key}File and ${key}Env, found ${length}`);
    }
    const [password] = setOf('password');
    if (value.user === null && password !== undefined) complain(password, 'expected web.auth.user beside it');
    if (value.user !== null && password === undefined) {
      complain('user', 'expected passwordFile, passwordEnv or password beside it');
    }
  });

const web = z.strictObject({
  ...listening,
  allowedHosts: is.textList('a list of host names such as ["telltale.example.com"]', isHostName),
  auth,
});

export const coreSchema = z
  .strictObject({
    dataDir: anyText,
    shutdownTimeout: is.duration(second, 10 * minute),
    eventLog,
    objectStore: z.strictObject({
      kind: is.oneOf('folder', 's3'),
      bucket: is.text('a bucket name: 3 to 63 lower-case letters, digits, dots and dashes', isBucket),
      prefix: is.text('a folder within the bucket, such as logs, without a slash at its ends', isPrefix),
      folder: z.strictObject({ versioning: is.flag() }),
      s3: z.strictObject({ pathStyle: is.flag() }),
    }),
    ingest: z.strictObject({
      include: is.textList('a list of globs such as ["**"]', is.printable, 1),
      exclude: is.textList('a list of globs such as ["**/*.tmp"]', is.printable),
      since: is.text(
        'everything, now, or a date such as 2026-11-01 or 2026-11-01T10:00:00Z',
        (value) => value === 'everything' || value === 'now' || is.isIsoDate(value),
      ),
      concurrency: is.integer(1, 1000),
      forceFlushAfter: is.duration(second),
      maxLineBytes: is.size(1024, 512 * 1024),
      // Kafka refuses a batch of more than 1 MB, and its message says little.
      batchBytes: is.size(1024, 1_000_000),
      credit: is.integer(1, 100),
      maxProofBytes: is.size(64 * 1024, 2 ** 30),
      maxReproofBytes: is.size(0, 2 ** 40),
      maxGzipRatio: is.integer(1),
      maxFutureSkew: is.duration(0),
      reconcile: is.cron(),
      origin: is.orNull(
        is.text(
          'a regular expression (RE2) with exactly one group, such as "^logs/([^/]+)/"',
          (source) => groupCount(source) === 1,
        ),
      ),
      zone: is.timeZone(),
      sources: z.array(source, { error: ({ input }) => `expected a list of sources, found ${is.shown(input)}` }),
    }),
    consumer: z.strictObject({
      run: is.orNull(is.textList('a list of jobs and deliveries such as ["counting"]', is.printable, 1), 'all of them'),
    }),
    generator,
    upload: z.strictObject({ schedule: is.cron() }),
    aws: z.strictObject({
      environment: is.orNull(is.text('the environment of the stack, such as prod', (v) => /^[a-z][a-z0-9-]*$/.test(v))),
      document: is.orNull(is.text('the name of an SSM document', (v) => /^[A-Za-z0-9_.:/-]{3,256}$/.test(v))),
      failedEvents: is.orNull(is.text('the URL of a queue', (v) => /^https?:\/\/[^\s]+$/.test(v))),
    }),
    web,
    producer: z.strictObject({
      // Longer than a socket's path may be on some systems.
      socket: is.orNull(is.text('an absolute path of at most 100 characters', (v) => /^\/[^\0]{1,99}$/.test(v))),
      web: z.strictObject(listening),
    }),
    log: z.strictObject({ level: is.oneOf('error', 'warn', 'info', 'debug') }),
  })
  .superRefine((config, context) => {
    if (config.ingest.maxLineBytes > config.ingest.batchBytes / 2) {
      const message = 'expected no more than half of ingest.batchBytes, so that every line fits a batch';
      context.addIssue({ code: 'custom', path: ['ingest', 'maxLineBytes'], message });
    }
  });

/** The keys that belong to no pipeline. */
export const coreKeys: readonly string[] = Object.keys(coreSchema.shape);

export type Config = z.output<typeof coreSchema> & {
  /** Every pipeline with its own part of the configuration. */
  readonly pipelines: readonly ConfiguredPipeline[];
};

export const sourceKeys: readonly string[] = Object.keys(source.shape);

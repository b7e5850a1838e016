import { z } from 'zod';
import { nearest } from '../nearest';
import { ruleKinds } from '../pipelines/level-alerts/alerting/rule-kinds';
import type { RuleKind } from '../pipelines/level-alerts/alerting/rule-kinds/rule-kind';
import * as is from './fields';
import { compilePattern, patternProblem } from './line-pattern';

/**
 * Every key, what it may hold, and how values must fit each other. What they mean and their defaults are in
 * `conf/default.yaml`. Durations are milliseconds and sizes are bytes once read.
 */

const second = 1000;
const minute = 60 * second;

const printable = (value: string): boolean => value !== '' && !/\p{Cc}/u.test(value);
const anyText = is.text('text in one line', printable);

// One plain address. What could end a header or start a second address is refused.
const isAddress = (value: string): boolean => /^[^\s@<>(),;:"\\\p{Cc}]+@[^\s@<>(),;:"\\\p{Cc}]+$/u.test(value);

const isBucket = (value: string): boolean => /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value);

/** A folder within the bucket: nothing that a file system would read as another place. */
const isPrefix = (value: string): boolean =>
  printable(value) && value.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

/** What a pipeline may call a topic of lines. */
const isTopicName = (value: string): boolean => /^[a-z][a-z0-9-]{0,99}$/.test(value);

const isRuleName = (value: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value);

function notAnObject({ code, input }: { readonly code: string; readonly input?: unknown }): string | undefined {
  return code === 'invalid_type' ? `expected keys with their values, found ${is.shown(input)}` : undefined;
}

/** The keys of every rule, and those of its kind. */
const ruleOf = (kind: RuleKind) =>
  z.strictObject(
    {
      name: is.text('a name of letters, digits, dots, dashes and underscores, such as errors', isRuleName),
      kind: z.literal(kind.name),
      level: is.oneOf('error', 'warn', 'info', 'debug'),
      ...kind.schema,
      window: is.duration(second),
      origins: is.text('a glob such as * or payments-*', printable),
      each: is.flag(),
    },
    { error: notAnObject },
  );

const rulesByKind = new Map(ruleKinds.map((kind) => [kind.name, ruleOf(kind)]));
const [firstKind, ...otherKinds] = ruleKinds;
const rule = z.discriminatedUnion('kind', [ruleOf(firstKind), ...otherKinds.map(ruleOf)], {
  error: ({ input }) => noSuchKind(input),
});

function noSuchKind(rule: unknown): string | undefined {
  if (typeof rule !== 'object' || rule === null) return notAnObject({ code: 'invalid_type', input: rule });
  const kind: unknown = 'kind' in rule ? rule.kind : undefined;
  const meant = nearest(String(kind), [...rulesByKind.keys()]);
  return `no such kind of rule: ${is.shown(kind)}; did you mean ${meant}?`;
}

/** Of the first of these whose glob fits a key. */
const source = z
  .strictObject(
    {
      keys: is.text('a glob such as logs/db-*/**', printable),
      topic: is.orNull(is.text('a topic such as logs', isTopicName)).default(null),
      zone: is.orNull(is.timeZone()).default(null),
      pattern: is.orNull(is.text('a regular expression in one line', printable)).default(null),
      levels: z
        .record(z.string(), is.oneOf('error', 'warn', 'info', 'debug'), {
          error: ({ input }) => `expected words with their levels, such as {E: error}, found ${is.shown(input)}`,
        })
        .default({}),
    },
    { error: notAnObject },
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
    pattern: is.regularExpression('a regular expression'),
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

const hidden = is.orNull(is.secret());

/** Text or null; other fields show in their messages what they have found instead. */
const password = z.codec(z.unknown(), z.custom<string | null>(), {
  decode: (raw, context) => {
    if (raw === null || typeof raw === 'string') return hidden.decode(raw);
    context.issues.push({ code: 'custom', message: 'expected text: put quotes around it', input: null });
    return z.NEVER;
  },
  encode: (value) => hidden.encode(value),
});

const kafka = z.strictObject({
  brokers: is.textList('a list of brokers such as ["kafka-1:9092"]', (value) => /^[^\s:/,]+:\d{1,5}$/.test(value)),
  replication: is.orNull(is.integer(1, 100)),
  requestTimeout: is.duration(second),
  // Less than the deadline of the actors that wait for it (actors/patience.ts).
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
    password,
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

const web = z.strictObject({ host: is.text('a host name or address', printable), port: is.integer(0, 65_535) });

export const configSchema = z
  .strictObject({
    dataDir: anyText,
    window: is.duration(second),
    disorder: is.duration(0),
    idleAfter: is.duration(second),
    keepWindows: is.duration(second),
    patterns: z.strictObject({ enabled: is.flag() }),
    eventLog,
    objectStore: z.strictObject({
      kind: is.oneOf('folder', 's3'),
      bucket: is.text('a bucket name: 3 to 63 lower-case letters, digits, dots and dashes', isBucket),
      prefix: is.text('a folder within the bucket, such as logs, without a slash at its ends', isPrefix),
      folder: z.strictObject({ versioning: is.flag() }),
      s3: z.strictObject({ pathStyle: is.flag() }),
    }),
    ingest: z.strictObject({
      include: is.textList('a list of globs such as ["**"]', printable, 1),
      exclude: is.textList('a list of globs such as ["**/*.tmp"]', printable),
      since: is.text(
        'everything, now, or a date such as 2026-11-01 or 2026-11-01T10:00:00Z',
        (value) => value === 'everything' || value === 'now' || is.isIsoDate(value),
      ),
      concurrency: is.integer(1, 1000),
      tailTimeout: is.duration(second),
      maxLineBytes: is.size(1024, 512 * 1024),
      // Kafka refuses a batch of more than 1 MB, and its message says little.
      batchBytes: is.size(1024, 1_000_000),
      credit: is.integer(1, 100),
      maxProofBytes: is.size(64 * 1024, 2 ** 30),
      maxReproof: is.size(0, 2 ** 40),
      maxGzipRatio: is.integer(1),
      maxFutureSkew: is.duration(0),
      reconcile: is.cron(),
      origin: is.orNull(
        is.regularExpression('a regular expression with exactly one group, such as "^logs/([^/]+)/"', 1),
      ),
      zone: is.timeZone(),
      sources: z.array(source, { error: ({ input }) => `expected a list of sources, found ${is.shown(input)}` }),
    }),
    rules: z.array(rule, { error: ({ input }) => `expected a list of rules, found ${is.shown(input)}` }),
    alerting: z.strictObject({
      groupWait: is.duration(0),
      repeatInterval: is.duration(second),
      resolveAfter: is.duration(second),
      digestAfter: is.duration(second),
    }),
    mail: z.strictObject({
      from: is.text('a mail address such as telltale@example.com', isAddress),
      // SES takes 50 recipients a message.
      to: is.textList('a list of 1 to 50 mail addresses such as ["ops@example.com"]', isAddress, 1, 50),
      zone: is.timeZone(),
      redact: is.flag(),
    }),
    generator,
    upload: z.strictObject({ schedule: is.cron() }),
    web,
    producer: z.strictObject({ web }),
    log: z.strictObject({ level: is.oneOf('error', 'warn', 'info', 'debug') }),
  })
  .superRefine((config, context) => {
    config.rules.forEach((each, index) => {
      const complain = (key: keyof typeof each, message: string): void =>
        context.addIssue({ code: 'custom', path: ['rules', index, key], message });
      if (each.window % config.window !== 0) {
        const [own, base] = [is.writeDuration(each.window), is.writeDuration(config.window)];
        complain('window', `expected a multiple of window, which is ${base}, found ${own}`);
      }
      if (config.rules.findIndex((other) => other.name === each.name) < index) {
        complain('name', `expected another name: ${is.shown(each.name)} is taken by a rule above`);
      }
    });
    if (config.ingest.maxLineBytes > config.ingest.batchBytes / 2) {
      const message = 'expected no more than half of ingest.batchBytes, so that every line fits a batch';
      context.addIssue({ code: 'custom', path: ['ingest', 'maxLineBytes'], message });
    }
  });

export type Config = z.output<typeof configSchema>;

/** The keys of a rule of a kind; of any kind when there is no such one. */
export function ruleKeys(kind: unknown): readonly string[] {
  const rules = typeof kind === 'string' ? rulesByKind.get(kind) : undefined;
  return [...(rules === undefined ? rulesByKind.values() : [rules])].flatMap(({ shape }) => Object.keys(shape));
}
export const sourceKeys: readonly string[] = Object.keys(source.shape);

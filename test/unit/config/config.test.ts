import { inspect } from 'node:util';
import { DEFAULT_EXCLUDE } from '../../../src/apps/unused-keys';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import manifest from '../../../package.json';
import { loadConfig, writtenConfig, type Config, type LoadedConfig } from '../../../src/config';
import { pipelines } from '../../../src/pipelines';
import { section, type LevelAlertsConfig } from '../../../src/pipelines/level-alerts/config';
import { isTelltaleError } from '../../../src/errors';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'telltale-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Layers {
  yaml?: string;
  env?: NodeJS.ProcessEnv;
  set?: readonly string[];
}

/** The whole configuration, with the keys of level-alerts beside the others. */
type Settings = Omit<Config, 'pipelines'> & LevelAlertsConfig;

interface Loaded {
  readonly loaded: LoadedConfig;
  readonly config: Settings;
  readonly provenance: LoadedConfig['provenance'];
}

function load(layers: Layers): Loaded {
  const loaded = loadLayers(layers);
  const { pipelines: configured, ...core } = loaded.config;
  const levelAlerts = section.schema.parse(configured.find(({ name }) => name === 'level-alerts')?.written);
  return { loaded, config: { ...core, ...levelAlerts }, provenance: loaded.provenance };
}

function loadLayers({ yaml, env = {}, set = [] }: Layers): LoadedConfig {
  if (yaml === undefined) return loadConfig({ pipelines, env, set });
  const file = join(folder, 'my.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ pipelines, file, env, set });
}

/** The lines of the error, with the folder of the test's own file left out. */
function problems(layers: Layers): string[] {
  try {
    load(layers);
  } catch (error) {
    if (isTelltaleError(error, 'CONFIG')) return error.message.replaceAll(`${folder}/`, '').split('\n');
    throw error;
  }
  return [];
}

const hour = 3_600_000;

describe('the defaults', () => {
  it('are read from conf/default.yaml, durations as milliseconds and sizes as bytes', () => {
    const rule = {
      name: 'errors',
      kind: 'threshold',
      level: 'error',
      threshold: 1,
      window: 60_000,
      for: 1,
      origins: '*',
      each: false,
      groupBy: null,
      groupWait: null,
      severity: 'error',
      receivers: [] as string[],
    } as const;
    const expected: Settings = {
      dataDir: './telltale-data',
      shutdownTimeout: 20_000,
      window: 60_000,
      disorder: 5000,
      idleAfter: hour / 4,
      keepWindows: 48 * hour,
      patterns: { enabled: true },
      eventLog: {
        kind: 'embedded',
        partitions: 10,
        retention: 168 * hour,
        kafka: {
          brokers: [],
          replication: null,
          requestTimeout: 30_000,
          retryFor: 120_000,
          tls: { enabled: false, ca: null, cert: null, key: null, rejectUnauthorized: true },
          sasl: { mechanism: null, username: null, password: null, region: null },
        },
      },
      objectStore: {
        kind: 'folder',
        bucket: 'telltale-logs',
        prefix: 'logs',
        folder: { versioning: false },
        s3: { pathStyle: false },
      },
      ingest: {
        include: ['**'],
        exclude: [...DEFAULT_EXCLUDE],
        since: 'everything',
        concurrency: 8,
        forceFlushAfter: 24 * hour,
        maxLineBytes: 256 * 1024,
        batchBytes: 900_000,
        credit: 4,
        maxProofBytes: 8 * 1024 * 1024,
        maxReproofBytes: 256 * 1024 * 1024,
        maxGzipRatio: 250,
        maxFutureSkew: hour,
        reconcile: '*/5 * * * *',
        origin: null,
        zone: 'UTC',
        sources: [],
      },
      rules: [rule],
      alerting: {
        ...{ groupWait: 0, repeatInterval: 4 * hour, resolveAfter: hour / 6, digestAfter: 6 * hour },
        cap: { messages: 20, within: hour / 6 },
      },
      mail: { from: 'telltale@localhost', to: ['you@localhost'], zone: 'UTC', redact: true },
      receivers: [],
      routes: [],
      aws: { environment: null, document: null, failedEvents: null },
      generator: {
        hosts: 3,
        folder: null,
        minLength: 10,
        maxLength: 50,
        pattern: '([a-c][e-g][0-3]|[A-Z][5-9][f-w]){5,15}',
        frequency: 0.07,
        seed: null,
        pauseMin: 100,
        pauseMax: 1000,
        levels: { error: [0, 0.01], warn: [0.01, 0.2], debug: [0.2, 0.3], info: [0.3, 1] },
        maxCount: 0,
        duration: 0,
        burst: false,
      },
      consumer: { run: null },
      upload: { schedule: '*/2 * * * * *' },
      web: {
        ...{ host: '127.0.0.1', port: 7878, allowedHosts: [] },
        auth: {
          ...{ user: null, password: null, passwordFile: null, passwordEnv: null },
          ...{ token: null, tokenFile: null, tokenEnv: null, openMetrics: false },
        },
      },
      producer: { socket: null, web: { host: '127.0.0.1', port: 7879 } },
      log: { level: 'info' },
    };
    const { config, provenance } = load({});
    expect(config).toEqual(expected);
    expect(new Set(provenance.values())).toEqual(new Set(['conf/default.yaml']));
  });

  it('are written as they are read: the written form gives the same configuration again', () => {
    const { config, loaded } = load({
      set: ['window=90s', 'rules.0.window=3m', 'generator.seed=7', 'ingest.origin=(.)'],
    });
    expect(load({ yaml: stringify(writtenConfig(loaded.config)) }).config).toEqual(config);
  });
});

describe('layers', () => {
  it('win in the order default, file, environment, --set; and the later of two --set wins', () => {
    const yaml = 'web: { host: a, port: 1 }\nlog: { level: warn }\nmail: { zone: Europe/Berlin }';
    const env = { TELLTALE_WEB_PORT: '2', TELLTALE_LOG_LEVEL: 'error', PATH: '/bin' };
    const { config, provenance } = load({ yaml, env, set: ['web.port=3', 'web.port=4'] });
    expect(config.web).toMatchObject({ host: 'a', port: 4 });
    expect(config.log.level).toBe('error');
    expect(config.mail.zone).toBe('Europe/Berlin');
    expect(provenance.get('web.host')).toBe(join(folder, 'my.yaml'));
    expect(provenance.get('web.port')).toBe('--set');
    expect(provenance.get('log.level')).toBe('TELLTALE_LOG_LEVEL');
    expect(provenance.get('mail.redact')).toBe('conf/default.yaml');
  });

  it.each(['', '# nothing but a comment', 'web:'])('may be empty: %j', (yaml) => {
    expect(load({ yaml }).config).toEqual(load({}).config);
  });

  it.each<[string, (config: Settings) => unknown, unknown]>([
    ['window=500ms', (c) => c.window, undefined],
    ['keepWindows=1.5h', (c) => c.keepWindows, 1.5 * hour],
    ['disorder=250ms', (c) => c.disorder, 250],
    ['idleAfter=2d', (c) => c.idleAfter, 48 * hour],
    ['ingest.maxProofBytes=1GiB', (c) => c.ingest.maxProofBytes, 2 ** 30],
    ['ingest.maxLineBytes=2kB', (c) => c.ingest.maxLineBytes, 2000],
    ['ingest.include=a/**, b/*.log', (c) => c.ingest.include, ['a/**', 'b/*.log']],
    ['ingest.include=["{a,b}/**"]', (c) => c.ingest.include, ['{a,b}/**']],
    ['ingest.exclude=', (c) => c.ingest.exclude, []],
    ['consumer.run=mailer,counting,mailer', (c) => c.consumer.run, ['mailer', 'counting']],
    ['consumer.run=null', (c) => c.consumer.run, null],
    ['ingest.since=now', (c) => c.ingest.since, 'now'],
    ['ingest.since=2026-11-01', (c) => c.ingest.since, '2026-11-01'],
    ['ingest.since=2028-02-29', (c) => c.ingest.since, '2028-02-29'],
    ['generator.hosts=0', (c) => c.generator.hosts, 0],
    ['ingest.since=2026-11-01T10:00:00+01:00', (c) => c.ingest.since, '2026-11-01T10:00:00+01:00'],
    ['ingest.origin=^logs/([^/]+)/', (c) => c.ingest.origin, '^logs/([^/]+)/'],
    ['ingest.origin=null', (c) => c.ingest.origin, null],
    ['ingest.reconcile=*/10 * * * * *', (c) => c.ingest.reconcile, '*/10 * * * * *'],
    ['generator.levels.info=0.3,1', (c) => c.generator.levels.info, [0.3, 1]],
    ['generator.seed=42', (c) => c.generator.seed, 42],
    ['patterns.enabled=false', (c) => c.patterns.enabled, false],
    ['dataDir=a=b', (c) => c.dataDir, 'a=b'],
    ['web.port=0', (c) => c.web.port, 0],
  ])('--set %s', (assignment, value, expected) => {
    if (expected === undefined) expect(problems({ set: [assignment] })).toHaveLength(1);
    else expect(value(load({ set: [assignment] }).config)).toEqual(expected);
  });

  it('name environment variables after the key path', () => {
    const env = { TELLTALE_INGEST_MAX_LINE_BYTES: '1KiB', TELLTALE_DATA_DIR: '/x', TELLTALE_MAIL_TO: 'a@b,c@d' };
    const { config } = load({ env });
    expect([config.ingest.maxLineBytes, config.dataDir, config.mail.to]).toEqual([1024, '/x', ['a@b', 'c@d']]);
  });

  it('leave variables of the test suite alone', () => {
    expect(problems({ env: { TELLTALE_TEST_REAL: '1' } })).toEqual([]);
    // The programs that `npm run chaos` starts see its variables.
    const names = manifest.scripts.chaos.match(/TELLTALE_\w+(?==)/gu) ?? [];
    expect(names).toContain('TELLTALE_TEST_REAL');
    expect(problems({ env: Object.fromEntries(names.map((name) => [name, '1'])) })).toEqual([]);
  });
});

describe('ingest.sources', () => {
  const pattern = '^(?<level>[A-Z]) (?<time>\\S+ \\S+) ';

  it('need only their keys', () => {
    const yaml = `ingest: {sources: [{keys: a/*, pattern: '${pattern}', levels: {F: error}}, {keys: b/*, zone: Europe/Berlin, statusLevels: {5xx: error, 404: info}}]}`;
    const { config, provenance, loaded } = load({ yaml });
    expect(config.ingest.sources).toEqual([
      { keys: 'a/*', topic: null, zone: null, pattern, levels: { F: 'error' }, statusLevels: {} },
      {
        keys: 'b/*',
        topic: null,
        zone: 'Europe/Berlin',
        pattern: null,
        levels: {},
        statusLevels: { '5xx': 'error', 404: 'info' },
      },
    ]);
    expect(provenance.get('ingest.sources')).toBe(join(folder, 'my.yaml'));
    expect(load({ yaml: stringify(writtenConfig(loaded.config)) }).config).toEqual(config);
  });

  it('come as JSON from the environment and --set', () => {
    const env = { TELLTALE_INGEST_SOURCES: '[{"keys":"a/*","zone":"Asia/Kolkata"}]' };
    expect(load({ env }).config.ingest.sources).toMatchObject([{ keys: 'a/*', zone: 'Asia/Kolkata' }]);
    expect(load({ env, set: ['ingest.sources=[]'] }).config.ingest.sources).toEqual([]);
  });

  it.each<[string, string, string]>([
    ['no list', '3', ': expected a list of sources, found 3'],
    ['no object', '[a]', '.0: expected keys with their values, found "a"'],
    ['no keys', '[{zone: UTC}]', '.0.keys: expected a glob such as logs/db-*/**, found nothing'],
    ['an unknown key', '[{keys: a, patern: x}]', '.0.patern: no such key; did you mean ingest.sources.0.pattern?'],
    [
      'a topic that Kafka does not take',
      '[{keys: a, topic: Not a topic}]',
      '.0.topic: expected a topic such as logs, found "Not a topic"',
    ],
    [
      'a bad zone',
      '[{keys: a}, {keys: b, zone: Mars/Base}]',
      '.1.zone: expected a time zone such as UTC or Europe/Berlin, found "Mars/Base"',
    ],
    [
      'an unknown level',
      `[{keys: a, pattern: '${pattern}', levels: {F: fatal}}]`,
      '.0.levels.F: expected one of error, warn, info, debug, found "fatal"',
    ],
    [
      'levels that are not words with levels',
      `[{keys: a, pattern: '${pattern}', levels: [F]}]`,
      '.0.levels: expected words with their levels, such as {E: error}, found ["F"]',
    ],
    [
      'a word that would vanish',
      `[{keys: a, pattern: '${pattern}', levels: {__proto__: error}}]`,
      '.0.levels: expected another word than __proto__',
    ],
    [
      'levels without a group for them',
      `[{keys: a, pattern: '(?<time>.*)', levels: {F: error}}]`,
      '.0.levels: expected a pattern with a group level beside it',
    ],
    [
      'levels without a pattern',
      '[{keys: a, levels: {F: error}}]',
      '.0.levels: expected a pattern with a group level beside it',
    ],
    [
      'a status class in capitals',
      '[{keys: a, statusLevels: {5XX: error}}]',
      '.0.statusLevels.5XX: no such status; did you mean 5xx?',
    ],
    [
      'a status that does not exist',
      '[{keys: a, statusLevels: {server: error}}]',
      '.0.statusLevels.server: no such status; expected one of 1xx, 2xx, 3xx, 4xx, 5xx',
    ],
    [
      'an unknown level of a status',
      '[{keys: a, statusLevels: {5xx: fatal}}]',
      '.0.statusLevels.5xx: expected one of error, warn, info, debug, found "fatal"',
    ],
    [
      'an invalid pattern',
      "[{keys: a, pattern: '(?<time>'}]",
      '.0.pattern: expected a regular expression: missing closing ): `(?<time>`',
    ],
    [
      'look-around',
      "[{keys: a, pattern: '(?<time>.*)(?=x)'}]",
      '.0.pattern: expected a regular expression: look-around such as (?=…) is not supported',
    ],
    [
      'look-behind',
      "[{keys: a, pattern: '(?<!x)(?<time>.*)'}]",
      '.0.pattern: expected a regular expression: look-around such as (?=…) is not supported',
    ],
    [
      'a back-reference',
      "[{keys: a, pattern: '(?<time>.)\\1'}]",
      '.0.pattern: expected a regular expression: back-references such as \\1 are not supported',
    ],
    [
      'a pattern that would be slow',
      "[{keys: a, pattern: '(?<time>(a?){200}a{200})'}]",
      '.0.pattern: expected a smaller regular expression: * or + instead of counts such as {1,200}',
    ],
    [
      'a pattern without a time',
      "[{keys: a, pattern: '(?<level>.)'}]",
      '.0.pattern: expected a group time, or at least the groups hour and minute',
    ],
    [
      'an unknown group',
      "[{keys: a, pattern: '(?<time>.)(?<host>.)'}]",
      '.0.pattern: expected groups named level, time, year, month, day, hour, minute, second, fraction, ampm and no other, found (?<host>…)',
    ],
  ])('are refused with %s', (_, list, message) => {
    expect(problems({ yaml: `ingest:\n  sources: ${list}` })).toEqual([`my.yaml:2: ingest.sources${message}`]);
  });
});

describe('rules', () => {
  it('take missing keys from the rule in conf/default.yaml', () => {
    const { config } = load({
      yaml: 'rules:\n  - {name: many, threshold: 10}\n  - {name: warnings, level: warn, each: true}',
    });
    const waits = { groupBy: null, groupWait: null };
    const shared = {
      kind: 'threshold',
      window: 60_000,
      for: 1,
      origins: '*',
      ...waits,
      severity: 'error',
      receivers: [],
    };
    expect(config.rules).toEqual([
      { ...shared, name: 'many', level: 'error', threshold: 10, each: false },
      { ...shared, name: 'warnings', level: 'warn', threshold: 1, each: true },
    ]);
  });

  it('can be set value by value, over the list of an earlier layer', () => {
    const yaml = 'rules: [{name: a}, {name: b}]';
    const { config, provenance } = load({ yaml, set: ['rules.1.threshold=5'] });
    expect(config.rules).toMatchObject([
      { name: 'a', threshold: 1 },
      { name: 'b', threshold: 5 },
    ]);
    expect(provenance.get('rules')).toBe(join(folder, 'my.yaml'));
    expect(provenance.get('rules.1.threshold')).toBe('--set');
  });

  it('come from the environment as JSON, and may be none', () => {
    const env = { TELLTALE_RULES: '[{"name":"x","threshold":3}]' };
    expect(load({ env }).config.rules[0]).toMatchObject({ name: 'x', threshold: 3, level: 'error' });
    expect(load({ yaml: 'rules: []' }).config.rules).toEqual([]);
  });

  it('forget values set in the old list when the list is replaced as a whole', () => {
    const set = ['rules.0.threshold=5', 'rules=[{"name":"new"}]'];
    expect(load({ set }).config.rules[0]).toMatchObject({ name: 'new', threshold: 1 });
  });
});

describe('an error', () => {
  it.each<[string, Layers, string]>([
    [
      'a key of a file, with its line',
      { yaml: '# mine\nweb:\n  prt: 80' },
      'my.yaml:3: web.prt: no such key; did you mean web.port?',
    ],
    ['a section of a file', { yaml: 'ingets: {include: [a]}' }, 'my.yaml:1: ingets: no such key; did you mean ingest?'],
    ['a key in the wrong section', { yaml: 'port: 80' }, 'my.yaml:1: port: no such key; did you mean web.port?'],
    ['a key of another case', { yaml: 'datadir: x' }, 'my.yaml:1: datadir: no such key; did you mean dataDir?'],
    [
      'a key of a rule',
      { yaml: 'rules:\n  - name: a\n    treshold: 5' },
      'my.yaml:3: rules.0.treshold: no such key; did you mean rules.0.threshold?',
    ],
    [
      'a kind of rules',
      { yaml: 'rules:\n  - name: a\n    kind: treshold' },
      'my.yaml:3: rules.0.kind: no such kind of rule: "treshold"; did you mean threshold?',
    ],
    [
      'a missing key of a kind, with an example',
      { yaml: 'rules:\n  - name: a\n    kind: share\n    minLines: 10' },
      'my.yaml:2: rules.0.percent: kind share needs it, such as percent: 5: expected a whole number from 0 to 100, found nothing',
    ],
    [
      'a mistyped key of a kind',
      { yaml: 'rules:\n  - name: a\n    kind: rate\n    factor: 3\n    days: 1\n    minLine: 20\n    minLines: 20' },
      'my.yaml:6: rules.0.minLine: no such key; did you mean rules.0.minLines?',
    ],
    [
      'a key of another kind',
      { yaml: 'rules:\n  - name: a\n    percent: 3' },
      'my.yaml:3: rules.0.percent: a rule of kind threshold has no such key; kind share has it',
    ],
    [
      'a value of a kind',
      { set: ['rules=[{"name":"a","kind":"share","percent":101,"minLines":1}]'] },
      '--set rules.0.percent: expected a whole number from 0 to 100, found 101',
    ],
    [
      'days that are not kept',
      { set: ['rules=[{"name":"a","kind":"rate","factor":3,"days":7,"minLines":1}]'] },
      '--set rules.0.kind: rule a reads windows up to 169h old, and keepWindows is 2d: set keepWindows=169h',
    ],
    [
      'a window that is not kept',
      { set: ['rules.0.window=30d'] },
      '--set rules.0.window: rule errors reads windows up to 30d old, and keepWindows is 2d: set keepWindows=30d',
    ],
    [
      'rows of windows that are not kept',
      { set: ['rules.0.window=1d', 'rules.0.for=3'] },
      '--set rules.0.window: rule errors reads windows up to 3d old, and keepWindows is 2d: set keepWindows=3d',
    ],
    [
      'a row without a window',
      { set: ['rules.0.for=0'] },
      '--set rules.0.for: expected a whole number from 1 to 1000, found "0"',
    ],
    [
      'a key named __proto__',
      { yaml: '__proto__: {port: 1}' },
      'my.yaml:1: __proto__: no such key; conf/default.yaml lists the keys',
    ],
    [
      'a former key of a file',
      { yaml: 'ingest:\n  tailTimeout: 1h' },
      'my.yaml:2: ingest.tailTimeout: this key is now called ingest.forceFlushAfter',
    ],
    [
      'a former key in --set',
      { set: ['ingest.maxReproof=1MiB'] },
      '--set ingest.maxReproof: this key is now called ingest.maxReproofBytes',
    ],
    [
      'a former variable',
      { env: { TELLTALE_INGEST_TAIL_TIMEOUT: '1h' } },
      'TELLTALE_INGEST_TAIL_TIMEOUT: this key is now called TELLTALE_INGEST_FORCE_FLUSH_AFTER',
    ],
    [
      'a former key without its section',
      { set: ['tailTimeout=1h'] },
      '--set tailTimeout: this key is now called ingest.forceFlushAfter',
    ],
    [
      'a variable for one value of a list',
      { env: { TELLTALE_RULES_0_WINDOW: '5m' } },
      'TELLTALE_RULES_0_WINDOW: a variable sets the whole list, as TELLTALE_RULES; set one value with --set rules.0.window=…',
    ],
    ['a --set', { set: ['web.prt=1'] }, '--set web.prt: no such key; did you mean web.port?'],
    [
      'a --set of a rule',
      { set: ['rules.0.treshold=1'] },
      '--set rules.0.treshold: no such key; did you mean rules.0.threshold?',
    ],
    [
      'a variable',
      { env: { TELLTALE_WEB_PROT: '1' } },
      'TELLTALE_WEB_PROT: no such key; did you mean TELLTALE_WEB_PORT?',
    ],
  ])('names the nearest valid one for %s', (_, layers, message) => {
    expect(problems(layers)).toEqual([message]);
  });

  it.each<[string, Layers, string]>([
    ['--set', { set: ['web.port=abc'] }, '--set web.port: expected a whole number from 0 to 65535, found "abc"'],
    [
      'a variable',
      { env: { TELLTALE_WEB_PORT: '99999' } },
      'TELLTALE_WEB_PORT: expected a whole number from 0 to 65535, found "99999"',
    ],
    [
      'a file',
      { yaml: 'web:\n  host: x\n  port: 1.5' },
      'my.yaml:3: web.port: expected a whole number from 0 to 65535, found 1.5',
    ],
    [
      'a list in a file',
      { yaml: 'rules:\n  - name: a\n  - name: b\n    level: fatal' },
      'my.yaml:4: rules.1.level: expected one of error, warn, info, debug, found "fatal"',
    ],
    [
      'a rule without a name',
      { yaml: 'rules:\n  - threshold: 3' },
      'my.yaml:2: rules.0.name: expected a name of letters, digits, dots, dashes and underscores, such as errors, found nothing',
    ],
    [
      'a rule that is not an object',
      { yaml: 'rules:\n  - 3' },
      'my.yaml:2: rules.0: expected keys with their values, found 3',
    ],
    ['a number instead of a list', { yaml: 'rules: 3' }, 'my.yaml:1: rules: expected a list of rules, found 3'],
    ['a number instead of a section', { yaml: 'web: 3' }, 'my.yaml:1: web: expected a section with keys of its own'],
    [
      'a user without a password',
      { set: ['web.auth.user=ops'] },
      '--set web.auth.user: expected passwordFile, passwordEnv or password beside it',
    ],
    [
      'a password without a user',
      { set: ['web.auth.passwordEnv=PASSWORD'] },
      '--set web.auth.passwordEnv: expected web.auth.user beside it',
    ],
    [
      'two places of a token',
      { set: ['web.auth.tokenEnv=A', 'web.auth.token=T0KEN'] },
      '--set web.auth.token: expected one of token, tokenFile and tokenEnv, found 2',
    ],
    [
      'a user with a colon',
      { set: ['web.auth.user=a:b'] },
      '--set web.auth.user: expected the name of a user, without a colon, found "a:b"',
    ],
    [
      'a host with a port',
      { set: ['web.allowedHosts=a:1,b/c'] },
      '--set web.allowedHosts: expected a list of host names such as ["telltale.example.com"], found "a:1,b/c"',
    ],
    ['a --set of a section', { set: ['web=3'] }, '--set web: is a section; set a key in it, such as web.host'],
    ['a --set without a value', { set: ['web.port'] }, '--set web.port: expected key=value, such as web.port=7878'],
    [
      'a --set of a rule that is not there',
      { set: ['rules.1.level=warn'] },
      '--set rules.1.level: rules has no such item; the first is rules.0',
    ],
    ['a file that is a list', { yaml: '- a' }, 'my.yaml: expected keys with their values, such as web.port under web'],
    ['a key twice', { yaml: 'window: 60s\nwindow: 30s' }, 'my.yaml:2: not YAML: Map keys must be unique'],
  ])('names the expected value in %s', (_, layers, message) => {
    expect(problems(layers)).toEqual([message]);
  });

  it.each([
    ['window=60', 'a duration of at least 1s, such as 60s, 15m, 4h or 7d'],
    ['eventLog.kafka.retryFor=6m', 'a duration of at least 1s and at most 5m, such as 60s'],
    ['window=0s', 'a duration of at least 1s, such as 60s, 15m, 4h or 7d'],
    ['disorder=1 week', 'a duration, such as 250ms, 60s, 15m, 4h or 7d'],
    ['disorder=0.5ms', 'a duration, such as 250ms, 60s, 15m, 4h or 7d'],
    ['disorder=1constructor', 'a duration, such as 250ms, 60s, 15m, 4h or 7d'],
    ['ingest.maxGzipRatio=0', 'a whole number of at least 1'],
    ['ingest.batchBytes=2MiB', 'a size from 1KiB to 1MB, such as 64KiB or 500kB'],
    ['ingest.maxProofBytes=1B', 'a size from 64KiB to 1GiB, such as 64KiB, 500kB, 8MiB or 1GiB'],
    ['ingest.reconcile=61 * * * *', 'a cron expression such as "*/5 * * * *" (seconds may come first)'],
    ['upload.schedule=often', 'a cron expression such as "*/5 * * * *" (seconds may come first)'],
    ['ingest.origin=logs', 'a regular expression (RE2) with exactly one group, such as "^logs/([^/]+)/"'],
    ['ingest.origin=(a)(b)', 'a regular expression (RE2) with exactly one group, such as "^logs/([^/]+)/"'],
    ['ingest.origin=(a', 'a regular expression (RE2) with exactly one group, such as "^logs/([^/]+)/"'],
    ['ingest.origin=(a)(?=b)', 'a regular expression (RE2) with exactly one group, such as "^logs/([^/]+)/"'],
    ['ingest.zone=Mars/Base', 'a time zone such as UTC or Europe/Berlin'],
    ['mail.zone=', 'a time zone such as UTC or Europe/Berlin'],
    ['ingest.since=yesterday', 'everything, now, or a date such as 2026-11-01 or 2026-11-01T10:00:00Z'],
    ['ingest.since=2026-02-30', 'everything, now, or a date such as 2026-11-01 or 2026-11-01T10:00:00Z'],
    ['ingest.since=2026-02-29T10:00:00Z', 'everything, now, or a date such as 2026-11-01 or 2026-11-01T10:00:00Z'],
    ['ingest.since=2026-13-01', 'everything, now, or a date such as 2026-11-01 or 2026-11-01T10:00:00Z'],
    ['mail.to=', 'a list of 1 to 50 mail addresses such as ["ops@example.com"]'],
    ['objectStore.bucket=My_Bucket', 'a bucket name: 3 to 63 lower-case letters, digits, dots and dashes'],
    ['objectStore.prefix=../x', 'a folder within the bucket, such as logs, without a slash at its ends'],
    ['objectStore.prefix=logs/', 'a folder within the bucket, such as logs, without a slash at its ends'],
    ['patterns.enabled=maybe', 'true or false'],
    ['generator.frequency=7', 'a number from 0 to 1'],
    ['generator.levels.info=1,0.3', 'two numbers from 0 to 1, the smaller first, such as [0.2, 0.3]'],
  ])('refuses --set %j', (assignment, expected) => {
    const [key = '', value] = assignment.split(/=(.*)/s);
    expect(problems({ set: [assignment] })).toEqual([
      `--set ${key}: expected ${expected}, found ${JSON.stringify(value)}`,
    ]);
  });

  it.each([
    ['mail.to=["a@b\\r\\nBcc: c@d"]', '"a@b\\r\\nBcc: c@d" is not one plain mail address such as ops@example.com'],
    ['mail.from=noaddress', '"noaddress" is not one plain mail address such as ops@example.com'],
    [
      'mail.to=ops@example.com,jörg@example.com',
      '"jörg@example.com" has characters before the @ that only mail servers with SMTPUTF8 accept: use an address such as joerg@example.com',
    ],
  ])('refuses --set %j, which no mail could be sent to', (assignment, problem) => {
    const [key = ''] = assignment.split('=');
    expect(problems({ set: [assignment] })).toEqual([`--set ${key}: ${problem}`]);
  });

  it.each([
    ['consumer.run', 'a list of jobs and deliveries such as ["counting"]', 'all of them'],
    [
      'ingest.origin',
      'a regular expression (RE2) with exactly one group, such as "^logs/([^/]+)/"',
      'that it is not set',
    ],
    ['generator.seed', 'a whole number of at least 0', 'that it is not set'],
  ])('refuses an empty %s, and says how to write null', (key, expected, meaning) => {
    const message = `expected ${expected}, found ""; null means ${meaning}`;
    expect(problems({ set: [`${key}=`] })).toEqual([`--set ${key}: ${message}`]);
    const variable = `TELLTALE_${key.replace('.', '_').toUpperCase()}`;
    expect(problems({ env: { [variable]: '' } })).toEqual([`${variable}: ${message}`]);
    expect(problems({ yaml: `${key.replace('.', ': {')}: ''}` })).toEqual([`my.yaml:1: ${key}: ${message}`]);
  });

  it('refuses an empty list of jobs, and an empty topic', () => {
    const list = 'expected a list of jobs and deliveries such as ["counting"], found []; null means all of them';
    expect(problems({ yaml: 'consumer: {run: []}' })).toEqual([`my.yaml:1: consumer.run: ${list}`]);
    const topic = 'expected a topic such as logs, found ""; null means that it is not set';
    const yaml = "ingest: {sources: [{keys: a, topic: ''}]}";
    expect(problems({ yaml })).toEqual([`my.yaml:1: ingest.sources.0.topic: ${topic}`]);
  });

  it.each([
    ['__proto__.x=1', '__proto__.x'],
    ['__proto__=1', '__proto__'],
    ['constructor=1', 'constructor'],
    ['prototype.x=1', 'prototype.x'],
    ['ingest.constructor=1', 'ingest.constructor'],
    ['web.__proto__=1', 'web.__proto__'],
    ['rules.0.__proto__=1', 'rules.0.__proto__'],
  ])('refuses --set %j as no such key, without a guess', (assignment, key) => {
    expect(problems({ set: [assignment] })).toEqual([`--set ${key}: no such key; conf/default.yaml lists the keys`]);
  });

  it.each([
    ['rules.0.constructor', { set: ['rules.0.constructor=1'] }],
    ['rules.0.prototype', { set: ['rules.0.prototype=1'] }],
    ['rules.0.__proto__', { set: ['rules=[{"name":"a","__proto__":{"threshold":7}}]'] }],
    ['ingest.sources.0.__proto__', { set: ['ingest.sources=[{"keys":"a","__proto__":{"topic":"x"}}]'] }],
    ['ingest.sources.0.constructor', { yaml: 'ingest: {sources: [{keys: a, constructor: {}}]}' }],
  ])('refuses %s as no such key, and changes no prototype', (key, layers) => {
    expect(problems(layers)).toEqual([
      expect.stringMatching(`: no such key; expected one of ${key.slice(0, key.lastIndexOf('.'))}`),
    ]);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Reflect.get({}, 'threshold')).toBeUndefined();
  });

  it.each<[string, string[], string]>([
    [
      'a pattern that the generator cannot write',
      ['generator.pattern=[a'],
      '--set generator.pattern: "[a": it ends too early (at character 2). Strings are made from characters, classes, groups, alternatives and the counts {n}, {n,m} and ?.',
    ],
    [
      'a rule window that is not a multiple',
      ['rules.0.window=90s'],
      '--set rules.0.window: window is 1m, and the window of rule errors, 90s, is not a multiple of it: set rules.0.window=2m',
    ],
    [
      'lengths the wrong way round',
      ['generator.minLength=51'],
      '--set generator.minLength: expected no more than generator.maxLength',
    ],
    [
      'pauses the wrong way round',
      ['generator.pauseMin=2s'],
      '--set generator.pauseMin: expected no more than generator.pauseMax',
    ],
    [
      'levels with a gap',
      ['generator.levels.info=0.4,1'],
      'generator.levels: expected ranges that cover 0 to 1 together, without a gap and without an overlap',
    ],
    [
      'levels that overlap',
      ['generator.levels.info=0.2,1'],
      'generator.levels: expected ranges that cover 0 to 1 together, without a gap and without an overlap',
    ],
    [
      'a line that may not fit a batch',
      ['ingest.batchBytes=256KiB'],
      'conf/default.yaml:LINE: ingest.maxLineBytes: expected no more than half of ingest.batchBytes, so that every line fits a batch',
    ],
    [
      'two rules of one name',
      ['rules=[{"name":"a"},{"name":"a"}]'],
      '--set rules.1.name: expected another name: "a" is taken by a rule above',
    ],
  ])('refuses %s', (_, set, message) => {
    expect(problems({ set }).map((line) => line.replace(/yaml:\d+/, 'yaml:LINE'))).toEqual([message]);
  });

  it('comes with all others at once, each in one line', () => {
    const layers = { yaml: 'window: soon\nwbe: {port: 1}', env: { TELLTALE_LOG_LEVEL: 'loud' }, set: ['web.prt=1'] };
    expect(problems(layers)).toEqual([
      'my.yaml:2: wbe: no such key; did you mean web?',
      '--set web.prt: no such key; did you mean web.port?',
      'my.yaml:1: window: expected a duration of at least 1s, such as 60s, 15m, 4h or 7d, found "soon"',
      'TELLTALE_LOG_LEVEL: expected one of error, warn, info, debug, found "loud"',
    ]);
  });

  it('says that the file is not there', () => {
    const file = join(folder, 'none.yaml');
    expect(() => loadConfig({ pipelines, file, env: {} })).toThrow(`--config ${file}: no such file`);
  });

  it.each([
    ['a device', '/dev/zero', 'is not a regular file; write its content into one'],
    ['a folder', tmpdir(), 'is a folder; name a file'],
  ])('refuses %s as a file in one sentence', (_, file, why) => {
    expect(() => loadConfig({ pipelines, file, env: {} })).toThrow(`--config ${file}: ${why}`);
  });

  it('refuses a pipe as a file, and does not wait for a writer', () => {
    const file = join(folder, 'pipe.yaml');
    execFileSync('mkfifo', [file]);
    expect(() => loadConfig({ pipelines, file, env: {} })).toThrow('is not a regular file; write its content into one');
  });

  it('refuses a file of more than 1 MiB', () => {
    expect(problems({ yaml: '#'.repeat(1024 * 1024) })).toEqual([]);
    expect(problems({ yaml: '#'.repeat(1024 * 1024 + 1) })).toEqual([
      '--config my.yaml: is longer than 1 MiB; name a shorter file',
    ]);
  });

  it.each([
    ['an alias inside of its own anchor', 'rules: &a\n  - name: *a', ':2: not YAML: an alias stands inside of its own'],
    ['an alias without an anchor', 'rules: *a', ': not YAML: Unresolved alias'],
    ['nesting without an end', `web: ${'['.repeat(100_000)}`, ':1: not YAML: its values are nested too deeply'],
    [
      'aliases that multiply',
      ['b', 'c', 'd', 'e', 'f', 'g'].reduce(
        (yaml, name, i) => `${yaml}\n${name}: &${name} [${`*${['a', 'b', 'c', 'd', 'e', 'f'][i] ?? ''},`.repeat(9)}]`,
        'a: &a [1,1]',
      ),
      ': not YAML: Excessive alias count',
    ],
  ])('refuses %s in one line', (_, yaml, message) => {
    expect(problems({ yaml })).toEqual([expect.stringContaining(`my.yaml${message}`)]);
  });

  it('names the line where a file is not YAML', () => {
    expect(problems({ yaml: 'web:\n  port: [1' })[0]).toMatch(/^my\.yaml:2: not YAML: /);
  });
});

describe('a password', () => {
  const yaml = 'eventLog:\n  kafka:\n    sasl:\n      password: 48151623\n';

  it('is not shown when it is not text', () => {
    const said = problems({ yaml }).join('\n');
    expect(said).toContain('put quotes around it');
    expect(said).not.toContain('48151623');
  });

  it('is not written with the effective configuration', () => {
    const { config, loaded } = load({ yaml: yaml.replace('48151623', '"48151623"') });
    expect(config.eventLog.kafka.sasl.password?.reveal()).toBe('48151623');
    expect(JSON.stringify(config)).not.toContain('48151623');
    expect(inspect(config, { depth: null })).not.toContain('48151623');
    expect(JSON.stringify(writtenConfig(loaded.config))).not.toContain('48151623');
  });
});

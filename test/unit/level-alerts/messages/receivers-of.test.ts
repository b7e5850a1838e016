import { runExplainRoutes } from '../../../../src/commands/explain-routes';
import { loadConfig, type Config } from '../../../../src/config';
import { partsOf } from '../../../../src/apps/parts';
import { pipelines } from '../../../../src/pipelines';
import type { MailReport } from '../../../../src/pipelines/level-alerts/alerting/mail-report';
import { pendingMail } from '../../../../src/pipelines/level-alerts/alerting/outbox-records';
import { collectingIo } from '../../../support/in-process';
import { report } from '../mail/sample-reports';

const receivers = [
  { name: 'mail', kind: 'folder' },
  { name: 'chat', kind: 'slack', urlEnv: 'X' },
  { name: 'pager', kind: 'pagerduty', keyEnv: 'X' },
  { name: 'alerts', kind: 'alertmanager', url: 'http://127.0.0.1:9093' },
];
const rules = [
  { name: 'some', receivers: ['chat', 'mail'] },
  { name: 'all', severity: 'critical' },
];

const configOf = (routes: readonly object[], others: object = { receivers, rules }): Config =>
  loadConfig({
    pipelines,
    set: Object.entries({ ...others, routes }).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    ),
    env: {},
  }).config;

interface Sent extends Partial<Omit<MailReport, 'rule' | 'origins' | 'patterns'>> {
  readonly rule?: string;
  readonly level?: 'error' | 'warn';
  readonly severity?: 'critical' | 'error';
  readonly hosts?: readonly string[];
  readonly patterns?: readonly string[];
}

/** Names of the receivers of a message. */
function receiversOf(config: Config, sent: Sent): readonly string[] {
  const { rule: name = 'all', level = 'error', severity = 'error', hosts = ['web-1'], patterns = [], ...others } = sent;
  const message = report({
    ...others,
    rule: { name, level, severity, threshold: 1, window: 60_000, origins: '*' },
    origins: hosts.map((origin) => ({ origin, count: 1 })),
    patterns: patterns.map((pattern) => ({ pattern, count: 1, isNew: false })),
  });
  const [use] = partsOf(config).deliveries;
  return use?.receiversOf(message).map((receiver) => receiver.name) ?? [];
}

describe('the receivers of a message without routes', () => {
  it.each<[string, Config, string, readonly string[]]>([
    ['those of its rule', configOf([]), 'some', ['mail', 'chat']],
    ['all when its rule names none', configOf([]), 'all', ['mail', 'chat', 'pager', 'alerts']],
    ['all when its rule is gone', configOf([]), 'gone', ['mail', 'chat', 'pager', 'alerts']],
    ['the folder of mails when there are none', configOf([], {}), 'errors', ['mail']],
  ])('are %s', (_, config, rule, expected) => {
    expect(receiversOf(config, { rule })).toEqual(expected);
  });
});

describe('routes', () => {
  const everything = ['mail', 'chat', 'pager', 'alerts'];
  const to = (name: string, conditions: object = {}): object => ({ ...conditions, receivers: [name] });
  const office = { days: ['mon-fri'], hours: ['09:00-17:00'], zone: 'Europe/Berlin' };

  it.each<[string, readonly object[], Sent, readonly string[]]>([
    ['no route matches: all', [to('chat', { hosts: ['db-*'] })], {}, everything],
    ['no route matches: the rule', [to('pager', { hosts: ['db-*'] })], { rule: 'some' }, ['mail', 'chat']],
    ['no conditions', [to('chat')], {}, ['chat']],
    ['the first of two', [to('chat'), to('pager')], {}, ['chat']],
    ['continue', [to('chat', { continue: true }), to('pager'), to('mail')], {}, ['chat', 'pager']],
    ['continue without another', [to('chat', { continue: true }), to('pager', { hosts: ['x'] })], {}, ['chat']],
    ['a host', [to('chat', { hosts: ['db-*', 'web-?'] })], { hosts: ['x', 'web-1'] }, ['chat']],
    ['another host', [to('chat', { hosts: ['web-?'] })], { hosts: ['web-10'] }, everything],
    ['a rule', [to('chat', { rules: ['some'] }), to('pager')], { rule: 'some' }, ['chat']],
    ['another rule', [to('chat', { rules: ['some'] }), to('pager')], { rule: 'all' }, ['pager']],
    ['a level', [to('chat', { levels: ['warn'] }), to('pager')], { level: 'warn' }, ['chat']],
    ['another level', [to('chat', { levels: ['warn'] }), to('pager')], {}, ['pager']],
    ['a severity', [to('chat', { severities: ['critical'] }), to('pager')], { severity: 'critical' }, ['chat']],
    ['another severity', [to('chat', { severities: ['critical'] }), to('pager')], {}, ['pager']],
    [
      'a pattern',
      [to('chat', { pattern: 'outofmemory' })],
      { patterns: ['a', 'java.OutOfMemoryError at <n>'] },
      ['chat'],
    ],
    ['a pattern with *', [to('chat', { pattern: 'time*pay' })], { patterns: ['Timeout of payments'] }, ['chat']],
    [
      'parts in another order',
      [to('chat', { pattern: 'pay*time' })],
      { patterns: ['Timeout of payments'] },
      everything,
    ],
    ['no pattern', [to('chat', { pattern: 'x' })], {}, everything],
    ['business hours', [to('chat', office), to('pager')], { decidedAt: '2026-11-27T08:00:00Z' }, ['chat']],
    ['after hours', [to('chat', office), to('pager')], { decidedAt: '2026-11-27T16:00:00Z' }, ['pager']],
    [
      'several conditions',
      [to('chat', { ...office, hosts: ['db'] })],
      { decidedAt: '2026-11-27T08:00:00Z' },
      everything,
    ],
  ])('send with %s', (_, routes, sent, expected) => {
    expect(receiversOf(configOf(routes), sent)).toEqual(expected);
  });

  it('take the zone of mail when they name none', () => {
    const routes = [to('chat', { hours: ['09:00-10:00'] }), to('pager')];
    const config = configOf(routes, { receivers, rules, 'mail.zone': 'Asia/Tokyo' });
    expect(receiversOf(config, { decidedAt: '2026-11-27T00:30:00Z' })).toEqual(['chat']);
  });

  it('send the end of an incident wherever an alert of it may be open', () => {
    const day = to('pager', { ...office, severities: ['error'] });
    const other = to('alerts', { severities: ['critical'] });
    const host = { receivers: ['alerts', 'mail'], hosts: ['db'] };
    const resolved = { transition: 'resolved', decidedAt: '2026-11-27T20:00:00Z' } as const;
    expect(receiversOf(configOf([day, other, to('chat')]), resolved)).toEqual(['chat', 'pager', 'alerts']);
    expect(receiversOf(configOf([day, other, to('chat')]), { ...resolved, rule: 'some' })).toEqual(['chat', 'pager']);
    expect(receiversOf(configOf([host, to('chat')]), { ...resolved, rule: 'some' })).toEqual(['chat', 'alerts']);
    expect(receiversOf(configOf([other, to('chat')]), { ...resolved, rule: 'some' })).toEqual(['chat']);
    expect(receiversOf(configOf([day, to('chat')]), { ...resolved, transition: 'reminder' })).toEqual(['chat']);
  });

  it.each<[object, string]>([
    [{ receivers: ['chta'] }, 'routes.0.receivers: no such receiver: "chta"; did you mean chat? An example: [mail]'],
    [{ receivers: [] }, 'routes.0.receivers: expected a list of names of receivers such as ["ops"], found []'],
    [{}, 'routes.0.receivers: a route needs it: expected a list of names of receivers such as ["ops"], found nothing'],
    [to('chat', { rules: ['sme'] }), 'routes.0.rules: no such rule: "sme"; did you mean some? An example: [some]'],
    [
      to('chat', { levels: ['eror'] }),
      'routes.0.levels: no such level: "eror"; did you mean error? An example: [error]',
    ],
    [
      to('chat', { severities: 'warnin' }),
      'routes.0.severities: no such severity: "warnin"; did you mean warning? An example: [critical, error]',
    ],
    [to('chat', { host: 'x' }), 'routes.0.host: no such key; did you mean routes.0.hosts?'],
    [
      to('chat', { hours: ['9-17'] }),
      'routes.0.hours: expected a list of times of day such as ["09:00-17:00"], or ["22:00-06:00"] over midnight, found ["9-17"]',
    ],
    [
      to('chat', { days: 'weekend' }),
      'routes.0.days: expected a list of days such as ["mon-fri"], of mon, tue, wed, thu, fri, sat, sun, found "weekend"',
    ],
    [
      to('chat', { zone: 'Berlin' }),
      'routes.0.zone: expected a time zone such as UTC or Europe/Berlin, found "Berlin"',
    ],
  ])('are refused with an example: %j', (route, message) => {
    expect(() => configOf([route])).toThrow(`--set ${message}`);
  });

  it('are refused when two have one name', () => {
    expect(() => configOf([to('chat', { name: 'a' }), to('chat', { name: 'a' })])).toThrow(
      '--set routes.1.name: expected another name: "a" is taken by a route above',
    );
  });
});

describe('the results of replay', () => {
  it('name whom the configuration sends a message to', () => {
    const routes = [{ hours: ['09:00-17:00'], receivers: ['chat', 'mail'], continue: true }, { receivers: ['pager'] }];
    const [results] = partsOf(configOf(routes), 'final').results;
    const decide = (id: string, decidedAt: string): void =>
      results?.add({ topic: 'outbox', isNew: true, ...pendingMail(report({ id, decidedAt }), 0) });
    decide('day', '2026-11-27T10:00:00Z');
    decide('night', '2026-11-27T20:00:00Z');
    const lines = results
      ?.lines(true, new Map())
      .map((line) => JSON.parse(line) as { mail?: { id: string; to: string[] } });
    expect(lines?.flatMap(({ mail }) => (mail === undefined ? [] : [[mail.id, mail.to]]))).toEqual([
      ['day', ['you@localhost', 'chat', 'pager']],
      ['night', ['pager']],
    ]);
  });
});

describe('telltale routes explain', () => {
  const config = configOf([
    { name: 'night', hosts: ['db-*'], hours: ['18:00-08:00'], severities: ['critical'], receivers: ['pager'] },
    { rules: ['all'], receivers: ['chat'] },
    { receivers: ['mail'] },
  ]);

  it('prints which routes match, and why others do not', async () => {
    const io = collectingIo();
    await runExplainRoutes(config, { host: 'web-1', rule: 'all', at: '2026-11-27T10:15:00Z', json: false }, io);
    expect(io.printed()).toBe(
      [
        'night: failed',
        '  hosts: none of 1 host ("web-1") matches db-*',
        '  time: it is fri 10:15 in UTC, not 18:00-08:00',
        'routes.1: matched, to chat',
        'routes.2: not reached, to mail',
        'Goes to chat: of the routes that match.',
        '',
      ].join('\n'),
    );
  });

  it('answers in JSON, with the given values instead of those of the rule', async () => {
    const io = collectingIo();
    const asked = { host: 'db-1', rule: 'some', severity: 'critical', at: '2026-11-27T20:15:00+01:00' };
    await runExplainRoutes(config, { ...asked, json: true }, io);
    expect(JSON.parse(io.printed())).toMatchObject({
      type: 'routes',
      at: '2026-11-27T19:15:00.000Z',
      receivers: ['pager'],
      routes: [{ name: 'night', result: 'matched', reasons: [] }, { result: 'failed' }, { result: 'not reached' }],
    });
  });

  it.each<[object, string]>([
    [{}, '--rule: name one of the rules: some, all'],
    [{ rule: 'sme' }, '--rule: no such rule: "sme"; did you mean some? An example: some'],
    [
      { rule: 'all', level: 'fatal' },
      '--level: no such level: "fatal"; expected one of error, warn, info, debug. An example: error',
    ],
    [
      { rule: 'all', at: '18:00' },
      '--at: expected a time with its zone, such as 2026-11-30T18:00:00+01:00, found "18:00"',
    ],
  ])('refuses %j', (asked, message) => {
    expect(() => runExplainRoutes(config, { ...asked, json: false }, collectingIo())).toThrow(message);
  });
});

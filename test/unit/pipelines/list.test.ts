import { readFileSync } from 'node:fs';
import { consumerGroupOf, jobWriter } from '../../../actors/job-run';
import { deliveryWriter } from '../../../actors/delivery';
import { publisherTopics } from '../../../actors/publisher';
import { partsOf } from '../../../src/apps/parts';
import { lineTopicsOf, topicsOf } from '../../../src/apps/topics';
import { pageTopics } from '../../../src/apps/view';
import { loadConfig } from '../../../src/config';
import { coreKeys } from '../../../src/config/schema';
import { pipelines } from '../../../src/pipelines';
import { levelAlerts } from '../../../src/pipelines/level-alerts';
import type { WriterOptions } from '../../../src/ports/event-log';
import { projectFile } from '../../../src/project-file';

const { config } = loadConfig({ pipelines, env: {} });
const hour = 3_600_000;

describe('the list of pipelines', () => {
  it('gives every topic once', () => {
    const names = topicsOf(config).map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it('gives the topics of level-alerts the partitions and settings that they always had', () => {
    const largestBatch = { bytes: 900_061, setting: 'ingest.batchBytes' };
    expect(topicsOf(loadConfig({ pipelines: [levelAlerts], env: {} }).config)).toEqual([
      { name: 'logs', partitions: 10, cleanup: 'delete', retentionMs: 168 * hour, largestBatch },
      { name: 'checkpoints', partitions: 10, cleanup: 'compact', retentionMs: 168 * hour },
      { name: 'sketches', partitions: 10, cleanup: 'compact', retentionMs: 168 * hour },
      { name: 'quarantine', partitions: 1, cleanup: 'delete', retentionMs: 720 * hour },
      { name: 'state', partitions: 1, cleanup: 'compact', retentionMs: 720 * hour },
      { name: 'progress', partitions: 10, cleanup: 'compact', retentionMs: 720 * hour },
      { name: 'windows', partitions: 10, cleanup: 'compact,delete', retentionMs: 96 * hour },
      { name: 'counting-state', partitions: 10, cleanup: 'compact', retentionMs: 720 * hour },
      { name: 'outbox', partitions: 1, cleanup: 'compact,delete', retentionMs: 720 * hour },
      { name: 'alerting-state', partitions: 1, cleanup: 'compact', retentionMs: 720 * hour },
    ]);
  });

  it('gives every job and delivery a name of its own', () => {
    const { jobs, deliveries } = partsOf(config);
    const names = [...jobs, ...deliveries].map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(names).not.toContain('producer');
  });

  it('names a job after the jobs whose output it reads, and delivers only what a job writes', () => {
    const { jobs, deliveries } = partsOf(config);
    // The producer and jobs write how far they have come.
    const written = new Set([...lineTopicsOf(config), 'progress']);
    for (const { inputs, outputs } of jobs) {
      for (const { topic } of inputs) expect(written).toContain(topic);
      for (const { name } of outputs) written.add(name);
    }
    for (const { topic } of deliveries) expect(written).toContain(topic.name);
  });

  it('gives every top-level key of the configuration to one pipeline or to none', () => {
    const keys = [...coreKeys, ...pipelines.flatMap((pipeline) => Object.keys(pipeline.config.defaults))];
    expect(keys).toEqual([...new Set(keys)]);
  });

  it('gives one partition to the outputs of a job over a whole topic', () => {
    for (const { outputs } of partsOf(config).jobs.filter(({ over }) => over === 'topic')) {
      expect(outputs.map(({ partitions }) => partitions)).toEqual(outputs.map(() => 1));
    }
  });
});

describe('docs/kafka.md', () => {
  const page = readFileSync(projectFile('docs/kafka.md'), 'utf8');
  const { jobs, deliveries } = partsOf(config);
  // An id that ends in a dash stands for all ids that begin with it.
  const producer: Rights = { id: 'telltale-producer-', group: null, ...publisherTopics(lineTopicsOf(config)) };
  const consumer: readonly Rights[] = [
    ...jobs.map((job) => ({
      ...jobWriter(job, 0),
      id: jobWriter(job, 0).id.replace(/\d+$/, ''),
      group: consumerGroupOf(job.name),
    })),
    ...deliveries.map(({ name, topic }) => ({ ...deliveryWriter(name, topic), group: consumerGroupOf(name) })),
    { id: null, group: null, reads: pageTopics, writes: [] },
  ];

  it('names the rights of the producer and of the consumer in its table', () => {
    const row = (program: string): string | undefined =>
      page.split('\n').find((line) => line.startsWith(`| ${program} |`));
    expect(row('producer')).toBe(tableRow('producer', [producer]));
    expect(row('consumer')).toBe(tableRow('consumer', consumer));
  });

  it('names every topic that a program checks or makes', () => {
    const commands = page.split('\n').filter((line) => line.includes('--operation Create'));
    const [command = ''] = commands;
    expect(new Set(argumentsOf('--topic', command))).toEqual(new Set(topicsOf(config).map(({ name }) => name)));
  });

  it('gives exactly these rights in its commands', () => {
    expect(documentedRights(page, 'producer')).toEqual(rightsAsAcls([producer]));
    expect(documentedRights(page, 'consumer')).toEqual(rightsAsAcls(consumer));
  });
});

interface Rights extends Omit<WriterOptions, 'id'> {
  /** Null for reading alone. */
  readonly id: string | null;
  readonly group: string | null;
}

function tableRow(program: string, rights: readonly Rights[]): string {
  const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  const writes = [...new Set(rights.flatMap((each) => each.writes))];
  const reads = [...new Set(rights.flatMap((each) => each.reads))];
  const topics = [
    ['Read', reads.filter((name) => !writes.includes(name))],
    ['Read, Write', writes.filter((name) => reads.includes(name))],
    ['Write', writes.filter((name) => !reads.includes(name))],
  ] as const;
  const ids = rights.flatMap(({ id }) => id?.replace(/-$/, '-…') ?? []);
  const groups = rights.flatMap(({ group }) => group ?? []);
  return [
    `| ${program}`,
    topics
      .filter(([, names]) => names.length > 0)
      .map(([operation, names]) => `${operation}: ${code(names)}`)
      .join('; '),
    `Write: ${code(ids)}`,
    ...(groups.length === 0 ? ['|'] : [`Read: ${code(groups)} |`]),
  ].join(' | ');
}

/** One entry per right, such as `Read topic logs`. */
function rightsAsAcls(rights: readonly Rights[]): Set<string> {
  return new Set(
    rights.flatMap(({ id, group, reads, writes }) => [
      ...reads.map((topic) => `Read topic ${topic}`),
      ...writes.map((topic) => `Write topic ${topic}`),
      ...(id === null ? [] : [`Write transactional-id ${id}`]),
      ...(group === null ? [] : [`Read group ${group}`]),
    ]),
  );
}

function documentedRights(page: string, user: string): Set<string> {
  const commands = page
    .split('\n')
    .filter((line) => line.includes('kafka-acls.sh') && line.includes(`User:${user} `) && !line.includes('Create'));
  return new Set(
    commands.flatMap((command) =>
      argumentsOf('--operation', command).flatMap((operation) =>
        ['topic', 'transactional-id', 'group'].flatMap((kind) =>
          argumentsOf(`--${kind}`, command).map((name) => `${operation} ${kind} ${name}`),
        ),
      ),
    ),
  );
}

function argumentsOf(option: string, command: string): string[] {
  return [...command.matchAll(new RegExp(`${option} (\\S+)`, 'g'))].map(([, value]) => value ?? '');
}

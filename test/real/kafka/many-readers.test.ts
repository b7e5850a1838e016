import { breachedWindows } from '../../../src/pipelines/level-alerts/alerting/breached-windows';
import { isIncidentRecord, type IncidentRecord } from '../../../src/pipelines/level-alerts/alerting/incident-records';
import { parseOutboxRecord } from '../../../src/pipelines/level-alerts/alerting/outbox-records';
import { isSummary, type AnyReport } from '../../../src/pipelines/level-alerts/alerting/summary-report';
import type { EventLog } from '../../../src/ports/event-log';
import { parseJson } from '../../../src/stream/shape';
import { openKafka } from '../../support/kafka';
import { allComparable, KafkaSite, SITE_MS } from '../../support/kafka-site';
import { thresholdRule } from '../../support/rules';
import { readRecords } from '../../support/topics';
import { until } from '../../support/until';

const MINUTE = 60_000;
const WINDOW = 5_000;

describe('consumer-app in three processes over ten partitions', () => {
  let site: KafkaSite;

  beforeAll(async () => {
    site = await KafkaSite.open({ 'generator.hosts': '12', 'generator.pauseMax': '20ms' });
  }, SITE_MS);
  afterAll(() => site.close(), SITE_MS);

  it(
    'counts and mails as one process would, while one is killed and one is added',
    async () => {
      const generator = site.start('generator');
      const producer = site.start('producer');
      const consumers = [site.start('consumer'), site.start('consumer'), site.start('consumer')];
      await Promise.all(consumers.map((consumer) => consumer.logged(/partitions assigned.*"logs"/)));

      await consumers[0]?.end('SIGKILL');
      const added = site.start('consumer');
      await added.logged(/partitions assigned.*"logs"/);
      expect(await generator.end('SIGINT')).toBe(0);

      const windows = await site.countedWindows();
      const replayed = await site.replayedWindows();
      expect(allComparable(windows)).toEqual(allComparable(replayed));

      const rule = thresholdRule({
        name: 'errors',
        level: 'error',
        threshold: 1,
        windowMs: WINDOW,
        origins: '*',
        each: false,
        severity: 'error',
      });
      const breached = breachedWindows([...replayed.values()], [rule], WINDOW).map(({ start }) => start);
      const log = await openKafka([site.broker]);
      await until('every breach is in one incident, and every incident is mailed', MINUTE, async () => {
        const incidents = await readIncidents(log);
        const mailed = await readMailedIncidents(log);
        const starts = incidents.flatMap(({ runs }) =>
          runs.flatMap(([start, windows]) => Array.from({ length: windows }, (_, i) => start + i * WINDOW)),
        );
        expect(new Set(starts).size).toBe(starts.length);
        expect(breached).toEqual(expect.arrayContaining(starts));
        return starts.length === breached.length && incidents.every(({ id }) => mailed.has(id));
      });
      await log.close();
      for (const program of [producer, added, ...consumers.slice(1)]) expect(await program.end('SIGINT')).toBe(0);
    },
    10 * MINUTE,
  );
});

/** Alerting's incidents, with all breached windows. */
async function readIncidents(log: EventLog): Promise<IncidentRecord[]> {
  const latest = new Map<string, IncidentRecord | null>();
  for (const { key, value } of await readRecords(log, 'alerting-state', 1)) {
    latest.set(String(key), value === null ? null : parseJson(value, isIncidentRecord));
  }
  return [...latest.values()].filter((incident) => incident !== null);
}

function incidentsIn(report: AnyReport): readonly string[] {
  return isSummary(report) ? report.incidents.map(({ incident }) => incident) : [report.incident];
}

async function readMailedIncidents(log: EventLog): Promise<Set<string>> {
  const incidentsOf = new Map<string, readonly string[]>();
  const mailed = new Set<string>();
  for (const { key, value } of await readRecords(log, 'outbox', 1)) {
    const record = parseOutboxRecord(key, value);
    if (record?.kind === 'mail') incidentsOf.set(record.report.id, incidentsIn(record.report));
    else if (record?.status.state === 'SENT') incidentsOf.get(record.status.id)?.forEach((each) => mailed.add(each));
  }
  return mailed;
}

import { Level } from '../../lines/line-batch';
import type { Job } from '../../stream/job';
import { definePipeline, type DeliveryUse, type Site } from '../../stream/pipeline';
import { outboxTopic, windowsTopic } from './topics';
import { createAlerting, type AlertingState } from './alerting/alerting';
import { overFinalWindows } from './alerting/final-windows';
import { mailFormat } from './alerting/outbox-records';
import { configuredRule } from './alerting/rules';
import { isSummary, type AnyReport } from './alerting/summary-report';
import { section, type LevelAlertsConfig } from './config';
import { createCounting, type CountingState } from './counting/counting';
import { explainRoutes, folderIn, receiversIn, receiversOf, recipientsOf } from './messages/receivers-of';
import { isOver } from './messages/message';
import { renderersOf } from './messages/renderers';
import { createWindowReader, type WindowReader } from './counting/parse-window-record';
import { levelAlertsResults } from './results';
import { levelAlertsView } from './view';

/**
 * Counts lines by level in windows, decides which windows break a rule, and mails:
 * `logs` → counting → `windows` → alerting → `outbox` → mailer.
 */
export const levelAlerts = definePipeline<LevelAlertsConfig>({
  name: 'level-alerts',
  config: section,
  parts: (config, site) => {
    const readWindow = createWindowReader();
    return {
      jobs: [countingJob(config, site), alertingJob(config, site, readWindow)],
      deliveries: [mailer(config)],
      views: [levelAlertsView(config.rules)],
      results: [levelAlertsResults(config, readWindow)],
    };
  },
});

function mailer(config: LevelAlertsConfig): DeliveryUse<AnyReport> {
  return {
    name: 'mailer',
    topic: outboxTopic(config.keepWindows),
    format: mailFormat,
    receivers: receiversIn(config),
    folder: folderIn(config),
    receiversOf: (report) => receiversOf(report, config, Date.parse(report.decidedAt)),
    explainRoutes: (question) => explainRoutes(question, config),
    render: renderersOf(config),
    alertState: (report) =>
      isSummary(report)
        ? { incident: report.id, isOpen: false }
        : { incident: report.incident, isOpen: !isOver(report) },
  };
}

/**
 * Bounds the memory of counting in all partitions: about 210 MiB. 166 hosts for 48 h with a window of a minute; 1,000 hosts
 * for 8 h. The window that changed longest ago gives way: of a backlog, that of a host that was read before.
 */
const MAX_WINDOWS = 480_000;

/** A broker deletes a record up to a segment later than its topic's retention says (`segment.ms`, by default 7 days). */
const BROKER_SEGMENT_MS = 7 * 24 * 60 * 60_000;

function countingJob(config: LevelAlertsConfig, { partitions, engine, mode }: Site): Job<CountingState> {
  return createCounting({
    partitions,
    windowMs: config.window,
    disorderMs: config.disorder,
    idleAfterMs: config.idleAfter,
    keepWindowsMs: config.keepWindows,
    keepOriginsMs: windowsTopic(partitions, config.keepWindows).retentionMs + BROKER_SEGMENT_MS,
    maxWindows: mode === 'live' ? Math.ceil(MAX_WINDOWS / partitions) : Infinity,
    patternLevels: patternLevelsOf(config),
    engine,
  });
}

/** The levels of the rules: a mail shows the lines that it counts. */
function patternLevelsOf({ patterns, rules }: LevelAlertsConfig): Level[] {
  if (!patterns.enabled) return [];
  const of = { error: Level.ERROR, warn: Level.WARN, info: Level.INFO, debug: Level.DEBUG };
  return [...new Set([Level.ERROR, ...rules.map(({ level }) => of[level])])];
}

/** Twice the default schedule of listings. */
const BARRIER_WAIT_MS = 10 * 60_000;

function alertingJob(
  config: LevelAlertsConfig,
  { partitions, mode }: Site,
  readWindow: WindowReader,
): Job<AlertingState> {
  const { alerting } = config;
  const job = createAlerting({
    partitions,
    windowMs: config.window,
    rules: config.rules.map(configuredRule),
    groupWaitMs: alerting.groupWait,
    repeatIntervalMs: alerting.repeatInterval,
    resolveAfterMs: alerting.resolveAfter,
    digestAfterMs: alerting.digestAfter,
    keepWindowsMs: config.keepWindows,
    barrierWaitMs: mode === 'live' ? BARRIER_WAIT_MS : 0,
    cap: alerting.cap,
    recipientsOf: (...asked) => recipientsOf(config, ...asked),
  });
  return mode === 'live' ? job : overFinalWindows(job, readWindow);
}

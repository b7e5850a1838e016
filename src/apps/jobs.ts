import { readFileSync } from 'node:fs';
import type { Config } from '../config';
import { compilePattern } from '../config/line-pattern';
import { createAlerting } from '../pipelines/level-alerts/alerting/alerting';
import { overFinalWindows } from '../pipelines/level-alerts/alerting/final-windows';
import { configuredRule, type Rule } from '../pipelines/level-alerts/alerting/rules';
import { createCounting } from '../pipelines/level-alerts/counting/counting';
import { compileGlob } from '../glob';
import type { LineFormat } from '../lines/formats/format';
import { customFormat } from '../lines/formats/custom';
import { Level } from '../lines/line-batch';
import type { ScanFor, ScanOptions } from '../lines/scanner';
import type { Job } from '../stream/job';
import { windowsTopic } from '../stream/topics';
import { projectFile } from '../project-file';

/**
 * What the configuration says to the pure parts. No adapter is loaded for it: `telltale replay` needs none, and starts
 * quickly.
 */

const ENGINE = `telltale/${versionOf(JSON.parse(readFileSync(projectFile('package.json'), 'utf8')))}`;

/** A broker deletes a record up to a segment later than its topic's retention says (`segment.ms`, by default 7 days). */
const BROKER_SEGMENT_MS = 7 * 24 * 60 * 60_000;

/** Bounds the memory of one partition's counting: 50 origins × 48 h of minutes. */
const MAX_WINDOWS = 150_000;

/** Scan options by key. Compiles the custom patterns once. */
export function scanOptions(config: Config): ScanFor {
  const { zone, maxFutureSkew, maxLineBytes, batchBytes } = config.ingest;
  const others: ScanOptions = { zone, customFormat: null, maxFutureSkew, maxLineBytes, batchBytes };
  const sources = config.ingest.sources.map((source) => ({
    matches: compileGlob(source.keys),
    options: { ...others, zone: source.zone ?? zone, customFormat: customFormatOf(source) },
  }));
  return (key) => sources.find(({ matches }) => matches(key))?.options ?? others;
}

function customFormatOf({ pattern, levels }: Config['ingest']['sources'][number]): LineFormat | null {
  if (pattern === null) return null;
  return customFormat(
    compilePattern(pattern),
    new Map(Object.entries(levels).map(([word, name]) => [word, levelByName[name]])),
  );
}

const levelByName = { error: Level.ERROR, warn: Level.WARN, info: Level.INFO, debug: Level.DEBUG } as const;

/** Every job of the consumer. */
export function jobsOf(config: Config): readonly Job[] {
  return [countingJob(config), alertingJob(config, 'live')];
}

/** @param maxWindows how many windows are kept in memory at the most */
export function countingJob(config: Config, maxWindows = MAX_WINDOWS): ReturnType<typeof createCounting> {
  return createCounting({
    partitions: config.eventLog.partitions,
    windowMs: config.window,
    disorderMs: config.disorder,
    idleAfterMs: config.idleAfter,
    keepWindowsMs: config.keepWindows,
    maxWindows,
    keepOriginsMs: windowsTopic(config.eventLog.partitions, config.keepWindows).retentionMs + BROKER_SEGMENT_MS,
    patterns: config.patterns.enabled,
    engine: ENGINE,
  });
}

/** @param mode `final`: mails are decided at the end of all input, over the final windows */
export function alertingJob(config: Config, mode: 'live' | 'final'): ReturnType<typeof createAlerting> {
  const { alerting } = config;
  const job = createAlerting({
    partitions: config.eventLog.partitions,
    windowMs: config.window,
    rules: rulesOf(config),
    groupWaitMs: alerting.groupWait,
    repeatIntervalMs: alerting.repeatInterval,
    resolveAfterMs: alerting.resolveAfter,
    digestAfterMs: alerting.digestAfter,
    keepWindowsMs: config.keepWindows,
  });
  return mode === 'live' ? job : overFinalWindows(job);
}

export function rulesOf(config: Config): readonly Rule[] {
  return config.rules.map(configuredRule);
}

function versionOf(manifest: unknown): string {
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : 'unknown';
}

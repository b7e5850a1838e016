import { readFileSync } from 'node:fs';
import type { Config } from '../config';
import { createAlerting } from '../domain/alerting/alerting';
import type { Rule } from '../domain/alerting/rules';
import { createCounting } from '../domain/counting/counting';
import type { ScanContext } from '../domain/lines/scanner';
import { projectFile } from '../project-file';

/**
 * What the configuration says to the pure parts. No adapter is loaded for it: `telltale replay` needs none, and starts
 * quickly.
 */

const ENGINE = `telltale/${versionOf(JSON.parse(readFileSync(projectFile('package.json'), 'utf8')))}`;

/** Bounds the memory of one partition's counting: 50 origins × 48 h of minutes. */
const MAX_WINDOWS = 150_000;

export function scanOptions(
  config: Config,
): Pick<ScanContext, 'zone' | 'maxFutureSkew' | 'maxLineBytes' | 'batchBytes'> {
  const { zone, maxFutureSkew, maxLineBytes, batchBytes } = config.ingest;
  return { zone, maxFutureSkew, maxLineBytes, batchBytes };
}

/** @param maxWindows how many windows are kept in memory at the most */
export function countingJob(
  config: Config,
  partition: number,
  maxWindows = MAX_WINDOWS,
): ReturnType<typeof createCounting> {
  return createCounting({
    partition,
    windowMs: config.window,
    disorderMs: config.disorder,
    idleAfterMs: config.idleAfter,
    keepWindowsMs: config.keepWindows,
    maxWindows,
    patterns: config.patterns.enabled,
    engine: ENGINE,
  });
}

export function alertingJob(config: Config, decide: 'drained' | 'atEnd'): ReturnType<typeof createAlerting> {
  const { alerting } = config;
  return createAlerting({
    partitions: config.eventLog.partitions,
    windowMs: config.window,
    rules: rulesOf(config),
    groupWaitMs: alerting.groupWait,
    repeatIntervalMs: alerting.repeatInterval,
    resolveAfterMs: alerting.resolveAfter,
    digestAfterMs: alerting.digestAfter,
    keepWindowsMs: config.keepWindows,
    decide,
  });
}

export function rulesOf(config: Config): readonly Rule[] {
  return config.rules.map(({ window, ...rule }) => ({ ...rule, windowMs: window }));
}

function versionOf(manifest: unknown): string {
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return known ? String(manifest.version) : 'unknown';
}

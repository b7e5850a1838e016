import type { Config } from '../config';
import { compilePattern } from '../config/line-pattern';
import { compileGlob } from '../glob';
import { statusLevels, type StatusLevels } from '../lines/formats/access/status';
import type { LineFormat } from '../lines/formats/format';
import { customFormat } from '../lines/formats/custom';
import { Level } from '../lines/line-batch';
import type { ScanFor, ScanOptions } from '../lines/scanner';
import { projectVersion } from '../project-version';
import type { Site } from '../stream/pipeline';

/**
 * Options of the pure parts, from the configuration. Loads no adapter: `telltale replay` needs none and starts quickly.
 */

const ENGINE = `telltale/${projectVersion()}`;

/** Scan options by key. Compiles the custom patterns once. */
export function scanOptions(config: Config): ScanFor {
  const { zone, maxFutureSkew, maxLineBytes, batchBytes } = config.ingest;
  const others: ScanOptions = { zone, customFormat: null, maxFutureSkew, maxLineBytes, batchBytes };
  const sources = config.ingest.sources.map((source) => ({
    matches: compileGlob(source.keys),
    options: {
      ...others,
      zone: source.zone ?? zone,
      customFormat: customFormatOf(source),
      statusLevels: statusLevelsOf(source),
    },
  }));
  return (key) => sources.find(({ matches }) => matches(key))?.options ?? others;
}

type Source = Config['ingest']['sources'][number];

function customFormatOf({ pattern, levels }: Source): LineFormat | null {
  if (pattern === null) return null;
  return customFormat(
    compilePattern(pattern),
    new Map(Object.entries(levels).map(([word, name]) => [word, levelByName[name]])),
  );
}

function statusLevelsOf({ statusLevels: levels }: Source): StatusLevels | undefined {
  const entries = Object.entries(levels).map(([key, name]) => [key, levelByName[name]] as const);
  return entries.length === 0 ? undefined : statusLevels(new Map(entries));
}

const levelByName = { error: Level.ERROR, warn: Level.WARN, info: Level.INFO, debug: Level.DEBUG } as const;

/** Facts about this installation for pipelines. */
export function siteOf(config: Config, mode: Site['mode']): Site {
  return { partitions: config.eventLog.partitions, engine: ENGINE, mode };
}

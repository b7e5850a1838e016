import { partsOf } from '../apps/parts';
import type { Config } from '../config';
import { isIsoDate } from '../config/fields';
import { TelltaleError } from '../errors';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';
import { systemClock } from '../ports/clock';
import type { RouteExplanation } from '../stream/routes';

export interface ExplainOptions {
  readonly host?: string;
  readonly rule?: string;
  readonly level?: string;
  readonly severity?: string;
  readonly pattern?: string;
  /** ISO 8601 with a zone; now when not given. */
  readonly at?: string;
  readonly json: boolean;
}

/**
 * `telltale routes explain`: prints who would get a message, and why.
 * @returns the exit code
 * @throws USAGE when an option names what does not exist
 */
export function runExplainRoutes(config: Config, options: ExplainOptions, io: Io): Promise<number> {
  const { host = null, rule = null, level = null, severity = null, pattern = null, json } = options;
  const at = timeOf(options.at);
  for (const delivery of partsOf(config).deliveries) {
    const answer = delivery.explainRoutes({ host, rule, level, severity, pattern, at });
    const lines = json
      ? [JSON.stringify({ type: 'routes', at: new Date(at).toISOString(), ...answer })]
      : linesOf(answer);
    io.out.write(`${lines.map(escapeControls).join('\n')}\n`);
  }
  return Promise.resolve(0);
}

function timeOf(at: string | undefined): number {
  if (at === undefined) return systemClock.now();
  if (isIsoDate(at)) return Date.parse(at);
  throw new TelltaleError(
    'USAGE',
    `--at: expected a time with its zone, such as 2026-11-30T18:00:00+01:00, found ${JSON.stringify(at.slice(0, 80))}`,
  );
}

function linesOf({ routes, receivers, because }: RouteExplanation): readonly string[] {
  return [
    ...routes.flatMap(({ name, result, reasons, receivers: named }) => [
      `${name}: ${result}${result === 'failed' ? '' : `, to ${named.join(', ')}`}`,
      ...reasons.map((reason) => `  ${reason}`),
    ]),
    `Goes to ${receivers.join(', ')}: ${because}.`,
  ];
}

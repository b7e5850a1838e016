import { TelltaleError } from '../../../errors';
import type { RouteQuestion } from '../../../stream/routes';
import { severities } from '../alerting/severity';
import type { LevelAlertsConfig } from '../config';
import { noSuch, type Route } from './route-config';
import type { RoutedFacts } from './route';

/**
 * The facts of a message as a person describes it: level and severity are those of its rule when not given.
 * @throws USAGE when a name does not exist
 */
export function askedFacts(question: RouteQuestion, { rules }: LevelAlertsConfig): RoutedFacts {
  const names = rules.map(({ name }) => name);
  if (question.rule === null && names.length > 1) {
    throw new TelltaleError('USAGE', `--rule: name one of the rules: ${names.join(', ')}`);
  }
  const rule = rules.find(({ name }) => name === (question.rule ?? names[0]));
  if (rule === undefined) {
    throw new TelltaleError('USAGE', `--rule: ${noSuch('rule', question.rule ?? '', names, names[0] ?? '')}`);
  }
  return {
    hosts: question.host === null ? [] : [question.host],
    rule: rule.name,
    level: oneOf('level', question.level, ['error', 'warn', 'info', 'debug']) ?? rule.level,
    severity: oneOf('severity', question.severity, severities) ?? rule.severity,
    patterns: question.pattern === null ? [] : [question.pattern],
  };
}

/** As a person finds it in the configuration. */
export function routeName({ name }: Route, index: number): string {
  return name ?? `routes.${index}`;
}

function oneOf<T extends string>(option: string, value: string | null, known: readonly T[]): T | null {
  if (value === null) return null;
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw new TelltaleError('USAGE', `--${option}: ${noSuch(option, value, known, known[0] ?? '')}`);
}

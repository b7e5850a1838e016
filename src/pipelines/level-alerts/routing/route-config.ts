import { z } from 'zod';
import * as is from '../../../config/fields';
import { isReceiverName } from '../../../config/receivers';
import { advise } from '../../../nearest';
import { severities } from '../alerting/severity';
import { daysIn, hoursIn, weekdays } from './week-times';

/** The keys of a route. `docs/receivers.md` explains them. */

const isRouteName = (value: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value);

/** A list of words; the message for another one names the nearest word. */
export function words<const T extends string>(noun: string, known: readonly T[], example: string): is.Field<T[]> {
  const list = is.textList(`a list such as ${example}`, is.printable, 1, 50);
  return z.codec(z.unknown(), z.custom<T[]>(), {
    decode: (raw, context) => {
      const complain = (message: string): never => {
        context.issues.push({ code: 'custom', message, input: raw });
        return z.NEVER;
      };
      const read = list.safeParse(raw);
      if (!read.success) return complain(read.error.issues.map(({ message }) => message).join('; '));
      const unknown = read.data.find((word) => !known.some((each) => each === word));
      if (unknown !== undefined) return complain(noSuch(noun, unknown, known, example));
      return known.filter((word) => read.data.includes(word));
    },
    encode: (value) => value,
  });
}

/** `no such level: "eror"; did you mean error? An example: [error]` */
export function noSuch(noun: string, name: string, known: readonly string[], example: string): string {
  const advice = advise(name, known, `there are ${known.length}`).replace(/(?<!\?)$/, '.');
  return `no such ${noun}: ${is.shown(name)}; ${advice} An example: ${example}`;
}

const anyOf = <T>(inner: is.Field<T>) => is.orNull(inner, 'any').default(null);
const names = (noun: string, example: string): is.Field<string[]> =>
  is.textList(`a list of names of ${noun} such as ${example}`, isReceiverName, 1, 50);

const shape = {
  name: anyOf(is.text('a name of letters, digits, dots, dashes and underscores, such as night', isRouteName)),
  hosts: anyOf(is.textList('a list of globs such as ["payments-*"]', is.printable, 1)),
  rules: anyOf(names('rules', '["errors"]')),
  levels: anyOf(words('level', ['error', 'warn', 'info', 'debug'], '[error]')),
  severities: anyOf(words('severity', severities, '[critical, error]')),
  pattern: anyOf(
    is.text('a part of an error pattern such as OutOfMemory, or with * such as Timeout*payments', is.printable),
  ),
  days: anyOf(
    is.textList(`a list of days such as ["mon-fri"], of ${weekdays.join(', ')}`, (text) => daysIn(text) !== null, 1),
  ),
  hours: anyOf(
    is.textList(
      'a list of times of day such as ["09:00-17:00"], or ["22:00-06:00"] over midnight',
      (text) => hoursIn(text) !== null,
      1,
    ),
  ),
  zone: is.orNull(is.timeZone(), 'mail.zone').default(null),
  receivers: is.needed(names('receivers', '["ops"]'), 'a route needs it'),
  continue: is.flag().default(false),
};

export const routeList = z.array(z.strictObject(shape, { error: is.notAnObject }), {
  error: ({ input }) => `expected a list of routes, found ${is.shown(input)}`,
});

export type Route = z.output<typeof routeList>[number];

export const routeKeys: readonly string[] = Object.keys(shape);

interface RouteProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Names in routes that nothing has. */
export function routeProblems(
  routes: readonly Route[],
  rules: readonly string[],
  receivers: readonly string[],
): readonly RouteProblem[] {
  return routes.flatMap((route, index) => {
    const missing = (key: 'rules' | 'receivers', noun: string, known: readonly string[]): readonly RouteProblem[] =>
      (route[key] ?? [])
        .filter((name) => !known.includes(name))
        .map((name) => ({ path: [index, key], message: noSuch(noun, name, known, `[${known[0] ?? ''}]`) }));
    const isTaken = route.name !== null && routes.findIndex(({ name }) => name === route.name) < index;
    const message = `expected another name: ${is.shown(route.name)} is taken by a route above`;
    return [
      ...missing('rules', 'rule', rules),
      ...missing('receivers', 'receiver', receivers),
      ...(isTaken ? [{ path: [index, 'name'], message }] : []),
    ];
  });
}

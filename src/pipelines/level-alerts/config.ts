import { z } from 'zod';
import * as is from '../../config/fields';
import { isReceiverName, otherReceiversWith, receiverKeys, receiverList } from '../../config/receivers';
import { advise } from '../../nearest';
import type { Section, Settings } from '../../stream/pipeline';
import { ruleKinds } from './alerting/rule-kinds';
import { groupKeys } from './alerting/rules';
import { severities } from './alerting/severity';
import type { RuleKind } from './alerting/rule-kinds/rule-kind';
import { noSuch, routeKeys, routeList, routeProblems, words } from './routing/route-config';

const second = 1000;
const hour = 3600 * second;

/** The receiver when none is configured: the folder of mails. Its name is in outboxes of every version. */
export const DEFAULT_RECEIVER = 'mail';

const isRuleName = (value: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value);

/** The keys of a kind, which have no defaults. */
function neededBy({ name, schema, example }: RuleKind): RuleKind['schema'] {
  const fields = Object.entries(schema) as [string, is.Field<unknown>][];
  const needed = (key: string): string => {
    const value: unknown = example === undefined ? undefined : Reflect.get(example, key);
    return `kind ${name} needs it${value === undefined ? '' : `, such as ${key}: ${JSON.stringify(value)}`}`;
  };
  return Object.fromEntries(fields.map(([key, field]) => [key, is.needed(field, needed(key))]));
}

/** The keys of every rule, and those of its kind. */
const ruleOf = (kind: RuleKind) =>
  z.strictObject(
    {
      name: is.text('a name of letters, digits, dots, dashes and underscores, such as errors', isRuleName),
      kind: z.literal(kind.name),
      level: is.oneOf('error', 'warn', 'info', 'debug'),
      ...neededBy(kind),
      window: is.duration(second),
      for: is.integer(1, 1000),
      origins: is.text('a glob such as * or payments-*', is.printable),
      each: is.flag(),
      groupBy: is.orNull(words('group', groupKeys, '[host]'), 'as each says'),
      groupWait: is.orNull(is.duration(0), 'that of alerting'),
      severity: is.oneOf(...severities),
      receivers: is.textList('a list of names of receivers such as ["ops"]', isReceiverName, 0, 50),
    },
    { error: is.notAnObject },
  );

/** The names that rules and routes may give. Without receivers there is the folder of mails. */
function receiverNames(receivers: readonly { readonly name: string }[]): readonly string[] {
  return receivers.length === 0 ? [DEFAULT_RECEIVER] : receivers.map(({ name }) => name);
}

type RuleKinds = readonly [RuleKind, ...RuleKind[]];

const anyRuleOf = (ruleKinds: RuleKinds) => {
  const [firstKind, ...otherKinds] = ruleKinds;
  return z.discriminatedUnion('kind', [ruleOf(firstKind), ...otherKinds.map(ruleOf)], {
    error: ({ input }) => noSuchKind(input, ruleKinds),
  });
};

function noSuchKind(rule: unknown, ruleKinds: RuleKinds): string | undefined {
  if (typeof rule !== 'object' || rule === null) return is.notAnObject({ code: 'invalid_type', input: rule });
  const kind: unknown = 'kind' in rule ? rule.kind : undefined;
  const kinds = ruleKinds.map(({ name }) => name);
  const advice = advise(String(kind), kinds, `the kinds are ${kinds.join(', ')}`);
  return `no such kind of rule: ${is.shown(kind)}; ${advice}`;
}

const schemaOf = (ruleKinds: RuleKinds) =>
  z
    .strictObject({
      window: is.duration(second),
      disorder: is.duration(0),
      idleAfter: is.duration(second),
      keepWindows: is.duration(second),
      patterns: z.strictObject({ enabled: is.flag() }),
      rules: z.array(anyRuleOf(ruleKinds), {
        error: ({ input }) => `expected a list of rules, found ${is.shown(input)}`,
      }),
      alerting: z.strictObject({
        groupWait: is.duration(0),
        repeatInterval: is.duration(second),
        resolveAfter: is.duration(second),
        digestAfter: is.duration(second),
        cap: z.strictObject({ messages: is.integer(0), within: is.duration(second) }),
      }),
      mail: z.strictObject({
        from: is.mailAddress(),
        // SES takes 50 recipients a message.
        to: is.mailAddresses(50),
        zone: is.timeZone(),
        redact: is.flag(),
      }),
      receivers: receiverList,
      routes: routeList,
    })
    .superRefine(({ window, keepWindows, rules, receivers, routes }, context) => {
      const known = receiverNames(receivers);
      const ruleNames = rules.map(({ name }) => name);
      for (const { path, message } of routeProblems(routes, ruleNames, known)) {
        context.addIssue({ code: 'custom', path: ['routes', ...path], message });
      }
      rules.forEach((each, index) => {
        const complain = (key: keyof typeof each, message: string): void =>
          context.addIssue({ code: 'custom', path: ['rules', index, key], message });
        if (each.window % window !== 0) {
          const [own, base] = [is.writeDuration(each.window), is.writeDuration(window)];
          const next = is.writeDuration(Math.ceil(each.window / window) * window);
          complain(
            'window',
            `window is ${base}, and the window of rule ${each.name}, ${own}, is not a multiple of it: set rules.${index}.window=${next}`,
          );
        }
        const kind = ruleKinds.find(({ name }) => name === each.kind);
        const inARow = each.for * each.window;
        const needed = Math.max(inARow, kind?.neededMs?.(each, each.window) ?? 0);
        if (needed > keepWindows) {
          const [least, kept] = [is.writeDuration(Math.ceil(needed / hour) * hour), is.writeDuration(keepWindows)];
          complain(
            needed > inARow ? 'kind' : 'window',
            `rule ${each.name} reads windows up to ${least} old, and keepWindows is ${kept}: set keepWindows=${least}`,
          );
        }
        if (rules.findIndex((other) => other.name === each.name) < index) {
          complain('name', `expected another name: ${is.shown(each.name)} is taken by a rule above`);
        }
        if (each.each && each.groupBy?.includes('host') === false) {
          complain('groupBy', 'each is true, the short form of groupBy: [host]: leave out one of the two');
        }
        for (const name of each.receivers.filter((receiver) => !known.includes(receiver))) {
          complain('receivers', noSuch('receiver', name, known, `[${known[0] ?? ''}]`));
        }
      });
    });

/** Durations are milliseconds. */
export type LevelAlertsConfig = z.output<ReturnType<typeof schemaOf>>;

/** The keys of a rule, those of its kind included; of any kind when there is no such kind. */
function ruleKeys({ kind }: Settings, ruleKinds: RuleKinds): readonly string[] {
  const known = ruleKinds.filter(({ name }) => name === kind);
  return (known.length === 0 ? ruleKinds : known).flatMap((each) => Object.keys(ruleOf(each).shape));
}

/** Says which kinds have a key that the kind of a rule does not have; null when no kind has it. */
function otherKindsWith({ kind }: Settings, key: string, ruleKinds: RuleKinds): string | null {
  const owners = ruleKinds.filter(({ schema }) => Object.hasOwn(schema, key)).map(({ name }) => name);
  if (owners.length === 0) return null;
  return `a rule of kind ${String(kind)} has no such key; kind ${owners.join(' or ')} has it`;
}

/** `conf/default.yaml` explains the keys and repeats these defaults; a test compares the two. */
export const sectionOf = (ruleKinds: RuleKinds): Section<LevelAlertsConfig> => ({
  schema: schemaOf(ruleKinds),
  defaults: {
    window: '60s',
    disorder: '5s',
    idleAfter: '15m',
    keepWindows: '48h',
    patterns: { enabled: true },
    rules: [
      {
        name: 'errors',
        kind: 'threshold',
        level: 'error',
        threshold: 1,
        window: '60s',
        for: 1,
        origins: '*',
        each: false,
        groupBy: null,
        groupWait: null,
        severity: 'error',
        receivers: [],
      },
    ],
    alerting: {
      groupWait: '0s',
      repeatInterval: '4h',
      resolveAfter: '10m',
      digestAfter: '6h',
      cap: { messages: 20, within: '10m' },
    },
    mail: { from: 'telltale@localhost', to: ['you@localhost'], zone: 'UTC', redact: true },
    receivers: [],
    routes: [],
  },
  lists: {
    rules: (rule) => ruleKeys(rule, ruleKinds),
    receivers: ({ kind }) => receiverKeys(kind),
    routes: () => routeKeys,
  },
  explainKey: (item, key) => otherKindsWith(item, key, ruleKinds) ?? otherReceiversWith(item['kind'], key),
});

export const section = sectionOf(ruleKinds);

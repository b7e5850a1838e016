import { z } from 'zod';
import { advise } from '../nearest';
import type { Secret } from '../secret';
import type { SecretSource } from '../stream/receivers';
import * as is from './fields';

/** Kinds of receivers, and their keys. `docs/receivers.md` explains them. */

/** Without a slash: names are parts of keys in the outbox. */
export const isReceiverName = (value: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value);
const isVariable = (value: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(value);
const isHost = (value: string): boolean => /^[A-Za-z0-9._-]+$|^[0-9A-Fa-f:.]+$/.test(value);
const isRegion = (value: string): boolean => /^[a-z]{2}(-[a-z]+)+-\d$/.test(value);
const isConfigurationSet = (value: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(value);

const anyText = is.text('text in one line', is.printable);

const named = { name: is.text('a name of letters, digits, dots, dashes and underscores, such as ops', isReceiverName) };

/** A secret has three keys: itself, the file that holds it, and the environment variable that holds it. */
function secretKeys<const K extends string>(key: K): SecretKeys<K> {
  return {
    [key]: is.orNull(is.secret()).default(null),
    [`${key}File`]: is.orNull(anyText).default(null),
    [`${key}Env`]: is.orNull(is.text('the name of an environment variable', isVariable)).default(null),
  } as SecretKeys<K>;
}

type OrNull<T> = z.ZodDefault<is.Field<T | null>>;
type SecretKeys<K extends string> = Record<K, OrNull<Secret>> & Record<`${K}File` | `${K}Env`, OrNull<string>>;

/** Addresses of a receiver of its own; null: those of `mail`. */
const addresses = {
  from: is.orNull(is.mailAddress()).default(null),
  to: is.orNull(is.mailAddresses(50)).default(null),
};

const kinds = {
  folder: { ...named, kind: z.literal('folder'), ...addresses },
  smtp: {
    ...named,
    kind: z.literal('smtp'),
    ...addresses,
    host: is.needed(is.text('the name of a mail server such as smtp.example.com', isHost), 'kind smtp needs it'),
    port: is.integer(1, 65_535).default(587),
    tls: is.oneOf('starttls', 'implicit', 'none').default('starttls'),
    ca: is.orNull(anyText).default(null),
    user: is.orNull(anyText).default(null),
    ...secretKeys('password'),
  },
  ses: {
    ...named,
    kind: z.literal('ses'),
    ...addresses,
    region: is.orNull(is.text('an AWS region such as eu-central-1', isRegion)).default(null),
    configurationSet: is.orNull(is.text('the name of a configuration set', isConfigurationSet)).default(null),
  },
  webhook: { ...named, kind: z.literal('webhook'), ...secretKeys('url'), ...secretKeys('key') },
  slack: { ...named, kind: z.literal('slack'), ...secretKeys('url') },
  pagerduty: {
    ...named,
    kind: z.literal('pagerduty'),
    ...secretKeys('key'),
    url: is.text('an http or https URL', isHttpUrl).default('https://events.pagerduty.com/v2/enqueue'),
  },
  alertmanager: { ...named, kind: z.literal('alertmanager'), ...secretKeys('url') },
};

type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as readonly Kind[];

const item = <S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> =>
  z.strictObject(shape, { error: is.notAnObject });

const anyReceiver = z.discriminatedUnion(
  'kind',
  [
    item(kinds.folder),
    item(kinds.smtp),
    item(kinds.ses),
    item(kinds.webhook),
    item(kinds.slack),
    item(kinds.pagerduty),
    item(kinds.alertmanager),
  ],
  { error: ({ input }) => noSuchKind(input) },
);

export type WrittenReceiver = z.output<typeof anyReceiver>;

function noSuchKind(receiver: unknown): string | undefined {
  if (typeof receiver !== 'object' || receiver === null) {
    return is.notAnObject({ code: 'invalid_type', input: receiver });
  }
  const kind: unknown = 'kind' in receiver ? receiver.kind : undefined;
  const advice = advise(String(kind), kindNames, `the kinds are ${kindNames.join(', ')}`);
  return `no such kind of receiver: ${is.shown(kind)}; ${advice}`;
}

/** A list of receivers with different names, each complete. */
export const receiverList = z
  .array(anyReceiver, { error: ({ input }) => `expected a list of receivers, found ${is.shown(input)}` })
  .superRefine((receivers, context) => {
    receivers.forEach((receiver, index) => {
      const complain = (key: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [index, key], message });
      if (receivers.findIndex(({ name }) => name === receiver.name) < index) {
        complain('name', `expected another name: ${is.shown(receiver.name)} is taken by a receiver above`);
      }
      if (receiver.kind === 'folder' && receivers.findIndex(({ kind }) => kind === 'folder') < index) {
        complain('kind', 'expected one receiver of kind folder: there is one folder of mails');
      }
      for (const { key, needed, problem } of secretsOf(receiver)) {
        const source = secretSource(receiver, key);
        const set = Object.values(source).filter((each) => each !== null).length;
        if (set > 1) complain(key, `expected one of ${key}, ${key}File and ${key}Env, found ${set}`);
        else if (set === 0 && needed !== null) complain(key, `${needed}: set ${key}File, ${key}Env or ${key}`);
        const why = source.value === null ? null : problem(source.value.reveal());
        if (why !== null) complain(key, why);
      }
    });
  });

interface SecretOf {
  readonly key: string;
  /** Why it is needed; null: it is not. */
  readonly needed: string | null;
  /** Says what the value must be; null when it is. Never quotes the value. */
  readonly problem: (value: string) => string | null;
}

/** The secrets of a receiver. */
export function secretsOf(receiver: WrittenReceiver): readonly SecretOf[] {
  const url = (example: string): SecretOf => ({
    key: 'url',
    needed: `kind ${receiver.kind} needs it`,
    problem: (value) => urlProblem(value, example),
  });
  switch (receiver.kind) {
    case 'folder':
    case 'ses':
      return [];
    case 'smtp':
      return [{ key: 'password', needed: receiver.user === null ? null : 'user needs it', problem: () => null }];
    case 'webhook':
      return [url('https://example.com/hook'), { key: 'key', needed: null, problem: webhookKeyProblem }];
    case 'slack':
      return [url('https://hooks.slack.com/services/T000/B000/XXX')];
    case 'pagerduty':
      return [{ key: 'key', needed: 'kind pagerduty needs it', problem: routingKeyProblem }];
    case 'alertmanager':
      return [url('http://127.0.0.1:9093')];
  }
}

/** The problem of a secret that a file or a variable holds; null when there is none. Never quotes it. */
export function secretProblem(kind: Kind, key: string, value: string): string | null {
  if (key === 'url') return urlProblem(value, 'https://example.com/hook');
  if (kind === 'webhook') return webhookKeyProblem(value);
  return kind === 'pagerduty' ? routingKeyProblem(value) : null;
}

/** The three keys of a secret. */
export function secretSource(receiver: WrittenReceiver, key: string): SecretSource {
  const get = (name: string): unknown => Reflect.get(receiver, name);
  return { value: get(key), file: get(`${key}File`), env: get(`${key}Env`) } as SecretSource;
}

function urlProblem(url: string, example: string): string | null {
  return isHttpUrl(url) ? null : `expected an http or https URL such as ${example}`;
}

/** As Standard Webhooks writes its symmetric keys: 24 to 64 bytes. */
function webhookKeyProblem(key: string): string | null {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(key) ?? [];
  const { length } = Buffer.from(base64, 'base64');
  return length >= 24 && length <= 64
    ? null
    : 'expected whsec_ and 24 to 64 bytes in base64, as of openssl rand -base64 32';
}

function routingKeyProblem(key: string): string | null {
  return /^[A-Za-z0-9]{32}$/.test(key) ? null : 'expected an integration key of 32 letters and digits';
}

function isHttpUrl(value: string): boolean {
  return /^https?:\/\/[^\s\p{Cc}]+$/u.test(value) && URL.canParse(value);
}

/** The keys of a receiver; of any kind when there is no such kind. */
export function receiverKeys(kind: unknown): readonly string[] {
  const known = kindNames.filter((name) => name === kind);
  return [...new Set((known.length === 0 ? kindNames : known).flatMap((name) => Object.keys(kinds[name])))];
}

/** Says which kinds have a key that this kind does not have; null when no kind has it. */
export function otherReceiversWith(kind: unknown, key: string): string | null {
  const owners = kindNames.filter((name) => Object.hasOwn(kinds[name], key));
  if (owners.length === 0 || !kindNames.some((name) => name === kind)) return null;
  return `a receiver of kind ${String(kind)} has no such key; kind ${owners.join(' or ')} has it`;
}

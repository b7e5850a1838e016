import { secretProblem } from '../config/receivers';
import { readSettingsFile } from '../config/settings-file';
import { TelltaleError } from '../errors';
import { systemClock } from '../ports/clock';
import type { Delivery, Sending } from '../ports/delivery';
import type { MailTransport } from '../ports/mail-transport';
import type { Sender } from '../ports/sender';
import { Secret } from '../secret';
import type { DeliveryUse } from '../stream/pipeline';
import { targetsAt, type AlertmanagerReceiver, type Receiver, type SecretSource } from '../stream/receivers';
import { targetName } from '../stream/target';

/** Opens the senders of receivers. It loads a kind's adapter only when a receiver has that kind. */

export interface OpenReceivers extends Delivery<unknown> {
  close(): void;
}

type Send = (message: unknown, to: Sending) => Promise<string>;

interface Opened {
  readonly send: Send;
  readonly close: () => void;
}

/**
 * @param only the name of one receiver; null: all of them
 * @throws CONFIG with all problems of their secrets and files, one per line
 */
export async function openReceivers(
  use: Pick<DeliveryUse, 'receivers' | 'render'>,
  mailbox: MailTransport,
  env: NodeJS.ProcessEnv,
  only: string | null = null,
): Promise<OpenReceivers> {
  const opened = new Map<string, Opened>();
  const problems: string[] = [];
  for (const [index, receiver] of use.receivers.entries()) {
    if (only !== null && receiver.name !== only) continue;
    try {
      opened.set(receiver.name, await open(receiver, index, { use, mailbox, env }));
    } catch (error) {
      if (!(error instanceof TelltaleError) || error.code !== 'CONFIG') throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new TelltaleError('CONFIG', problems.join('\n'));
  return {
    send: async (message, to) => {
      const receiver = opened.get(to.target.receiver);
      if (receiver === undefined) throw new TelltaleError('INTERNAL', `No receiver is named ${targetName(to.target)}.`);
      return receiver.send(message, to);
    },
    close: () => {
      for (const { close } of opened.values()) close();
    },
  };
}

/** True for a target that one of these receivers has. */
export function isTargetOf(receivers: readonly Receiver[]): (target: Sending['target']) => boolean {
  const names = new Set(targetsAt(receivers).map(targetName));
  return (target) => names.has(targetName(target));
}

interface Site {
  readonly use: Pick<DeliveryUse, 'render'>;
  readonly mailbox: MailTransport;
  readonly env: NodeJS.ProcessEnv;
}

async function open(receiver: Receiver, index: number, { use, mailbox, env }: Site): Promise<Opened> {
  const { render } = use;
  const { name } = receiver;
  const clock = systemClock;
  const at = (key: string): string => `receivers.${index}.${key}`;
  const optional = (key: string, source: SecretSource): Secret | null =>
    checked(receiver.kind, key, source, { at, env });
  const secret = (key: string, source: SecretSource): Secret => needed(optional(key, source), at(key));
  const how = ({ possibleRepeat }: Sending): { readonly possibleRepeat: boolean } => ({ possibleRepeat });
  switch (receiver.kind) {
    case 'folder':
      return {
        send: (message, to) => {
          const { from, to: addresses } = receiver;
          return mailbox.send({ ...render.mail(message, how(to)), id: to.id, from, to: addresses });
        },
        close: () => undefined,
      };
    case 'smtp': {
      const { smtpSender } = await import('../adapters/receivers/smtp.js');
      const { user, host, port, tls } = receiver;
      const login = user === null ? null : { user, password: secret('password', receiver.password) };
      const ca = receiver.ca === null ? null : readFile(receiver.ca, at('ca'));
      return mails(smtpSender({ name, host, port, tls, ca, login, clock }), receiver, use);
    }
    case 'ses': {
      // The SDK warns about Node 20 at every start. Telltale supports Node 20 on purpose.
      env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
      const { sesSender } = await import('../adapters/receivers/ses.js');
      const { region, configurationSet } = receiver;
      return mails(sesSender({ name, region, configurationSet, clock }), receiver, use);
    }
    case 'webhook': {
      const { webhookSender } = await import('../adapters/receivers/json-senders.js');
      const key = optional('key', receiver.key);
      const sender = webhookSender({ name, url: secret('url', receiver.url), key, clock });
      return payloads(sender, (message, to) => render.webhook(message, how(to)));
    }
    case 'slack': {
      const { slackSender } = await import('../adapters/receivers/json-senders.js');
      const sender = slackSender({ name, url: secret('url', receiver.url) });
      return payloads(sender, (message, to) => render.slack(message, how(to)));
    }
    case 'pagerduty': {
      const { pagerDutySender } = await import('../adapters/receivers/json-senders.js');
      const sender = pagerDutySender({ name, url: receiver.url, key: secret('key', receiver.key) });
      return payloads(sender, (message, to) => render.pagerDuty(message, how(to)));
    }
    case 'alertmanager': {
      const sender = await openAlertmanager(receiver, index, env);
      return payloads(sender, (message, to) => [render.alert(message, { ...how(to), now: clock.now() })]);
    }
  }
}

/** @param index of the receiver in the configuration */
export async function openAlertmanager(
  { name, url }: AlertmanagerReceiver,
  index: number,
  env: NodeJS.ProcessEnv,
): Promise<Sender<readonly object[]>> {
  const { alertmanagerSender } = await import('../adapters/receivers/json-senders.js');
  const at = (key: string): string => `receivers.${index}.${key}`;
  const read = checked('alertmanager', 'url', url, { at, env });
  return alertmanagerSender({ name, url: needed(read, at('url')) });
}

function mails(
  sender: Sender<Parameters<MailTransport['send']>[0]>,
  { from, to: addresses }: { readonly from: string; readonly to: readonly string[] },
  { render }: Pick<DeliveryUse, 'render'>,
): Opened {
  return {
    send: async (message, to) => {
      const { possibleRepeat, id } = to;
      return sender.send({ ...render.mail(message, { possibleRepeat }), id, from, to: addresses }, to);
    },
    close: () => sender.close(),
  };
}

function payloads<P>(sender: Sender<P>, render: (message: unknown, to: Sending) => P): Opened {
  return {
    send: async (message, to) => sender.send(render(message, to), to),
    close: () => sender.close(),
  };
}

/**
 * Reads a secret where its configuration says; null when it is not set.
 * @throws CONFIG that names the key and the place, never the value
 */
export function readSecret(
  { value, file, env: variable }: SecretSource,
  key: string,
  env: NodeJS.ProcessEnv,
): Secret | null {
  if (file !== null) {
    // Editors and `echo` end a file with a line end.
    const text = readFile(file, `${key}File`).replace(/\r?\n$/, '');
    if (text === '' || /[\r\n]/.test(text)) {
      throw new TelltaleError('CONFIG', `${key}File: ${file} must hold the secret alone, in one line`);
    }
    return new Secret(text);
  }
  if (variable === null) return value;
  const text = env[variable] ?? '';
  if (text === '') throw new TelltaleError('CONFIG', `${key}Env: the environment variable ${variable} is not set`);
  return new Secret(text);
}

/** As {@link readSecret}, and refuses a value that the receiver could not use. */
function checked(
  kind: Receiver['kind'],
  key: string,
  source: SecretSource,
  { at, env }: { readonly at: (key: string) => string; readonly env: NodeJS.ProcessEnv },
): Secret | null {
  const secret = readSecret(source, at(key), env);
  const problem = secret === null ? null : secretProblem(kind, key, secret.reveal());
  if (problem === null) return secret;
  throw new TelltaleError('CONFIG', `${at(source.file === null ? `${key}Env` : `${key}File`)}: ${problem}`);
}

function needed(secret: Secret | null, key: string): Secret {
  if (secret === null) throw new TelltaleError('CONFIG', `${key}: set it, ${key}File or ${key}Env`);
  return secret;
}

function readFile(file: string, key: string): string {
  const read = readSettingsFile(file);
  if ('text' in read) return read.text;
  throw new TelltaleError('CONFIG', `${key}: ${file}: ${read.problem}`);
}

import { secretSource, type WrittenReceiver } from '../../../config/receivers';
import type { FolderReceiver, Receiver } from '../../../stream/receivers';
import type { MailReport } from '../alerting/mail-report';
import { DEFAULT_RECEIVER, type LevelAlertsConfig } from '../config';

/** Every receiver of the configuration. `mail.from` and `mail.to` hold for those that send mails and have none of their own. */
export function receiversIn({ receivers, mail }: LevelAlertsConfig): readonly Receiver[] {
  if (receivers.length === 0) return [defaultFolder(mail)];
  return receivers.map((receiver) => completed(receiver, mail));
}

/** The folder of mails: the configured one, or else the one that there is without a configuration. */
export function folderIn(config: LevelAlertsConfig): FolderReceiver {
  return receiversIn(config).find((receiver) => receiver.kind === 'folder') ?? defaultFolder(config.mail);
}

function defaultFolder({ from, to }: LevelAlertsConfig['mail']): FolderReceiver {
  return { name: DEFAULT_RECEIVER, kind: 'folder', from, to };
}

function completed(receiver: WrittenReceiver, mail: LevelAlertsConfig['mail']): Receiver {
  const { name } = receiver;
  switch (receiver.kind) {
    case 'folder':
    case 'ses':
      return { ...receiver, from: receiver.from ?? mail.from, to: receiver.to ?? mail.to };
    case 'smtp': {
      const { kind, host, port, tls, ca, user, from, to } = receiver;
      const password = secretSource(receiver, 'password');
      return { name, kind, host, port, tls, ca, user, password, from: from ?? mail.from, to: to ?? mail.to };
    }
    case 'webhook':
      return { name, kind: 'webhook', url: secretSource(receiver, 'url'), key: secretSource(receiver, 'key') };
    case 'slack':
      return { name, kind: 'slack', url: secretSource(receiver, 'url') };
    case 'pagerduty':
      return { name, kind: 'pagerduty', url: receiver.url, key: secretSource(receiver, 'key') };
    case 'alertmanager':
      return { name, kind: 'alertmanager', url: secretSource(receiver, 'url') };
  }
}

/**
 * Which receivers get a message: those of its rule, or all of them; at least one. Asked once for each message, when a
 * delivery takes it up: the outbox then keeps its targets. Pure.
 */
export function receiversOf({ rule }: MailReport, config: LevelAlertsConfig): readonly Receiver[] {
  const all = receiversIn(config);
  const names = config.rules.find(({ name }) => name === rule.name)?.receivers ?? [];
  const named = all.filter(({ name }) => names.includes(name));
  return named.length === 0 ? all : named;
}

import type { Mailbox } from '../adapters/embedded/mailbox';
import type { Config } from '../config';
import type { CounterRegistry } from '../counters';
import type { MailReport } from '../pipelines/level-alerts/alerting/mail-report';
import { parseOutboxRecord } from '../pipelines/level-alerts/alerting/outbox-records';
import { parseWindowRecord } from '../pipelines/level-alerts/counting/parse-window-record';
import type { WindowRecord } from '../pipelines/level-alerts/counting/window-record';
import { UndeliveredMails, type UndeliveredMail } from '../pipelines/level-alerts/mail/undelivered';
import type { Io } from '../io';
import type { EventLog } from '../ports/event-log';
import { answerTo } from '../web/answers';
import { startWeb } from '../web/server';
import type { Metric } from '../web/source';
import { follow } from './follow';

/** More windows than this are not shown; the oldest go first. */
const SHOWN_WINDOWS = 2_000;

/** The latest windows, as the topics say: for pages and tables, never for decisions. */
export class View {
  readonly #windows = new Map<string, WindowRecord>();
  readonly #stop = new AbortController();
  readonly #undelivered = new UndeliveredMails();
  #lines = 0;
  #mails = 0;

  windows(): readonly WindowRecord[] {
    return [...this.#windows.values()];
  }

  /** Mails that wait to be sent, and mails that were refused. */
  undelivered(): readonly UndeliveredMail[] {
    return this.#undelivered.list();
  }

  metrics(): readonly Metric[] {
    return [
      {
        name: 'telltale_lines_total',
        help: 'Lines counted in windows seen since the start.',
        type: 'counter',
        value: this.#lines,
      },
      { name: 'telltale_mails_total', help: 'Mails sent since the start.', type: 'counter', value: this.#mails },
    ];
  }

  /**
   * Follows windows and mails until `stop`.
   * @param onMail called for every mail that goes out from now on
   */
  start(config: Config, log: EventLog, io: Io, onMail: (report: MailReport) => void): void {
    const failed = (error: unknown): void => io.log.warn('the status page is not up to date any more', { error });
    for (let partition = 0; partition < config.eventLog.partitions; partition++) {
      follow(log, { topic: 'windows', partition, from: 0, until: this.#stop.signal }, (records) => {
        for (const { key, value } of records) if (key !== null && value !== null) this.#see(key, value);
      }).catch(failed);
    }
    this.#followMails(log, onMail).catch(failed);
  }

  stop(): void {
    this.#stop.abort();
  }

  #see(key: Buffer, value: Buffer): void {
    const window = parseWindowRecord(key, value);
    if (window === null) return;
    const name = key.toString('utf8');
    this.#lines += Math.max(0, window.lines - (this.#windows.get(name)?.lines ?? 0));
    this.#windows.delete(name);
    this.#windows.set(name, window);
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= SHOWN_WINDOWS) break;
      this.#windows.delete(oldest);
    }
  }

  async #followMails(log: EventLog, onMail: (report: MailReport) => void): Promise<void> {
    const { end } = await log.offsets('outbox', 0);
    await follow(log, { topic: 'outbox', partition: 0, from: 0, until: this.#stop.signal }, (records) => {
      for (const { key, value, offset } of records) {
        const entry = parseOutboxRecord(key, value);
        const report = entry === null ? null : this.#undelivered.take(entry);
        if (report === null || offset < end) continue;
        this.#mails += 1;
        onMail(report);
      }
    });
  }
}

export interface RunningWeb {
  readonly url: string;
  readonly view: View;
  close(): Promise<void>;
}

/** Starts the pages, and the view that they show. */
export async function launchWeb(
  config: Config,
  log: EventLog,
  parts: { readonly mailbox: Mailbox; readonly counters: CounterRegistry },
  io: Io,
  onMail: (report: MailReport) => void = () => undefined,
): Promise<RunningWeb> {
  const { mailbox } = parts;
  const view = new View();
  const { host, port } = config.web;
  const source = {
    windows: () => view.windows(),
    undelivered: () => view.undelivered(),
    metrics: () => [...view.metrics(), ...parts.counters.samples()],
    mails: () => mailbox.list(),
    mail: (name: string) => mailbox.read(name),
  };
  const web = await startWeb({
    ...{ host, port, section: 'web', log: io.log },
    answer: (path) => answerTo(path, source),
  });
  view.start(config, log, io, onMail);
  return {
    url: web.url,
    view,
    close: async () => {
      view.stop();
      await web.close();
    },
  };
}

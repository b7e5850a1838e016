import type { Config } from '../config';
import type { Counters } from '../counters';
import { isTelltaleError } from '../errors';
import type { Io } from '../io';
import type { Clock } from '../ports/clock';
import type { EventLog } from '../ports/event-log';
import { OpenAlerts } from '../stream/open-alerts';
import type { DeliveryUse } from '../stream/pipeline';
import type { AlertmanagerReceiver } from '../stream/receivers';
import { createTrace } from '../trace';
import { follow } from './follow';
import { partsToRun } from './parts';
import { openAlertmanager } from './receivers';

/** As often as Prometheus does it: an Alertmanager that was restarted has forgotten its alerts. */
const REFRESH_MS = 60_000;

/**
 * Refreshes the alerts of open incidents at each Alertmanager, outside of the outbox. When the outbox cannot be read any
 * more, it stops: an alert may have ended meanwhile.
 * @returns ends it
 */
export function refreshAlerts(
  config: Config,
  { log, counters, clock }: { readonly log: EventLog; readonly counters: Counters; readonly clock: Clock },
  io: Pick<Io, 'log'>,
): () => void {
  const stop = new AbortController();
  for (const use of partsToRun(config).deliveries) {
    for (const [index, receiver] of use.receivers.entries()) {
      if (receiver.kind !== 'alertmanager') continue;
      refresh(use, receiver, { index, log, counters, clock, io, signal: stop.signal }).catch((error: unknown) =>
        io.log.error('alerts are no longer refreshed', { error }),
      );
    }
  }
  return () => stop.abort();
}

interface Refreshing {
  /** The receiver's place in the configuration. */
  readonly index: number;
  readonly log: EventLog;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly io: Pick<Io, 'log'>;
  readonly signal: AbortSignal;
}

async function refresh(use: DeliveryUse, receiver: AlertmanagerReceiver, options: Refreshing): Promise<void> {
  const { log, counters, clock, io, signal } = options;
  const { name } = receiver;
  const alerts = new OpenAlerts(name, use.format, (message) => use.alertState(message));
  const sender = await openAlertmanager(receiver, options.index, process.env);
  const trace = createTrace(io.log, counters, `${use.name}/${name}`);
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const following = follow(log, { topic: use.topic.name, partition: 0, from: 0, until: ended }, (records) => {
    for (const record of records) alerts.take(record);
  }).finally(() => failed.abort());
  for (;;) {
    await clock.sleep(REFRESH_MS, ended);
    if (ended.aborted) break;
    const now = clock.now();
    const payload = [
      ...alerts.open().map((message) => use.render.alert(message, { possibleRepeat: false, now })),
      ...alerts.ended(now).map(({ message, at }) => use.render.alert(message, { possibleRepeat: false, now: at })),
    ];
    if (payload.length === 0) continue;
    try {
      await sender.send(payload, REFRESH);
    } catch (error) {
      const reason = isTelltaleError(error) ? error.code : 'error';
      trace('deliveryRetried', { id: REFRESH.id, to: name, retryInMs: REFRESH_MS, error, reason });
    }
  }
  await following;
}

const REFRESH = { id: 'refresh', target: { receiver: '', address: null }, attempt: 1, possibleRepeat: true };

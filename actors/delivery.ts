import { tell, type ActorContext, type ActorOptions } from '../src/kit';
import type { WriterOptions } from '../src/ports/event-log';
import type { TopicSpec } from '../src/stream/topics';
import { createTrace } from '../src/trace';
import { DeliveryRun, failure, type DeliveryRunOptions } from './delivery-run';
import { fetchToSelf } from './fetch-to-self';
import { answerDrained, answerFinished, ownedPart, type Ownership, type OwnershipOptions } from './owned-part';
import type { DeliveryMessage, OfDelivery } from './protocol';

export interface DeliveryOptions<M> extends DeliveryRunOptions<M>, OwnershipOptions {
  /** Names the actor and the transactional id `telltale-<name>`. The label of its counters is `<name>/<receiver>`. */
  readonly name: string;
}

/** The writer of a delivery, with the rights that it needs. */
export function deliveryWriter(name: string, { name: topic }: TopicSpec): WriterOptions {
  return { id: `telltale-${name}`, reads: [topic], writes: [topic] };
}

const FETCH_BYTES = 1024 * 1024;

type State<M> = Ownership<DeliveryRun<M>>;

/** Delivers the messages of an outbox as `src/stream/delivery.ts` decides. Every start reads the outbox from its start. */
export function delivery<M>(options: DeliveryOptions<M>): ActorOptions<DeliveryMessage, State<M>> {
  return ownedPart<OfDelivery, DeliveryRun<M>>(
    {
      name: options.name,
      label: options.name,
      fields: {},
      start: (state, context) => start(state, options, context),
      started: async (run, { finishing }) => {
        await run.restored();
        if (finishing !== null) await run.finish();
      },
      receive,
      finish: (run) => run.finish(),
      drain: (run) => run.decide({ type: 'drain' }),
    },
    options,
  );
}

async function receive<M>({ run }: State<M>, message: OfDelivery, context: ActorContext<OfDelivery>): Promise<void> {
  switch (message.type) {
    case 'fetched':
      if (run?.reader !== message.reader) break;
      fetchToSelf(run.reader, FETCH_BYTES, context);
      await run.read(message.fetched);
      break;
    case 'fetchFailed':
      if (run?.reader === message.reader) throw message.error;
      break;
    case 'woken':
      await run?.decide({ type: 'woken' });
      break;
    case 'sent':
      await run?.answered({ type: 'sent', attempt: message.attempt, transportId: message.transportId });
      break;
    case 'failed':
      await run?.answered(failure(message));
      break;
  }
}

async function start<M>(
  state: State<M>,
  options: DeliveryOptions<M>,
  context: ActorContext<OfDelivery>,
): Promise<DeliveryRun<M>> {
  const run = await DeliveryRun.start(options, deliveryWriter(options.name, options.topic), {
    tell: (message) => {
      if (!context.signal.aborted) tell(context.self, message);
    },
    scheduleOnce: (delayMs, message) => context.scheduleOnce(delayMs, message),
    trace: (receiver) =>
      createTrace(context.log, options.counters, receiver === null ? options.name : `${options.name}/${receiver}`),
    finished: () => answerFinished(state),
    drained: () => answerDrained(state),
  });
  fetchToSelf(run.reader, FETCH_BYTES, context);
  return run;
}

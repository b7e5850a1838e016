import {
  beginSend,
  foldOutbox,
  mailRefused,
  mailSent,
  nextSend,
  openOutbox,
  sendFailed,
  type OutboxState,
} from '../src/pipelines/level-alerts/alerting/outbox';
import type { MailReport } from '../src/pipelines/level-alerts/alerting/mail-report';
import type { OutputRecord } from '../src/stream/job';
import { decodeBatch } from '../src/records/record-batch';
import { isTelltaleError } from '../src/errors';
import { tell, type ActorContext, type ActorOptions, type ActorRef } from '../src/kit';
import type { Clock } from '../src/ports/clock';
import type { EventLog, EventReader, EventWriter } from '../src/ports/event-log';
import type { MailTransport, OutgoingMail } from '../src/ports/mail-transport';
import { appendRecords, type Crc32c } from './append';
import { fetchToSelf } from './fetch-to-self';
import { PATIENT, PATIENT_DEADLINE_MS } from './patience';
import type { Drained, MailerMessage } from './protocol';
import { readBatches } from './read-latest';

/** Renders what alerting decided. */
export type MailBuilder = (report: MailReport, possibleRepeat: boolean) => OutgoingMail;

export interface MailerOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly crc32c: Crc32c;
  readonly transport: MailTransport;
  readonly buildMail: MailBuilder;
}

interface State {
  readonly outbox: OutboxState;
  readonly writer: EventWriter;
  readonly reader: EventReader;
  /** The mail on its way, one at a time. */
  sending: string | null;
  /** Waits until everything up to `end` of the outbox is read and sent. */
  finishing: { readonly replyTo: ActorRef<Drained>; readonly end: number } | null;
  /** Waits for the mail on its way; no other one begins. */
  draining: ActorRef<Drained> | null;
  /** Was that answered? */
  drained: boolean;
  position: number;
  cancelTimer: () => void;
}

export const mailerWriter = { id: 'telltale-mailer', reads: ['outbox'], writes: ['outbox'] } as const;

const FETCH = { maxBytes: 1024 * 1024, waitMs: 5_000 };

/**
 * Sends the mails that alerting put into the outbox: SENDING is committed before a send and SENT after it, so that a
 * crash anywhere loses none and repeats at most the one that was on its way. A crash of this actor is such a takeover;
 * only FENCED is final: somebody else sends the mails now.
 */
export function mailer(options: MailerOptions): ActorOptions<MailerMessage, State> {
  return {
    name: 'mailer',
    deadlineMs: PATIENT_DEADLINE_MS,
    supervision: PATIENT,
    initialState: async (context) => {
      const writer = await options.log.openWriter(mailerWriter);
      const outbox = openOutbox();
      const position = (await options.log.offsets('outbox', 0)).end;
      await readBatches(options.log, { topic: 'outbox', partition: 0, from: 0 }, (batch, firstWanted) => {
        fold(outbox, batch, firstWanted, 'takeover', options.clock);
      });
      const reader = options.log.openReader('outbox', 0, position);
      fetchNext(reader, context);
      tell(context.self, { type: 'next' });
      return {
        outbox,
        writer,
        reader,
        sending: null,
        finishing: null,
        draining: null,
        drained: false,
        position,
        cancelTimer: () => undefined,
      };
    },
    receive: async (state, message, context) => {
      const { clock } = options;
      try {
        switch (message.type) {
          case 'fetched':
            for (const batch of message.fetched.batches)
              fold(state.outbox, batch, message.fetched.from, 'running', clock);
            state.position = message.fetched.next;
            fetchNext(state.reader, context);
            break;
          case 'fetchFailed':
            throw message.error;
          case 'next':
            break;
          case 'sent':
            state.sending = null;
            await write(state, mailSent(state.outbox, message.id, message.transportId, clock.now()), options);
            context.log.info('mail sent', { id: message.id, transportId: message.transportId });
            break;
          case 'failed':
            state.sending = null;
            if (isTelltaleError(message.error, 'MAIL_REFUSED')) {
              context.log.error('this mail will never go', { id: message.id, error: message.error.message });
              await write(state, mailRefused(state.outbox, message.id, message.error.message, clock.now()), options);
            } else {
              context.log.warn('a mail did not go, trying again later', { id: message.id, error: message.error });
              sendFailed(state.outbox, message.id, clock.now());
            }
            break;
          case 'finish':
            state.finishing = { replyTo: message.replyTo, end: (await options.log.offsets('outbox', 0)).end };
            break;
          case 'drain':
            state.draining = message.replyTo;
            break;
        }
        await goOn(state, options, context);
      } catch (error) {
        if (!isTelltaleError(error, 'FENCED')) throw error;
        context.log.warn('somebody else sends the mails now: stopping here');
        context.stopSelf();
      }
      return state;
    },
    afterStop: async (state) => {
      await state.reader.close();
      await state.writer.close();
    },
  };
}

/** Begins the next mail that is due, or answers who waits for the last one. */
async function goOn(state: State, options: MailerOptions, context: ActorContext<MailerMessage>): Promise<void> {
  if (state.sending !== null) return;
  if (state.draining !== null) {
    if (!state.drained) tell(state.draining, { type: 'drained' });
    state.drained = true;
    return;
  }
  state.cancelTimer();
  const now = options.clock.now();
  const next = nextSend(state.outbox, now);
  if (next.kind === 'send') {
    const { id, report, possibleRepeat } = next;
    state.sending = id;
    await write(state, beginSend(state.outbox, id, now), options);
    const send = async (): Promise<string> => options.transport.send(options.buildMail(report, possibleRepeat));
    send().then(
      (transportId) => tell(context.self, { type: 'sent', id, transportId }),
      (error: unknown) => tell(context.self, { type: 'failed', id, error }),
    );
  } else if (next.until !== null) {
    state.cancelTimer = context.scheduleOnce(next.until - now, { type: 'next' });
  } else if (state.finishing !== null && state.position >= state.finishing.end) {
    tell(state.finishing.replyTo, { type: 'drained' });
    state.finishing = null;
  }
}

async function write(state: State, record: OutputRecord, { crc32c }: MailerOptions): Promise<void> {
  const transaction = state.writer.begin();
  await appendRecords(transaction, { topic: 'outbox', partition: 0 }, [{ ...record, headers: [] }], crc32c);
  await transaction.commit();
}

function fold(outbox: OutboxState, batch: Buffer, from: number, phase: 'takeover' | 'running', clock: Clock): void {
  for (const record of decodeBatch(batch, from)) foldOutbox(outbox, record, phase, clock.now());
}

function fetchNext(reader: EventReader, context: ActorContext<MailerMessage>): void {
  fetchToSelf<MailerMessage>(
    reader,
    FETCH,
    { fetched: (fetched) => ({ type: 'fetched', fetched }), failed: (error) => ({ type: 'fetchFailed', error }) },
    context,
  );
}

import { TelltaleError } from '../../errors';
import type { Connections } from './connections';
import { eventLogError, remedyOf, spendsConnections } from './errors';
import { createConnections } from './kafkajs';
import type { KafkaEventLogOptions } from './options';
import type { Waiting } from '../waiting';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/**
 * Sends requests, and keeps trying while brokers restart or leaders move.
 *
 * Throws its connections away after any failure that is not a broker's plain answer, and metadata with them: a connection
 * of kafkajs that broke in the middle of an answer takes the rest of it for the beginning of the next one.
 */
export class KafkaClient {
  private connections: Promise<Connections> | null = null;

  /** @param waiting learns of the calls under way */
  constructor(
    private readonly options: KafkaEventLogOptions,
    private readonly waiting: Waiting,
    private readonly create: (options: KafkaEventLogOptions) => Connections = createConnections,
  ) {}

  /**
   * Runs `step`, and repeats it while it fails with an error that passes.
   * @param closed ends the call at once, with CLOSED
   * @param heldBackMs for how long the broker may hold the answer back on purpose
   * @throws the last failure, as `eventLogError` words it
   */
  async run<T>(
    what: string,
    closed: AbortSignal,
    step: (connections: Connections) => Promise<T>,
    heldBackMs = 0,
  ): Promise<T> {
    const cut = (): void => this.disconnect();
    closed.addEventListener('abort', cut, { once: true });
    const started = performance.now();
    const call = this.waiting.begin(what, heldBackMs);
    try {
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
        throwIfClosed(what, closed);
        try {
          return await step(await this.connected());
        } catch (error) {
          throwIfClosed(what, closed);
          const remedy = remedyOf(error);
          // The next request must not use a dead connection, nor old metadata.
          if (spendsConnections(error)) this.disconnect();
          call.failure = error instanceof Error ? error.message : String(error);
          if (remedy === 'none' || performance.now() - started + pause > this.options.retryForMs) {
            throw eventLogError(error, what);
          }
          await this.options.clock.sleep(pause, closed);
        }
      }
    } finally {
      this.waiting.end(call);
      closed.removeEventListener('abort', cut);
    }
  }

  /** Cuts the connections; the next request makes new ones. */
  disconnect(): void {
    const dropped = this.connections;
    this.connections = null;
    dropped?.then((connections) => connections.destroy()).catch(() => undefined);
  }

  private connected(): Promise<Connections> {
    if (this.connections === null) {
      const connections = this.create(this.options);
      const connecting = connections.connect().then(
        () => connections,
        (error: unknown) => {
          connections.destroy();
          throw error;
        },
      );
      this.connections = connecting;
    }
    return this.connections;
  }
}

function throwIfClosed(what: string, closed: AbortSignal): void {
  if (closed.aborted) throw new TelltaleError('CLOSED', `${what}: it is closed.`);
}

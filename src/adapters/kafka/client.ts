import { TelltaleError } from '../../errors';
import type { Connections } from './connections';
import { eventLogError, remedyOf } from './errors';
import { createConnections } from './kafkajs';
import type { KafkaEventLogOptions } from './options';

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

  constructor(private readonly options: KafkaEventLogOptions) {}

  /**
   * Runs `step`, and repeats it while it fails with an error that passes.
   * @param closed ends the call at once, with CLOSED
   * @throws the last failure, as `eventLogError` words it
   */
  async run<T>(what: string, closed: AbortSignal, step: (connections: Connections) => Promise<T>): Promise<T> {
    const cut = (): void => this.disconnect();
    closed.addEventListener('abort', cut, { once: true });
    const started = performance.now();
    try {
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
        throwIfClosed(what, closed);
        try {
          return await step(await this.connected());
        } catch (error) {
          throwIfClosed(what, closed);
          const remedy = remedyOf(error);
          // The next request must not use a dead connection.
          if (remedy === 'reconnect') this.disconnect();
          if (remedy === 'none' || performance.now() - started + pause > this.options.retryForMs) {
            throw eventLogError(error, what);
          }
          await this.options.clock.sleep(pause, closed);
        }
      }
    } finally {
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
      const connections = createConnections(this.options);
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

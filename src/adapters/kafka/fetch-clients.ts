import { KafkaClient } from './client';
import type { KafkaEventLogOptions } from './options';
import type { Waiting } from '../waiting';

/**
 * A pool of clients, each lent to one fetch at a time: a broker answers the requests of a connection in turn, so a fetch that
 * waits for data would delay all others.
 */
export class FetchClients {
  private readonly idle: KafkaClient[] = [];
  private closed = false;

  constructor(
    private readonly options: KafkaEventLogOptions,
    private readonly waiting: Waiting,
  ) {}

  take(): KafkaClient {
    return this.idle.pop() ?? new KafkaClient(this.options, this.waiting);
  }

  giveBack(client: KafkaClient): void {
    if (this.closed) client.disconnect();
    else this.idle.push(client);
  }

  close(): void {
    this.closed = true;
    for (const client of this.idle) client.disconnect();
  }
}

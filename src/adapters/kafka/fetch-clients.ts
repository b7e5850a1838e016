import { KafkaClient } from './client';
import type { KafkaEventLogOptions } from './options';

/**
 * Clients for fetches, lent one at a time: a broker answers the requests of a connection one after the other, so a fetch
 * that waits for data would hold up every other one.
 */
export class FetchClients {
  private readonly idle: KafkaClient[] = [];
  private closed = false;

  constructor(private readonly options: KafkaEventLogOptions) {}

  take(): KafkaClient {
    return this.idle.pop() ?? new KafkaClient(this.options);
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

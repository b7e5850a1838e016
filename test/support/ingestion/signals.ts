import { sendSignal } from '../../../src/adapters/embedded/signal-client';
import { producerAt } from '../../../src/adapters/embedded/signal-socket-path';
import type { Random } from '../../../src/generator/random';
import { encodeSignal } from '../../../src/ingestion/signal/encoding';
import type { Signal } from '../../../src/ingestion/signal/signal';
import { isTelltaleError } from '../../../src/errors';
import { pick } from './files';

/** The way of events from S3 to the producer, at its worst: they get lost, come twice, late, and in another order. */
export class Signals {
  private late: Signal[] = [];

  constructor(
    private readonly dataDir: string,
    private readonly bucket: string,
    private readonly random: Random,
  ) {}

  async send(key: string, versionId: string | undefined): Promise<void> {
    const signal: Signal = { v: 1, bucket: this.bucket, key, ...(versionId === undefined ? {} : { versionId }) };
    switch (pick(this.random, { once: 4, twice: 2, late: 3, never: 4 })) {
      case 'once':
        await this.deliver(signal);
        break;
      case 'twice':
        await this.deliver(signal);
        await this.deliver(signal);
        break;
      case 'late':
        this.late.push(signal);
        break;
      case 'never':
        break;
    }
    if (this.random.fraction() < 0.2) await this.deliverLate();
  }

  /** Late signals come in reversed order. */
  async deliverLate(): Promise<void> {
    for (const signal of this.late.splice(0).reverse()) await this.deliver(signal);
  }

  /** For certain, if a producer runs. */
  async deliver(signal: Signal): Promise<void> {
    try {
      await sendSignal(producerAt(this.dataDir, null), encodeSignal(signal));
    } catch (error) {
      // It was killed.
      if (!isTelltaleError(error, 'NO_PRODUCER') && !isTelltaleError(error, 'COMMAND_FAILED')) throw error;
    }
  }
}

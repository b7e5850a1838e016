import { sendSignal } from '../adapters/embedded/signal-client';
import { producerAt } from '../adapters/embedded/signal-socket-path';
import type { Config } from '../config';
import { decodeSignal, encodeSignal } from '../ingestion/signal/encoding';
import type { ObjectSignal, Signal } from '../ingestion/signal/signal';
import { escapeControls } from '../escape-controls';
import type { Io } from '../io';

/** The arrival: named in parts, or as an encoded signal. */
export type Arrival = Omit<ObjectSignal, 'v'> | { readonly payload: string };

const NO_OBJECT = 'The options do not name an object';
const NO_PAYLOAD =
  'The value of --payload is not a signal (pass it on as the Lambda function sends it, or use --bucket and --key)';

/**
 * Sends one arrival to the producer that runs on the data folder, and prints it.
 * @returns the exit code
 * @throws TelltaleError BAD_SIGNAL, and as `sendSignal`
 */
export async function runSignal(config: Config, options: { arrival: Arrival; json: boolean }, io: Io): Promise<number> {
  const { arrival, json } = options;
  const payload = 'payload' in arrival ? arrival.payload : encodeSignal({ v: 1, ...arrival }, NO_OBJECT);
  const signal = decodeSignal(payload, NO_PAYLOAD);
  await sendSignal(producerAt(config.dataDir, config.producer.socket), payload);
  io.out.write(
    `${escapeControls(json ? JSON.stringify({ type: 'signal', signal }) : `handed over ${shown(signal)}`)}\n`,
  );
  return 0;
}

function shown(signal: Signal): string {
  if ('list' in signal) return `a listing of ${signal.bucket}`;
  if ('key' in signal) return JSON.stringify(`${signal.bucket}/${signal.key}`);
  return `${signal.keys.length} keys of ${signal.bucket}`;
}

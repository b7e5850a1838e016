import { TelltaleError } from '../errors';
import { sourceId } from '../ingestion/source-id';
import type { ObjectSignal, Signal } from '../ingestion/signal/signal';
import { pluralize } from '../pluralize';
import type { Trace } from '../trace';

export interface SignalTakerOptions {
  readonly bucket: string;
  /** True for the keys that are read. */
  readonly includes: (key: string) => boolean;
  readonly trace: Trace;
  readonly arrived: (signal: ObjectSignal) => void;
  readonly list: () => void;
}

/**
 * Takes signals: those of this bucket, and of their keys those that are read. Of a batch, the keys that are not read are
 * counted and left out: the queue names all that was uploaded.
 * @returns a function that answers with a sentence, and throws BAD_SIGNAL for a signal of which nothing is taken
 */
export function signalTaker({
  bucket,
  includes,
  trace,
  arrived,
  list,
}: SignalTakerOptions): (signal: Signal) => string {
  const refuse = (reason: 'other-bucket' | 'excluded', source: string, message: string): TelltaleError => {
    trace('signalRefused', { reason, source });
    return new TelltaleError('BAD_SIGNAL', message);
  };
  return (signal) => {
    if (signal.bucket !== bucket) {
      const source = 'key' in signal ? sourceId(signal.bucket, signal.key) : signal.bucket;
      const message = `this producer reads the bucket ${bucket}, the signal names ${JSON.stringify(source)}`;
      throw refuse('other-bucket', source, message);
    }
    if ('list' in signal) {
      list();
      return 'the bucket is listed';
    }
    if ('key' in signal) {
      if (!includes(signal.key)) {
        const source = sourceId(bucket, signal.key);
        const shown = JSON.stringify(source);
        const message = `this producer does not read ${shown}: see objectStore.prefix, ingest.include and exclude`;
        throw refuse('excluded', source, message);
      }
      arrived(signal);
      return 'accepted';
    }
    const wanted = signal.keys.filter(includes);
    for (const key of signal.keys) {
      if (!includes(key)) trace('signalRefused', { reason: 'excluded', source: sourceId(bucket, key) });
    }
    for (const key of wanted) arrived({ v: 1, bucket, key });
    return `accepted ${wanted.length} of ${pluralize(signal.keys.length, 'key')}`;
  };
}

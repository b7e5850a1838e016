import { TelltaleError } from '../../src/errors';
import type { EventTransaction, EventWriter } from '../../src/ports/event-log';

/** Whether the commit whose answer is lost reached the log. */
export type LostAnswer = 'commit happened' | 'commit did not happen';

/** A writer whose next commit loses its answer, as one does whose connection breaks. */
export function losingAnswer(writer: EventWriter, lost: LostAnswer): EventWriter {
  const losing = (transaction: EventTransaction): EventTransaction => ({
    append: (topic, partition, batch) => transaction.append(topic, partition, batch),
    commitOffset: (group, topic, partition, offset) => transaction.commitOffset(group, topic, partition, offset),
    abort: () => transaction.abort(),
    commit: async () => {
      if (lost === 'commit happened') await transaction.commit();
      throw new TelltaleError('COMMIT_OUTCOME_UNKNOWN', 'The answer to a commit was lost.');
    },
  });
  return { begin: () => losing(writer.begin()), close: () => writer.close() };
}

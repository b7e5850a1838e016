import { TelltaleError } from '../../src/errors';
import type { EventLog, EventTransaction, EventWriter } from '../../src/ports/event-log';
import type { ObjectStore } from '../../src/ports/object-store';

/** Real adapters behind fault injectors. */

/** Fault of a commit: its answer is lost after or before the commit, or the commit certainly did not happen. */
export type CommitFault = 'answer lost, happened' | 'answer lost, did not happen' | 'aborted';

export const commitFaults: readonly CommitFault[] = ['answer lost, happened', 'answer lost, did not happen', 'aborted'];

/** An event log with the calls of `log`, except those in `change`. */
export function changedLog(log: EventLog, change: Partial<EventLog>): EventLog {
  return {
    ensureTopics: (topics) => log.ensureTopics(topics),
    openWriter: (options) => log.openWriter(options),
    openReader: (topic, partition, offset) => log.openReader(topic, partition, offset),
    offsets: (topic, partition) => log.offsets(topic, partition),
    problems: () => log.problems(),
    joinGroup: (group, topic, listener) => log.joinGroup(group, topic, listener),
    groupOffset: (group, topic, partition) => log.groupOffset(group, topic, partition),
    close: () => log.close(),
    ...change,
  };
}

/** An event log that asks for a fault before each commit; null means none. */
export function withCommitFaults(log: EventLog, nextFault: () => CommitFault | null): EventLog {
  return changedLog(log, {
    openWriter: async (options) => faultyWriter(await log.openWriter(options), nextFault),
  });
}

function faultyWriter(writer: EventWriter, nextFault: () => CommitFault | null): EventWriter {
  const faulty = (transaction: EventTransaction): EventTransaction => ({
    append: (topic, partition, batch) => transaction.append(topic, partition, batch),
    commitOffset: (group, topic, partition, offset) => transaction.commitOffset(group, topic, partition, offset),
    abort: () => transaction.abort(),
    commit: async () => {
      const fault = nextFault();
      if (fault === null || fault === 'answer lost, happened') await transaction.commit();
      if (fault === 'aborted') throw new TelltaleError('TRANSACTION_ABORTED', 'The transaction was aborted.');
      if (fault !== null) throw new TelltaleError('COMMIT_OUTCOME_UNKNOWN', 'The answer to a commit was lost.');
    },
  });
  return { begin: () => faulty(writer.begin()), close: () => writer.close() };
}

/** Delays each append, and so each commit, until `opened` resolves. */
export function withStalledCommits(log: EventLog, opened: Promise<void>): EventLog {
  return changedLog(log, {
    openWriter: async (options) => {
      const writer = await log.openWriter(options);
      const stalled = (transaction: EventTransaction): EventTransaction => ({
        append: async (topic, partition, batch) => {
          await opened;
          await transaction.append(topic, partition, batch);
        },
        commitOffset: (group, topic, partition, offset) => transaction.commitOffset(group, topic, partition, offset),
        abort: () => transaction.abort(),
        commit: () => transaction.commit(),
      });
      return { begin: () => stalled(writer.begin()), close: () => writer.close() };
    },
  });
}

/** An object store with the calls of `store`, except those in `change`. */
export function changedStore(store: ObjectStore, change: Partial<ObjectStore>): ObjectStore {
  return {
    head: (bucket, key, versionId) => store.head(bucket, key, versionId),
    read: (bucket, key, range) => store.read(bucket, key, range),
    list: (bucket, range) => store.list(bucket, range),
    versions: (bucket, key, after) => store.versions(bucket, key, after),
    putFile: (bucket, key, path) => store.putFile(bucket, key, path),
    ...change,
  };
}

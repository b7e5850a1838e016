import { decodeBatch } from '../../../src/records/record-batch';
import type { EventLog } from '../../../src/ports/event-log';
import { tempFolders } from '../../support/temp-folder';
import { changedLog } from '../decorators';
import { HOUR } from '../producing';
import type { Setting } from './actions';
import type { Writing } from './contents';
import { Run } from './run';

/** Shows that the audit at the end of every model run can fail. */

const folders = tempFolders();
const setting: Setting = {
  versioned: false,
  maxLineBytes: 256 * 1024,
  batchBytes: 300,
  pieceBytes: 700,
  credit: 2,
  concurrency: 1,
  maxProofBytes: 1024,
  maxReproofBytes: 1024,
  forceFlushAfterMs: 24 * HOUR,
  tickMs: 0,
};
const writing: Writing = { lines: ['plain', 'stack', 'twins', 'crlf', 'wide', 'plain'], torn: 30 };

/** An event log whose topic `logs` is read through `change`, which replaces each batch. */
function withLines(log: EventLog, change: (batch: Buffer, number: number) => readonly Buffer[]): EventLog {
  let number = 0;
  return changedLog(log, {
    openReader: (topic, partition, offset) => {
      const reader = log.openReader(topic, partition, offset);
      if (topic !== 'logs') return reader;
      return {
        close: () => reader.close(),
        fetch: async (maxBytes, waitMs) => {
          const fetched = await reader.fetch(maxBytes, waitMs);
          return { ...fetched, batches: fetched.batches.flatMap((batch) => change(Buffer.from(batch), number++)) };
        },
      };
    },
  });
}

function withAnotherByte(batch: Buffer): Buffer {
  const at = batch.indexOf(decodeBatch(batch)[0]?.value ?? '');
  batch[at] = (batch[at] ?? 0) ^ 1;
  return batch;
}

describe('the audit of a model run', () => {
  let run: Run;
  beforeEach(async () => {
    run = await Run.open(folders.make(), setting);
    for (const how of ['begin', 'append'] as const) {
      await run.take({
        type: 'put',
        source: 0,
        upload: { edit: { how, ...writing }, packing: 'plain', checksum: 'CRC64NVME' },
      });
      await run.check('signals');
    }
  });
  afterEach(() => run.world.place.close());

  it('confirms the topic when nothing is missing', async () => {
    expect(await run.audit()).toEqual([]);
  });

  it('fails when any record batch is missing, repeated or has a changed byte', async () => {
    const { log } = run.world.place;
    let batches = 0;
    await run.audit(withLines(log, (batch) => (batches++, [batch])));
    expect(batches).toBeGreaterThan(4);
    for (let broken = 0; broken < batches; broken++) {
      const gone = withLines(log, (batch, number) => (number === broken ? [] : [batch]));
      const altered = withLines(log, (batch, number) => [number === broken ? withAnotherByte(batch) : batch]);
      const twice = withLines(log, (batch, number) => (number === broken ? [batch, batch] : [batch]));
      for (const wrong of [gone, altered, twice]) expect(await run.audit(wrong)).toMatchObject([{ ok: false }]);
    }
  });
});

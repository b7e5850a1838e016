import { listBucket } from '../../actors/listing';
import type { IngestMessage } from '../../actors/protocol';
import { spawn, tell } from '../../src/kit';
import { tempFolders } from '../support/temp-folder';
import { changedStore } from './decorators';
import { allTurns, gate, startTestSystem } from './kit/harness';
import { BUCKET, openPlace } from './producing';
import { turnsUntil } from './turns';

const folders = tempFolders();

describe('listBucket', () => {
  it('ignores a listing started before the actor restarted', async () => {
    const place = await openPlace(folders.make());
    await place.put('web-1/app.log', 'x');
    const { system, crashes } = startTestSystem();
    const { opened, open } = gate();
    const store = changedStore(place.store, {
      list: async function* (bucket, range) {
        await opened;
        yield* place.store.list(bucket, range);
      },
    });
    const heard: string[] = [];
    const lister = spawn<IngestMessage, null>(system, {
      name: 'lister',
      initialState: (context) => {
        if (crashes.length === 0) listBucket({ store, bucket: BUCKET, prefix: '' }, '', context);
        return null;
      },
      receive: (_, message) => {
        if (message.type === 'retryDue') throw new Error('This is a bug.');
        heard.push(message.type);
        return null;
      },
    });
    tell(lister, { type: 'retryDue' });
    tell(lister, { type: 'listingRequested' });
    await turnsUntil(() => heard.includes('listingRequested'));
    open();
    await allTurns();
    expect(heard).toEqual(['listingRequested']);
    await system.stop(1_000);
    await place.close();
  });
});

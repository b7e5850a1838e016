import { eventLogError } from '../../../../src/adapters/embedded/sqlite-database';

describe('eventLogError', () => {
  it.each(['SQLITE_READONLY', 'SQLITE_READONLY_DIRECTORY', 'UNKNOWN_SQLITE_ERROR_1544'])(
    'names the remedy when another user owns the event log: %s',
    (code) => {
      const error = eventLogError(Object.assign(new Error('attempt to write a readonly database'), { code }), 'No');
      expect(error).toMatchObject({
        code: 'DATA_FOLDER',
        message: `No (${code}): this user may not write to it; run this as the user who owns the data folder.`,
      });
    },
  );

  it('gives that remedy for no other error', () => {
    expect(eventLogError({ code: 'UNKNOWN_SQLITE_ERROR_1034' }, 'No')).toMatchObject({ code: 'EVENT_LOG' });
  });
});

import { errnoOf, faultAndRemedy, isDiskFull } from '../../src/errno';

describe('faultAndRemedy', () => {
  it.each([
    ['ENOSPC', 'the disk is full; free some space'],
    ['SQLITE_FULL', 'the disk is full; free some space'],
    ['SQLITE_IOERR_SHMSIZE', 'the disk is full; free some space'],
    ['EDQUOT', "this user's share of the disk is used up; free some space, or raise the quota"],
    ['EROFS', 'the file system is read-only; mount it writable, or choose another folder'],
    ['EIO', 'the disk reports an error; check it'],
    ['SQLITE_IOERR_LOCK', 'the disk reports an error; check it'],
    ['EMFILE', 'this process has too many open files; raise the limit (ulimit -n)'],
    ['ENOTDIR', 'a part of its path is a file; choose another path'],
    ['EACCES', 'this user may not use it; run this as the user who owns it, or change its permissions'],
    ['EISDIR', 'it is a folder; move it away'],
    ['E2BIG', 'look closely'],
  ])('names the remedy for %s', (code, remedy) => {
    expect(faultAndRemedy(Object.assign(new Error('x'), { code }), 'look closely')).toBe(` (${code}): ${remedy}.`);
  });
});

describe('errnoOf', () => {
  it.each([
    ['the code', { code: 'ENOENT', message: 'x' }, 'ENOENT'],
    ['the message when the code is empty', { code: '', message: 'no such luck' }, 'no such luck'],
    ['the code that the SQLite driver only mentions', { code: '', message: 'No space (os error 28)' }, 'ENOSPC'],
    [
      'the kind of a result code that the SQLite driver does not name',
      { code: 'UNKNOWN_SQLITE_ERROR_1544' },
      'SQLITE_READONLY',
    ],
    ['words when there is nothing', { code: '', message: '' }, 'unknown error'],
    ['text', 'text', 'text'],
  ])('gives %s', (_, error, expected) => {
    expect(errnoOf(error)).toBe(expected);
  });
});

describe('isDiskFull', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL', 'SQLITE_IOERR_WRITE'])('is true for %s', (code) => {
    expect(isDiskFull({ code })).toBe(true);
  });

  it.each(['EROFS', 'EIO', 'ENOENT'])('is false for %s', (code) => {
    expect(isDiskFull({ code })).toBe(false);
  });
});

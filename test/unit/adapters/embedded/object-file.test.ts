import { readError } from '../../../../src/adapters/embedded/object-file';
import { quarantineReasonOf } from '../../../../src/ingestion/quarantine';

describe('a read of a file that fails', () => {
  it.each<[code: string, reason: string | null]>([
    ['EACCES', 'denied'],
    ['EPERM', 'denied'],
    ['EIO', 'refused'],
    ['EBADMSG', 'refused'],
    ['EUCLEAN', 'refused'],
    ['ENODATA', 'refused'],
    ['EMFILE', null],
    ['ESTALE', null],
    ['ENOSPC', null],
  ])('with %s puts the object into quarantine as %s', (code, reason) => {
    const error = readError(Object.assign(new Error('no'), { code }), 'Cannot read the object b/k');
    expect(quarantineReasonOf(error)).toBe(reason);
    expect(error.retriable).toBe(reason === null);
    expect(error.message).toMatch(/^Cannot read the object b\/k/);
  });
});

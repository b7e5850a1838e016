/** A fault of one call. */
export interface Fault {
  /**
   * `error`: the call does nothing and fails. `after`: it is done, and fails all the same. `short`: it takes half of the bytes.
   * `half`: it writes half of a file, and fails. `absent`: a path counts as missing. `silence`: no answer comes.
   */
  readonly how: 'error' | 'after' | 'short' | 'half' | 'absent' | 'silence';
  readonly code: string;
  /** For a call of SQLite: the file and the system call that fail inside it. */
  readonly file?: string;
  readonly call?: string;
}

const errors = (...codes: readonly string[]): Fault[] => codes.map((code) => ({ how: 'error', code }));
const after = (code: string): Fault => ({ how: 'after', code });
const short: Fault = { how: 'short', code: 'short' };
const half: Fault = { how: 'half', code: 'ENOSPC' };

const reading = errors('EACCES', 'EIO');
const opening = errors('EACCES', 'EMFILE', 'EIO', 'ENOSPC');
const making = [...errors('ENOSPC', 'EACCES', 'EIO'), after('EIO')];

/** The faults that each call may meet; the names of calls as in preload.cjs, without `handle.` and `Sync`. */
const faults: Readonly<Record<string, readonly Fault[]>> = {
  access: reading,
  chmod: errors('EPERM', 'EIO'),
  close: errors('EIO', 'ENOSPC'),
  connect: [...errors('ECONNREFUSED', 'EACCES', 'ETIMEDOUT', 'EMFILE'), { how: 'silence', code: 'silence' }],
  exists: [{ how: 'absent', code: 'EACCES' }],
  link: [...errors('ENOSPC', 'EPERM', 'EMLINK', 'EIO'), after('EIO')],
  listen: errors('EADDRINUSE', 'EACCES', 'EMFILE'),
  lstat: reading,
  mkdir: making,
  mkdtemp: making,
  open: opening,
  read: [...errors('EIO'), short],
  readFile: [...reading, ...errors('EMFILE')],
  readdir: [...reading, ...errors('EMFILE')],
  readlink: reading,
  realpath: reading,
  rename: [...errors('ENOSPC', 'EACCES', 'EIO'), after('EIO')],
  rm: errors('EACCES', 'EIO'),
  stat: reading,
  sync: errors('EIO', 'ENOSPC'),
  truncate: errors('EIO', 'ENOSPC'),
  unlink: errors('EACCES', 'EIO'),
  utimes: errors('EPERM', 'EIO'),
  write: [...errors('ENOSPC', 'EIO', 'EDQUOT'), short],
  writeFile: [...errors('ENOSPC', 'EACCES', 'EMFILE', 'EIO'), half],
};

/** The faults that each system call of SQLite may meet. */
const nativeFaults: Readonly<Record<string, readonly Fault[]>> = {
  fsync: errors('EIO', 'ENOSPC'),
  ftruncate: errors('ENOSPC', 'EIO'),
  lock: errors('EIO', 'ENOLCK'),
  mmap: errors('ENOMEM'),
  open: errors('EACCES', 'EMFILE', 'EIO'),
  pread: [...errors('EIO'), short],
  pwrite: [...errors('ENOSPC', 'EIO'), short],
  unlink: errors('EACCES', 'EIO'),
};

/**
 * @param call of a site, such as `handle.write` or `statement.run`
 * @param native how often SQLite made each call on each file there: `wal pwrite`
 * @throws Error for a call without an entry in the tables
 */
export function faultsOf(call: string, native: Readonly<Record<string, number>>): readonly Fault[] {
  if (isOfSqlite(call)) {
    return Object.keys(native).flatMap((made) => {
      const [file = '', name = ''] = made.split(' ');
      return (nativeFaults[name] ?? unknown(name)).map((fault) => ({ ...fault, file, call: name }));
    });
  }
  return faults[rowOf(call)] ?? unknown(call);
}

/** True for a call that preload.cjs can make fail. */
export function hasFaults(call: string): boolean {
  return isOfSqlite(call) || rowOf(call) in faults;
}

function isOfSqlite(call: string): boolean {
  return /^(sqlite|statement)\./.test(call);
}

function rowOf(call: string): string {
  return call.replace(/^handle\./, '').replace(/^f(?=(stat|sync|truncate)Sync$)|Sync$/g, '');
}

function unknown(call: string): never {
  throw new Error(`test/support/faults/kinds.ts has no faults for ${call}: add them`);
}

/** `ENOSPC`, `EIO after`, `wal pwrite ENOSPC`. */
export function nameOf({ how, code, file, call }: Fault): string {
  const suffix = how === 'after' || how === 'half' || how === 'absent' ? ` ${how}` : '';
  return [file, call, code].filter((part) => part !== undefined).join(' ') + suffix;
}

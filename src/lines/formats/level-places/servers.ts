import { Level } from '../../line-batch';
import { levelOf } from '../../levels';
import { byteAt, isDigit, isLetter } from '../../timestamps';
import { groupEnd, groupLevel } from '../level-tokens';
import { isHex, skipWord, startsWith } from '../scan-text';
import type { LevelPlace } from './level-place';

/** Places of servers and daemons. */

export const samba: LevelPlace = {
  name: 'Samba',
  firstBytes: ',',
  read: (bytes, pos, end) => {
    let at = pos + 1;
    while (at < end && bytes[at] === 32) at++;
    const digit = byteAt(bytes, at) - 48;
    if (at + 1 >= end || digit < 0 || digit > 9) return undefined;
    const next = bytes[at + 1];
    if (next !== 93 && next !== 44)
      return isDigit(byteAt(bytes, at + 1)) && bytes[at + 2] === 93 ? Level.DEBUG : undefined;
    // The map of its own debug levels to those of syslog.
    if (digit === 0) return Level.ERROR;
    if (digit === 1) return Level.WARN;
    return digit <= 5 ? Level.INFO : Level.DEBUG;
  },
  samples: [
    ['[2026/11/29 10:00:00.123456,  0] ../../source3/smbd/oplock.c:329(oplock_timeout_handler)', 'ERROR'],
    ['[2026/11/29 10:00:00.123456,  1, pid=4711] ../../source3/smbd/service.c:1114(make_connection)', 'WARN'],
    ['[2026/11/29 10:00:00, 10] lib/util.c:12(dump)', 'DEBUG'],
  ],
};

export const ceph: LevelPlace = {
  name: 'Ceph',
  firstBytes: '0123456789abcdef',
  read: (bytes, pos, end) => {
    let at = pos;
    while (at < end && isHex(byteAt(bytes, at))) at++;
    if (at - pos < 10 || bytes[at] !== 32) return undefined;
    while (at < end && bytes[at] === 32) at++;
    return startsWith(bytes, at, end, '-1 ') ? Level.ERROR : undefined;
  },
  samples: [
    ['2026-11-29T10:00:00.123+0000 7f2b1c5d7700 -1 osd.3 12 heartbeat_check: no reply', 'ERROR'],
    ['2026-11-29T10:00:00.123+0000 7f2b1c5d7700  0 log_channel(cluster) log [WRN] : slow', 'NONE'],
  ],
};

export const cephCluster: LevelPlace = {
  name: 'Ceph, cluster log',
  firstBytes: 'cmor',
  form: 'year-first',
  read: (bytes, pos, end) => {
    const limit = Math.min(end, pos + 64);
    let at = pos;
    while (at < limit && bytes[at] !== 58) at++;
    // `mon.a (mon.0) 123 : cluster [WRN] `
    if (bytes[at - 1] !== 32 || bytes[at + 1] !== 32 || !isDigit(byteAt(bytes, at - 2))) return undefined;
    const open = skipWord(bytes, at + 2, end);
    const close = bytes[open] === 91 ? groupEnd(bytes, open, Math.min(end, open + 8)) : -1;
    return close === -1 ? undefined : groupLevel(bytes, open + 1, close);
  },
  samples: [
    ['2026-11-29T10:00:00.123456+0000 mon.a (mon.0) 123 : cluster [WRN] Health check failed', 'WARN'],
    ['2026-11-29T10:00:00.123456+0000 mgr.x (mgr.1) 12 : cluster [DBG] pgmap v3', 'DEBUG'],
  ],
};

export const icinga: LevelPlace = {
  name: 'Icinga 2',
  firstBytes: ']',
  form: 'year-first',
  read: (bytes, pos, end) => {
    let wordEnd = pos + 2;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    if (bytes[wordEnd] !== 47 || bytes[pos + 1] !== 32) return undefined;
    return bytes[skipWord(bytes, wordEnd, end) - 2] === 58 ? levelOf(bytes, pos + 2, wordEnd) : undefined;
  },
  samples: [
    ['[2026-11-29 10:00:00 +0000] critical/ApiListener: no certificate', 'ERROR'],
    ['[2026-11-29 10:00:00 +0000] information/cli: Icinga application loader', 'INFO'],
  ],
};

export const nagios: LevelPlace = {
  name: 'Nagios',
  firstBytes: ']',
  form: 'epoch',
  read: (bytes, pos, end) => {
    // States of services and hosts are not levels: `SERVICE ALERT: web;http;CRITICAL;…`
    const isState = ['] SERVICE ', '] HOST ', '] CURRENT '].some((text) => startsWith(bytes, pos, end, text));
    return isState ? Level.NONE : undefined;
  },
  samples: [
    ['[1795946400] SERVICE ALERT: web;http;CRITICAL;HARD;3;refused', 'NONE'],
    ['[1795946400] Warning: no such host', 'WARN'],
  ],
};

export const sssd: LevelPlace = {
  name: 'SSSD',
  firstBytes: ')',
  read: (bytes, pos, end) => {
    const limit = Math.min(end, pos + 160);
    let at = pos;
    while (at < limit && !startsWith(bytes, at, end, '] (0x')) at++;
    if (at + 11 > limit || bytes[at + 9] !== 41) return undefined;
    // A mask of bits: the first digits are of the severe ones.
    const low = bytes.readUInt16LE(at + 7);
    if (bytes[at + 5] !== 48 || bytes[at + 6] !== 48) return Level.DEBUG;
    return sssdLevels.get(String.fromCharCode(low & 255, low >> 8));
  },
  samples: [
    ['(Sun Nov 29 10:00:00 2026) [sssd] [start_service] (0x0020): no backend', 'ERROR'],
    ['(2026-11-29 10:00:00): [be[example.org]] [sysdb_add_user] (0x0040): exists already', 'ERROR'],
    ['(2026-11-29 10:00:00): [nss] [reconnect] (0x0080): slow', 'WARN'],
    ['(2026-11-29 10:00:00): [be[example.org]] [search] (0x0400): No such entry', 'DEBUG'],
  ],
};

/** https://docs.pagure.org/sssd.sssd/users/troubleshooting.html */
const sssdLevels: ReadonlyMap<string, Level> = new Map([
  ['10', Level.ERROR],
  ['20', Level.ERROR],
  ['40', Level.ERROR],
  ['80', Level.WARN],
]);

export const libvirt: LevelPlace = {
  name: 'libvirt',
  firstBytes: ':',
  form: 'year-first',
  read: (bytes, pos, end) => {
    let at = pos + 2;
    while (at < end && isDigit(byteAt(bytes, at))) at++;
    if (at === pos + 2 || !startsWith(bytes, at, end, ': ')) return undefined;
    let wordEnd = at + 2;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return startsWith(bytes, wordEnd, end, ' : ') ? levelOf(bytes, at + 2, wordEnd) : undefined;
  },
  samples: [['2026-11-29 10:00:00.123+0000: 4711: error : virNetSocketReadWire:1791 : End of file', 'ERROR']],
};

export const clamAv: LevelPlace = {
  name: 'ClamAV',
  firstBytes: '-',
  form: 'weekday',
  read: (bytes, pos, end) => {
    if (startsWith(bytes, pos, end, '-> !')) return Level.ERROR;
    return startsWith(bytes, pos, end, '-> ^') ? Level.WARN : undefined;
  },
  samples: [
    ['Sun Nov 29 10:00:00 2026 -> !bind(): address in use', 'ERROR'],
    ['Sun Nov 29 10:00:00 2026 -> ^Signature older than 7 days', 'WARN'],
  ],
};

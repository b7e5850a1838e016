import { Level } from '../../line-batch';
import { headLevelOf, levelOf, levelOfLetter } from '../../levels';
import { byteAt, isDigit, isLetter } from '../../timestamps';
import { findText, isHex, skipWord, startsWith } from '../scan-text';
import type { LevelPlace } from './level-place';

/** Places of operating systems, phones and hypervisors. */

export const macOs: LevelPlace = {
  name: 'macOS unified log',
  firstBytes: '0',
  read: (bytes, pos, end) => {
    if (!startsWith(bytes, pos, end, '0x')) return undefined;
    let at = pos;
    while (at < end && bytes[at] !== 32) at++;
    while (at < end && bytes[at] === 32) at++;
    let wordEnd = at;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    if (startsWith(bytes, at, wordEnd, 'Default')) return Level.INFO;
    if (startsWith(bytes, at, wordEnd, 'Activity')) return Level.NONE;
    return wordEnd < end && bytes[wordEnd] === 32 ? levelOf(bytes, at, wordEnd) : undefined;
  },
  samples: [
    ['2026-11-29 10:00:00.123456+0100 0x1a2b     Default     0x0     123    0    shop: started', 'INFO'],
    ['2026-11-29 10:00:00.123456+0100 0x1a2b     Fault       0x0     123    0    shop: broken', 'ERROR'],
  ],
};

export const logcat: LevelPlace = {
  name: 'logcat',
  firstBytes: '0123456789',
  form: 'month-and-day',
  read: (bytes, pos, end) => {
    let at = pos;
    while (at < end && (isDigit(byteAt(bytes, at)) || bytes[at] === 32)) at++;
    return at + 1 < end && bytes[at + 1] === 32 ? levelOfLetter(byteAt(bytes, at)) : undefined;
  },
  samples: [
    ['11-29 10:00:00.123  1702  2395 D WindowManager: printFreezingDisplayLogs', 'DEBUG'],
    ['11-29 10:00:00.123  1702  2395 F libc    : Fatal signal 11', 'ERROR'],
  ],
};

/** https://developer.android.com/studio/debug/logcat: Android Studio writes the letter after the tag, or before it. */
export const studio: LevelPlace = {
  name: 'Android Studio',
  firstBytes: '0123456789',
  form: 'year-first',
  read: (bytes, pos, end) => {
    let at = pos;
    while (at < end && isDigit(byteAt(bytes, at))) at++;
    if (bytes[at] !== 45 || !isDigit(byteAt(bytes, at + 1))) return undefined;
    while (at < end && (isDigit(byteAt(bytes, at)) || bytes[at] === 45)) at++;
    const tag = skipWord(bytes, at, end);
    // `4711-4711/org.example D/Tag: `
    if (bytes[at] === 47 || bytes[at] === 63)
      return bytes[tag + 1] === 47 ? levelOfLetter(byteAt(bytes, tag)) : undefined;
    const letter = skipWord(bytes, skipWord(bytes, tag, end), end);
    return bytes[letter + 1] === 32 ? levelOfLetter(byteAt(bytes, letter)) : undefined;
  },
  samples: [
    ['2026-11-29 10:00:00.123 4711-4711/org.example D/Tag: drawn', 'DEBUG'],
    ['2026-11-29 10:00:00.123  4711-4731  Shop    org.example    E  refused', 'ERROR'],
  ],
};

export const vmKernel: LevelPlace = {
  name: 'VMware ESXi',
  firstBytes: 'cIEWDCNA|',
  form: 'year-first',
  read: (bytes, pos, end) => {
    if (startsWith(bytes, pos, end, 'cpu')) return kernelLevel(bytes, pos, end);
    if (bytes[pos] === 124) return machineLevel(bytes, pos, end);
    if (bytes[pos + 2] !== 40 || !isDigit(byteAt(bytes, pos + 3))) return undefined;
    return esxLevels.get(String.fromCharCode(byteAt(bytes, pos), byteAt(bytes, pos + 1)));
  },
  samples: [
    ['2026-11-29T10:00:00.123Z cpu1:2097152)WARNING: ScsiDeviceIO: failed', 'WARN'],
    ['2026-11-29T10:00:00.123Z cpu1:2097152)ScsiDeviceIO: 3449: Cmd(0x1) failed', 'NONE'],
    ['2026-11-29T10:00:00.123Z In(182) vmkernel: cpu1:2097152)started', 'INFO'],
    ['2026-11-29T10:00:00.123Z Er(179) hostd[2099]: failed', 'ERROR'],
    ['2026-11-29T10:00:00.123Z| vmx| I125: started', 'INFO'],
  ],
};

/** The severities of syslog: `In(182)`. */
const esxLevels: ReadonlyMap<string, Level> = new Map([
  ['Em', Level.ERROR],
  ['Al', Level.ERROR],
  ['Cr', Level.ERROR],
  ['Er', Level.ERROR],
  ['Wa', Level.WARN],
  ['No', Level.INFO],
  ['In', Level.INFO],
  ['Db', Level.DEBUG],
]);

/** `cpu1:2097152)WARNING: ` */
function kernelLevel(bytes: Buffer, pos: number, end: number): Level | undefined {
  const limit = Math.min(end, pos + 40);
  let at = pos + 3;
  while (at < limit && (isDigit(byteAt(bytes, at)) || bytes[at] === 58)) at++;
  if (bytes[at] !== 41) return undefined;
  let wordEnd = at + 1;
  while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
  return (bytes[wordEnd] === 58 ? headLevelOf(bytes, at + 1, wordEnd) : undefined) ?? Level.NONE;
}

/** A virtual machine's log: `| vmx| I125: `, `| vcpu-0| W115: `. */
function machineLevel(bytes: Buffer, pos: number, end: number): Level | undefined {
  const limit = Math.min(end, pos + 40);
  let at = pos + 1;
  while (at < limit && bytes[at] !== 124) at++;
  if (bytes[at + 1] !== 32 || !isDigit(byteAt(bytes, at + 3))) return undefined;
  return levelOfLetter(byteAt(bytes, at + 2));
}

/** Before version 6 the level is the second word in brackets: `[7F12 info 'Default' opID=1]`. */
export const vmware5: LevelPlace = {
  name: 'VMware before 6',
  firstBytes: '[0123456789ABCDEF',
  form: 'year-first',
  read: (bytes, pos, end) => {
    let at = bytes[pos] === 91 ? pos + 1 : pos;
    const thread = at;
    while (at < end && isHex(byteAt(bytes, at))) at++;
    if (at < thread + 4 || bytes[at] !== 32) return undefined;
    let wordEnd = at + 1;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return startsWith(bytes, wordEnd, end, " '") ? levelOf(bytes, at + 1, wordEnd) : undefined;
  },
  samples: [
    ["2026-11-29T10:00:00.123Z [7F12B4C0 error 'Default' opID=1] refused", 'ERROR'],
    ["[2026-11-29 10:00:00.123 F5A5AB90 info 'vm:/vmfs/x' opID=1] started", 'INFO'],
  ],
};

export const yast: LevelPlace = {
  name: 'YaST and zypper',
  firstBytes: '<',
  form: 'year-first',
  read: (bytes, pos, end) => {
    const digit = byteAt(bytes, pos + 1) - 48;
    const word = skipWord(bytes, pos, end);
    if (bytes[pos + 2] !== 62 || digit < 0 || digit > 5 || bytes[word - 2] !== 62) return undefined;
    const hostEnd = skipWord(bytes, word, end);
    if (bytes[hostEnd - 2] !== 41 || bytes[hostEnd] !== 91) return undefined;
    if (digit === 0) return Level.DEBUG;
    return digit === 3 ? Level.ERROR : digit === 2 ? Level.WARN : Level.INFO;
  },
  samples: [
    ['2026-11-29 10:00:00 <3> web-1(4711) [zypp] Exception.cc(log):166 not found', 'ERROR'],
    ['2026-11-29 10:00:00 <1> web-1(4711) [zypper] main.cc(main):98 started', 'INFO'],
  ],
};

/** Topics are at most this long together. */
const maxTopics = 64;

/** RouterOS: topics in small letters, of which some name a level. The most severe counts: `system,error,critical`. */
export const routerOs: LevelPlace = {
  name: 'MikroTik RouterOS',
  firstBytes: 'abcdefghijklmnopqrstuvwxyz',
  read: (bytes, pos, end) => {
    let found: Level | undefined;
    let topics = 0;
    const limit = Math.min(end, pos + maxTopics);
    for (let at = pos; at < limit;) {
      const topic = at;
      while (at < limit && isTopicByte(byteAt(bytes, at))) at++;
      if (at === topic || at >= end || at >= limit) return undefined;
      const level = topics++ === 0 ? undefined : levelOf(bytes, topic, at);
      if (level !== undefined && (found === undefined || level < found)) found = level;
      if (bytes[at] === 32) return topics > 1 ? found : undefined;
      if (bytes[at++] !== 44) return undefined;
    }
    return undefined;
  },
  samples: [
    ['nov/29/2026 10:00:24 system,error,critical login failure for user root', 'ERROR'],
    ['2026-11-29 10:00:24 dhcp,warning,debug offering', 'WARN'],
    ['2026-11-29 10:00:24 system,info,account user admin logged in', 'INFO'],
    ['10:00:24 system,info router rebooted', 'INFO'],
    ['2026-11-29 10:00:24 firewall,forward in: ether1', 'NONE'],
  ],
};

function isTopicByte(byte: number): boolean {
  return (byte >= 97 && byte <= 122) || isDigit(byte) || byte === 45;
}

/** SAP HANA: a small letter, the component, and the place in the code: `e TraceContext     x.cpp(00123) : refused`. */
export const sapHana: LevelPlace = {
  name: 'SAP HANA',
  firstBytes: 'efwid',
  form: 'year-first',
  read: (bytes, pos, end) => {
    if (bytes[pos + 1] !== 32 || !isLetter(byteAt(bytes, pos + 2))) return undefined;
    const limit = Math.min(end, pos + maxPlace);
    const place = findText(bytes, skipWord(bytes, pos + 2, end), limit, end, ') : ');
    if (place === -1 || !isDigit(byteAt(bytes, place - 1))) return undefined;
    return levelOfLetter(byteAt(bytes, pos) & ~32);
  },
  samples: [
    ['[29154]{-1}[-1/-1] 2026-11-29 10:00:00.123456 e TraceContext     x.cpp(00123) : refused', 'ERROR'],
    ['[29154]{200012}[34/5678] 2026-11-29 10:00:00.123456 i Basis            ConfigMgr.cpp(03678) : read', 'INFO'],
  ],
};

/** Component and place in the code stand within this many bytes. */
const maxPlace = 120;

/** Installers of WiX: a small letter and the number of the message follow the bracket, as in `]e000: `. */
export const wixBurn: LevelPlace = {
  name: 'WiX installers',
  firstBytes: ']',
  form: 'year-first',
  read: (bytes, pos, end) => {
    for (let at = pos + 2; at < pos + 5; at++) if (at >= end || !isDigit(byteAt(bytes, at))) return undefined;
    return bytes[pos + 5] === 58 ? levelOfLetter(byteAt(bytes, pos + 1) & ~32) : undefined;
  },
  samples: [
    ['[1234:5678][2026-11-29T10:00:00]e000: Error 0x80070643: failed', 'ERROR'],
    ['[1234:5678][2026-11-29T10:00:00]i001: Burn v3.11', 'INFO'],
  ],
};

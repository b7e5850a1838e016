import { Level } from '../line-batch';
import { headLevelOf, isCapitals, levelOf } from '../levels';
import { byteAt, isDigit } from '../timestamps';
import { failLevel, groupEnd, groupLevel, readPriority } from './level-tokens';
import { espIdf, julia, localLevel, sapError } from './unstamped-programs';
import { lettersEnd, startsWith } from './scan-text';
import type { UnstampedForm } from './unstamped-form';

const levelColon: UnstampedForm = {
  name: 'LEVEL:',
  read(bytes, start, end) {
    const wordEnd = lettersEnd(bytes, start, end);
    const level = headLevelOf(bytes, start, wordEnd) ?? failLevel(bytes, start, wordEnd);
    if (level === undefined) return undefined;
    if (wordEnd >= end) return undefined;
    const delimiter = byteAt(bytes, wordEnd);
    if (delimiter === 58) return level;
    // In small letters only a colon sets a word off from a sentence.
    if (!isCapitals(bytes, start, wordEnd)) return undefined;
    return delimiter === 32 || delimiter === 9 || delimiter === 91 || delimiter === 124 ? level : undefined;
  },
  samples: [
    ['ERROR:shop.orders:order 4711 could not be stored', 'ERROR'],
    ['WARNING:  Invalid HTTP request received.', 'WARN'],
    ['INFO:     10.0.0.7:51312 - "GET /items/3 HTTP/1.1" 200 OK', 'INFO'],
    ['fail: Shop.Cart[0]', 'ERROR'],
    ['crit: Shop.Till[0]', 'ERROR'],
    ['dbug: Shop.Cart[0]', 'DEBUG'],
    ['trce: Shop.Cart[0]', 'DEBUG'],
    ['error: refused', 'ERROR'],
    ['WARN - slow answer', 'WARN'],
    ['INFO[0001] started                 port=8080', 'INFO'],
    ['ERROR | shop | failed', 'ERROR'],
    ['DEBUG\tshop\tstarted', 'DEBUG'],
  ],
};

const levelInBrackets: UnstampedForm = {
  name: '[LEVEL]',
  read(bytes, start, end) {
    if (bytes[start] !== 91 && bytes[start] !== 60 && bytes[start] !== 40) return undefined;
    const close = groupEnd(bytes, start, Math.min(end, start + 120));
    if (close === -1) return undefined;
    const level = groupLevel(bytes, start + 1, close);
    if (level !== undefined && close > start + 2) return level;
    if (bytes[start] === 60) return priorityLevel(bytes, start, end);
    // `[thread] LEVEL logger` of SLF4J, `[   12.345] (EE)` of Xorg
    let next = close + 1;
    while (next < end && bytes[next] === 32) next++;
    if (next >= end || (next === close + 1 && bytes[next] !== 91)) return undefined;
    if (bytes[next] === 91 || bytes[next] === 40) {
      const secondEnd = groupEnd(bytes, next, Math.min(end, next + 40));
      if (secondEnd === -1) return undefined;
      return xorgLevel(bytes, next, secondEnd) ?? groupLevel(bytes, next + 1, secondEnd);
    }
    const wordEnd = lettersEnd(bytes, next, end);
    return isCapitals(bytes, next, wordEnd) ? headLevelOf(bytes, next, wordEnd) : undefined;
  },
  samples: [
    ['[ERROR] plugin/errors: 2 example.org. A: timeout', 'ERROR'],
    ['[info] application - started', 'INFO'],
    ['[main] WARN com.example.Shop - slow', 'WARN'],
    ['[1.234s][error][gc] out of memory', 'ERROR'],
    ['<3>shop: disk is full', 'ERROR'],
    ['[    12.345] (EE) no screens found', 'ERROR'],
    ['[NOTICE]   (1) : New worker (8) forked', 'INFO'],
  ],
};

const kernel: UnstampedForm = {
  name: 'kernel',
  read(bytes, start, end) {
    const level = decodedLevel(bytes, start, end);
    if (level !== undefined) return level;
    if (bytes[start] !== 91) return undefined;
    let pos = start + 1;
    while (pos < end && bytes[pos] === 32) pos++;
    const digits = pos;
    while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
    if (pos === digits || pos >= end || bytes[pos] !== 46) return undefined;
    pos++;
    while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
    return pos + 1 < end && bytes[pos] === 93 && bytes[pos + 1] === 32 ? Level.NONE : undefined;
  },
  samples: [
    ['[12345.678901] usb 1-1: new high-speed USB device', 'NONE'],
    ['[    0.000000] Linux version 6.1.0', 'NONE'],
    ['kern  :err   : [12345.678901] ata1: link is slow', 'ERROR'],
    ['daemon:info  : [    5.000000] systemd[1]: Started', 'INFO'],
  ],
};

const relativeTime: UnstampedForm = {
  name: 'milliseconds [thread] LEVEL',
  read(bytes, start, end) {
    let pos = start;
    while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
    if (pos === start || pos >= end || bytes[pos] !== 32) return undefined;
    while (pos < end && bytes[pos] === 32) pos++;
    if (pos >= end || bytes[pos] !== 91) return undefined;
    const close = groupEnd(bytes, pos, Math.min(end, pos + 120));
    if (close === -1 || bytes[close + 1] !== 32) return undefined;
    const wordEnd = lettersEnd(bytes, close + 2, end);
    return isCapitals(bytes, close + 2, wordEnd) ? headLevelOf(bytes, close + 2, wordEnd) : undefined;
  },
  samples: [['467 [main] ERROR com.example.Shop - failed', 'ERROR']],
};

const logcat: UnstampedForm = {
  name: 'logcat',
  read(bytes, start, end) {
    if (bytes[start + 1] !== 47 || start + 4 > end) return undefined;
    let pos = start + 2;
    while (pos < end && bytes[pos] !== 40 && bytes[pos] !== 32) pos++;
    while (pos < end && bytes[pos] === 32) pos++;
    if (pos >= end || bytes[pos] !== 40) return undefined;
    while (pos < end && bytes[pos] !== 41) pos++;
    return bytes[pos + 1] === 58 ? groupLevel(bytes, start, start + 1) : undefined;
  },
  samples: [['E/AndroidRuntime( 4711): FATAL EXCEPTION: main', 'ERROR']],
};

const padded: UnstampedForm = {
  name: ' LEVEL',
  read(bytes, start, end) {
    if (bytes[start] !== 32) return undefined;
    const wordEnd = lettersEnd(bytes, start + 1, Math.min(end, start + 7));
    // Words of four letters are padded to five; consola has two blanks after each word.
    const isPadded = wordEnd === start + 5 || (wordEnd === start + 6 && bytes[wordEnd + 1] === 32);
    if (!isPadded || wordEnd >= end || bytes[wordEnd] !== 32 || !isCapitals(bytes, start + 1, wordEnd))
      return undefined;
    return headLevelOf(bytes, start + 1, wordEnd);
  },
  samples: [
    [' INFO  shop > started', 'INFO'],
    [' WARN | slow', 'WARN'],
    [' ERROR  refused', 'ERROR'],
  ],
};

const log4j: UnstampedForm = {
  name: 'log4j:LEVEL',
  read(bytes, start, end) {
    if (!startsWith(bytes, start, end, 'log4j:')) return undefined;
    const wordEnd = lettersEnd(bytes, start + 6, end);
    return wordEnd < end && bytes[wordEnd] === 32 ? headLevelOf(bytes, start + 6, wordEnd) : undefined;
  },
  samples: [['log4j:WARN No appenders could be found for logger (org.example.Shop).', 'WARN']],
};

const npm: UnstampedForm = {
  name: 'npm',
  read(bytes, start, end) {
    let pos = start;
    while (pos < end && isDigit(byteAt(bytes, pos))) pos++;
    const isNumbered = pos > start;
    if (isNumbered ? bytes[pos] !== 32 : !startsWith(bytes, start, end, 'npm ')) return undefined;
    pos = isNumbered ? pos + 1 : start + 4;
    if (startsWith(bytes, pos, end, 'ERR! ')) return Level.ERROR;
    const wordEnd = lettersEnd(bytes, pos, end);
    if (wordEnd + 1 >= end || bytes[wordEnd] !== 32 || bytes[wordEnd + 1] === 32) return undefined;
    if (isNumbered) return npmLevels.get(bytes.toString('latin1', pos, Math.min(wordEnd, pos + 8)));
    return headLevelOf(bytes, pos, wordEnd);
  },
  samples: [
    ['npm ERR! code ELIFECYCLE', 'ERROR'],
    ['npm error code ENOENT', 'ERROR'],
    ['npm WARN deprecated shop@1.0.0: use cart', 'WARN'],
    ['0 verbose cli /usr/bin/node /usr/bin/npm', 'DEBUG'],
    ['12 error code ELIFECYCLE', 'ERROR'],
  ],
};

/** The levels of npm's own log. */
const npmLevels: ReadonlyMap<string, Level> = new Map([
  ['error', Level.ERROR],
  ['warn', Level.WARN],
  ['notice', Level.INFO],
  ['http', Level.INFO],
  ['timing', Level.INFO],
  ['info', Level.INFO],
  ['verbose', Level.DEBUG],
  ['silly', Level.DEBUG],
]);

/** Oracle's alert log, after a line with a timestamp alone. */
const oracle: UnstampedForm = {
  name: 'ORA-',
  read(bytes, start, end) {
    if (startsWith(bytes, start, end, 'Errors in file ')) return Level.ERROR;
    const product = oracleProducts.find((name) => startsWith(bytes, start, end, name));
    if (product === undefined) return undefined;
    let pos = start + product.length;
    while (pos < end && pos < start + product.length + 5 && isDigit(byteAt(bytes, pos))) pos++;
    if (pos === start + product.length) return undefined;
    if (bytes[pos] === 32) pos++;
    return pos < end && bytes[pos] === 58 ? Level.ERROR : undefined;
  },
  samples: [
    ['ORA-00600: internal error code, arguments: [kdsgrp1]', 'ERROR'],
    ['ORA-1578 : opidrv aborting process J000', 'ERROR'],
    ['TNS-12535: TNS:operation timed out', 'ERROR'],
    ['Errors in file /u01/app/oracle/diag/rdbms/shop/trace/shop_ora_4711.trc:', 'ERROR'],
  ],
};

/** Oracle's products, whose messages have numbers. */
const oracleProducts = ['ORA-', 'TNS-', 'RMAN-', 'NSD-'];

/** All of them, in the order of trial. */
export const unstampedForms: readonly UnstampedForm[] = [
  levelColon,
  levelInBrackets,
  kernel,
  relativeTime,
  logcat,
  padded,
  log4j,
  npm,
  oracle,
  localLevel,
  julia,
  espIdf,
  sapError,
];

/** `<3>`, which systemd and the kernel write. */
function priorityLevel(bytes: Buffer, start: number, end: number): Level | undefined {
  const found: { level: Level } = { level: Level.NONE };
  return readPriority(bytes, start, end, found) === start ? undefined : found.level;
}

/** `(EE)`, `(WW)`, `(II)`. */
function xorgLevel(bytes: Buffer, open: number, close: number): Level | undefined {
  if (close - open !== 3 || bytes[open + 1] !== bytes[open + 2]) return undefined;
  return groupLevel(bytes, open + 1, open + 2);
}

/** `dmesg --decode`: `kern  :err   : [`. */
function decodedLevel(bytes: Buffer, start: number, end: number): Level | undefined {
  let pos = lettersEnd(bytes, start, end);
  if (pos === start || pos - start > 8) return undefined;
  while (pos < end && bytes[pos] === 32) pos++;
  if (pos - start !== 6 || pos + 10 > end || bytes[pos] !== 58) return undefined;
  const wordEnd = lettersEnd(bytes, pos + 1, end);
  return bytes[pos + 7] === 58 && bytes[pos + 9] === 91 ? levelOf(bytes, pos + 1, wordEnd) : undefined;
}

/** The first form that reads the line; its level is `out.level`. Null when there is none. */
export function readUnstamped(bytes: Buffer, start: number, end: number, out: { level: Level }): UnstampedForm | null {
  if (start >= end || bytes[start] === 9 || (bytes[start] === 32 && padded.read(bytes, start, end) === undefined)) {
    return null;
  }
  for (const form of unstampedForms) {
    const level = form.read(bytes, start, end);
    if (level === undefined) continue;
    out.level = level;
    return form;
  }
  return null;
}

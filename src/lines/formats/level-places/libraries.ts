import { Level } from '../../line-batch';
import { headLevelOf, levelOf } from '../../levels';
import { byteAt, isDigit, isLetter } from '../../timestamps';
import { groupEnd, groupLevel } from '../level-tokens';
import { isHex, skipWord, startsWith } from '../scan-text';
import type { LevelPlace } from './level-place';

/** Places of application servers and libraries. */

export const webSphere: LevelPlace = {
  name: 'WebSphere',
  firstBytes: ']',
  read: (bytes, pos, end) => {
    let at = pos + 1;
    while (at < end && bytes[at] === 32) at++;
    for (let i = at; i < at + 8; i++) if (i >= end || !isHex(byteAt(bytes, i))) return undefined;
    at += 8;
    if (bytes[at] !== 32) return undefined;
    while (at < end && bytes[at] === 32) at++;
    // Liberty's traces: `id=00000000`
    if (startsWith(bytes, at, end, 'id=')) at = skipWord(bytes, at, end);
    at = skipWord(bytes, at, end);
    if (at + 1 >= end || bytes[at + 1] !== 32) return undefined;
    return webSphereLevel(byteAt(bytes, at));
  },
  samples: [
    ['[29/11/26 10:00:00:123 CET] 00000001 WsServerImpl  A   WSVR0001I: Server server1 open', 'INFO'],
    ['[11/29/26 10:00:00:123 EST] 0000002a ServletWrappe E   SRVE0068E: An exception was thrown', 'ERROR'],
    ['[29/11/26, 10:00:00:123 CET] 0000002a com.ibm.ws.ssl   W CWPKI0041W: no keystore', 'WARN'],
    ['[29/11/26, 10:00:00:123 CET] 0000002a id=00000000 com.ibm.ws.ssl   3 trace', 'DEBUG'],
    ['[29/11/26 10:00:00:123 CET] 0000002a SystemOut     O hello', 'NONE'],
  ],
};

/** https://www.ibm.com/docs/en/was/9.0.5?topic=SSEQTP_9.0.5/com.ibm.websphere.base.doc/ae/rtrb_readmsglogs.htm */
function webSphereLevel(letter: number): Level {
  switch (String.fromCharCode(letter)) {
    case 'F':
    case 'E':
      return Level.ERROR;
    case 'W':
      return Level.WARN;
    case 'A':
    case 'I':
    case 'C':
      return Level.INFO;
    case 'D':
    case '1':
    case '2':
    case '3':
      return Level.DEBUG;
    default:
      return Level.NONE;
  }
}

export const webLogic: LevelPlace = {
  name: 'WebLogic with a long zone',
  firstBytes: 'ABCEGHIJKMNPSUVW',
  form: 'month-name',
  read: (bytes, pos, end) => {
    const limit = Math.min(end, pos + 48);
    let at = pos;
    while (at < limit && (isLetter(byteAt(bytes, at)) || bytes[at] === 32)) at++;
    if (!startsWith(bytes, at, end, '> <')) return undefined;
    const close = groupEnd(bytes, at + 2, Math.min(end, at + 24));
    return close === -1 ? undefined : groupLevel(bytes, at + 3, close);
  },
  samples: [
    ['<Nov 29, 2026, 10:00:00,123 AM Coordinated Universal Time> <Warning> <Security> <BEA-090002> <x>', 'WARN'],
  ],
};

export const datadog: LevelPlace = {
  name: 'Datadog agent',
  firstBytes: '|',
  read: (bytes, pos, end) => {
    // The agent's name would be a level.
    if (!startsWith(bytes, pos, end, '| TRACE | ')) return undefined;
    const word = pos + 10;
    let wordEnd = word;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return startsWith(bytes, wordEnd, end, ' | ') ? levelOf(bytes, word, wordEnd) : undefined;
  },
  samples: [['2026-11-29 10:00:00 UTC | TRACE | ERROR | (pkg/x.go:12 in y) | refused', 'ERROR']],
};

export const sling: LevelPlace = {
  name: 'Apache Sling',
  firstBytes: '*',
  read: (bytes, pos, end) => {
    let wordEnd = pos + 1;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return startsWith(bytes, wordEnd, end, '* ') ? headLevelOf(bytes, pos + 1, wordEnd) : undefined;
  },
  samples: [['29.11.2026 10:00:00.123 *ERROR* [qtp1-52] org.apache.sling.engine.impl.X failed', 'ERROR']],
};

export const pm2: LevelPlace = {
  name: 'PM2',
  firstBytes: ':',
  form: 'year-first',
  read: (bytes, pos, end) => {
    if (!startsWith(bytes, pos, end, ': PM2 ')) return undefined;
    let wordEnd = pos + 6;
    while (wordEnd < end && isLetter(byteAt(bytes, wordEnd))) wordEnd++;
    return bytes[wordEnd] === 58 ? levelOf(bytes, pos + 6, wordEnd) : undefined;
  },
  samples: [
    ['2026-11-29T10:00:00: PM2 error: shop had too many unstable restarts', 'ERROR'],
    ['2026-11-29T10:00:00: PM2 log: App [shop:0] starting in -fork mode-', 'INFO'],
  ],
};

const sidekiqPid = 12;

export const sidekiq: LevelPlace = {
  name: 'Sidekiq before 6',
  firstBytes: '0123456789',
  form: 'year-first',
  read: (bytes, pos, end) => {
    let at = pos;
    while (at < pos + sidekiqPid && isDigit(byteAt(bytes, at))) at++;
    if (!startsWith(bytes, at, end, ' TID-')) return undefined;
    const limit = Math.min(end, at + 160);
    while (at < limit && !startsWith(bytes, at, end, ': ')) at++;
    let word = at;
    while (word > pos && isLetter(byteAt(bytes, word - 1))) word--;
    return at < limit ? headLevelOf(bytes, word, at) : undefined;
  },
  samples: [['2026-11-29T10:00:00.123Z 4711 TID-ow2k Shop::Pay JID-12ab INFO: done: 1.2 sec', 'INFO']],
};

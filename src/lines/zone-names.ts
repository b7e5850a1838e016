import { TimestampKind, byteAt, isDigit, isLetter, type Timestamp } from './timestamps';
import { zoneNamed, type Zone } from './zones';

/**
 * Abbreviations of zones that loggers print, with their offset from UTC in minutes (IANA tz database). Of those with
 * several meanings only `CST`, `IST` and `BST` are here, with the one that most hosts mean: US Central, India, Britain.
 */
const zoneOffsets: readonly (readonly [string, number])[] = [
  ['UTC', 0],
  ['GMT', 0],
  ['UCT', 0],
  ['WET', 0],
  ['WEST', 60],
  ['BST', 60],
  ['CET', 60],
  ['MET', 60],
  ['MEZ', 60],
  ['CEST', 120],
  ['MEST', 120],
  ['MESZ', 120],
  ['EET', 120],
  ['EEST', 180],
  ['SAST', 120],
  ['MSK', 180],
  ['PKT', 300],
  ['IST', 330],
  ['WIB', 420],
  ['HKT', 480],
  ['AWST', 480],
  ['JST', 540],
  ['KST', 540],
  ['ACST', 570],
  ['AEST', 600],
  ['ACDT', 630],
  ['AEDT', 660],
  ['NZST', 720],
  ['NZDT', 780],
  ['NST', -210],
  ['NDT', -150],
  ['ADT', -180],
  ['EDT', -240],
  ['EST', -300],
  ['CDT', -300],
  ['CST', -360],
  ['MDT', -360],
  ['MST', -420],
  ['PDT', -420],
  ['PST', -480],
  ['AKDT', -480],
  ['AKST', -540],
  ['HST', -600],
];

const byName = new Map(zoneOffsets.map(([name, minutes]) => [pack(Buffer.from(name), 0, name.length), minutes]));

/** Capitals differ from small letters. */
function pack(bytes: Buffer, start: number, end: number): number {
  let packed = 0;
  for (let i = start; i < end; i++) packed = packed * 64 + ((byteAt(bytes, i) - 64) & 63);
  return packed;
}

/** The names of zones of the IANA tz database begin so. */
const areas = [
  'Africa',
  'America',
  'Antarctica',
  'Arctic',
  'Asia',
  'Atlantic',
  'Australia',
  'Europe',
  'Indian',
  'Pacific',
  'Etc',
];

/** Zones by the names that were read; null for names that no zone has. A hostile log must not fill the memory. */
const zones = new Map<string, Zone | null>();
const maxZones = 1000;
const longestPlace = 40;

/**
 * `Europe/London`, which PHP writes after the time: makes a wall time absolute. Returns the position after it, or `pos`
 * without one.
 */
export function readZoneOfPlace(bytes: Buffer, pos: number, end: number, out: Timestamp): number {
  const limit = Math.min(end, pos + longestPlace);
  let after = pos;
  while (after < limit && isLetter(byteAt(bytes, after))) after++;
  if (bytes[after] !== 47 || after - pos < 3) return pos;
  const area = bytes.toString('latin1', pos, after);
  if (!areas.includes(area)) return pos;
  while (after < limit && isPlaceByte(byteAt(bytes, after))) after++;
  const zone = zoneOfPlace(bytes.toString('latin1', pos, after));
  if (zone === null) return pos;
  out.time = zone.toEpoch(out.time);
  out.kind = TimestampKind.ABSOLUTE;
  return after;
}

/** True when the word may be the beginning of the name of a zone: `Eu`, `Europe/Lon`. */
export function beginsPlace(word: string): boolean {
  return areas.some((area) => area.startsWith(word) || word === area || word.startsWith(`${area}/`));
}

function isPlaceByte(byte: number): boolean {
  return isLetter(byte) || isDigit(byte) || byte === 47 || byte === 95 || byte === 45 || byte === 43;
}

function zoneOfPlace(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (zones.size >= maxZones) zones.clear();
  const zone = isZone(name) ? zoneNamed(name) : null;
  zones.set(name, zone);
  return zone;
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Offset from UTC in minutes of the zone named by the capitals in bytes [start, end); undefined when unknown. */
export function zoneOffsetOf(bytes: Buffer, start: number, end: number): number | undefined {
  return end - start < 3 || end - start > 4 ? undefined : byName.get(pack(bytes, start, end));
}

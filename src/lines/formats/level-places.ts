import type { Level } from '../line-batch';
import { byteAt } from '../timestamps';
import { azure, fly, gitHubActions } from './level-places/clouds';
import { db2, mongo, mysql, pgpool, postgresCsv, redis, sqlServer } from './level-places/databases';
import type { LevelPlace } from './level-places/level-place';
import { datadog, pm2, sidekiq, sling, webLogic, webSphere } from './level-places/libraries';
import { ceph, cephCluster, clamAv, icinga, libvirt, nagios, samba, sssd } from './level-places/servers';
import { logcat, macOs, routerOs, sapHana, studio, vmKernel, vmware5, wixBurn, yast } from './level-places/systems';

/** All places, in the order of trial. */
export const levelPlaces: readonly LevelPlace[] = [
  redis,
  mysql,
  samba,
  webSphere,
  sqlServer,
  db2,
  macOs,
  ceph,
  logcat,
  mongo,
  postgresCsv,
  pgpool,
  libvirt,
  webLogic,
  datadog,
  pm2,
  sling,
  sidekiq,
  cephCluster,
  icinga,
  nagios,
  sssd,
  clamAv,
  studio,
  vmKernel,
  vmware5,
  yast,
  azure,
  fly,
  routerOs,
  sapHana,
  gitHubActions,
  wixBurn,
];

const byFirstByte = Array.from({ length: 128 }, (_, byte) =>
  levelPlaces.filter(({ firstBytes }) => firstBytes.includes(String.fromCharCode(byte))),
);
const none: readonly LevelPlace[] = [];

/** The level at a program's own place after the timestamp, which is of the notation `form`. */
export function levelAtPlace(bytes: Buffer, start: number, end: number, form: string): Level | undefined {
  let pos = start;
  while (pos < end && bytes[pos] === 32) pos++;
  if (pos >= end) return undefined;
  for (const place of byFirstByte[byteAt(bytes, pos)] ?? none) {
    if (place.form !== undefined && place.form !== form) continue;
    const level = place.read(bytes, pos, end);
    if (level !== undefined) return level;
  }
  return undefined;
}

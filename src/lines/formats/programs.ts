import { hpc, superComputer } from './programs/clusters';
import { introduced } from './programs/introduced';
import { chromium, erlang, glog } from './programs/libraries';
import type { ProgramFormat } from './programs/program-format';
import { auditd, haproxy, unbound, uwsgi, zabbix } from './programs/servers';

/** Formats of single programs, whose timestamp is not where the head scan looks for one, in the order of trial. */
export const programs: readonly ProgramFormat[] = [
  glog,
  erlang,
  auditd,
  superComputer,
  hpc,
  zabbix,
  chromium,
  haproxy,
  introduced,
  uwsgi,
  unbound,
];

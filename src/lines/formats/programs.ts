import { coldFusion, eclipse, sapList, sapTrace } from './programs/applications';
import { hpc, superComputer } from './programs/clusters';
import { introduced } from './programs/introduced';
import { chromium, couchbase, erlang, fiber, glog, kibana, timeAndSpaces, vdsm } from './programs/libraries';
import { bareSyslog5424, cef, countedSyslog, vpcFlow, windowsDhcp } from './programs/networks';
import type { ProgramFormat } from './programs/program-format';
import { apex, auditd, haproxy, tai64n, unbound, uwsgi, zabbix } from './programs/servers';
import { cmTrace } from './programs/windows';

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
  tai64n,
  vpcFlow,
  windowsDhcp,
  bareSyslog5424,
  cef,
  cmTrace,
  couchbase,
  vdsm,
  timeAndSpaces,
  fiber,
  kibana,
  apex,
  countedSyslog,
  sapList,
  sapTrace,
  eclipse,
  coldFusion,
];

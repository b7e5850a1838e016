import { isOlder } from './signals';
import { fail, ok, unknown, warn, type Finding } from './finding';

/** The machine that the doctor runs on. */
export interface MachineFacts {
  readonly dataDir: string;
  /** Null: there is no such folder here. */
  readonly disk: { readonly bytes: number; readonly free: number } | null;
  /** Null: the producer's socket is not there. False: it is, and does not answer. */
  readonly producerAnswers: boolean | null;
  /** As `aws --version` says it; null: no AWS CLI. */
  readonly awsCli: string | null;
}

/** The first AWS CLI that sends CRC64NVME by itself. Version 1 needs the package awscrt for it. */
const oldestCli = '2.23';
const diskLimits = { warn: 0.8, fail: 0.95 };

export function judgeMachine(facts: MachineFacts): readonly Finding[] {
  return [judgeDisk(facts), judgeProducer(facts), judgeCli(facts)];
}

function judgeDisk({ dataDir, disk }: MachineFacts): Finding {
  if (disk === null) {
    return unknown('disk', `${dataDir} is not on this machine`, 'Run the doctor where producer and consumer run.');
  }
  const used = 1 - disk.free / Math.max(disk.bytes, 1);
  const says = `${Math.round(used * 100)} % of the disk of ${dataDir} are in use`;
  const advice = 'Enlarge the disk, or shorten eventLog.retention.';
  if (used > diskLimits.fail) return fail('disk', says, advice);
  return used > diskLimits.warn ? warn('disk', says, advice) : ok('disk', says);
}

function judgeProducer({ dataDir, producerAnswers }: MachineFacts): Finding {
  const check = 'producer';
  if (producerAnswers === true) return ok(check, 'the producer takes signals');
  if (producerAnswers === false) {
    const advice = 'Restart the producer: systemctl restart telltale-producer.';
    return fail(check, `the producer on ${dataDir} does not answer`, advice);
  }
  return unknown(check, `no producer runs on ${dataDir}`, 'Run the doctor where the producer runs, or start it.');
}

function judgeCli({ awsCli }: MachineFacts): Finding {
  const check = 'AWS CLI';
  if (awsCli === null) {
    return ok(check, 'there is none: this machine uploads nothing');
  }
  const version = /aws-cli\/(\d+(?:\.\d+)*)/.exec(awsCli)?.[1] ?? '';
  if (version === '') {
    return unknown(check, 'its version is not known', 'Run aws --version: uploads need 2.23 or newer.');
  }
  if (version.startsWith('1.')) {
    const advice = `Install version ${oldestCli} or newer, or awscrt beside version 1 (docs/hosts.md).`;
    return warn(check, `version ${version} sends CRC64NVME only with awscrt`, advice);
  }
  if (!isOlder(version, oldestCli)) return ok(check, `version ${version}`);
  const advice = `Install version ${oldestCli} or newer: older ones send no checksum that proves an append.`;
  return warn(check, `version ${version} is older than ${oldestCli}`, advice);
}

import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { InspectedProgram } from '../adapters/kafka/inspect';
import { sendSignal } from '../adapters/embedded/signal-client';
import { producerAt } from '../adapters/embedded/signal-socket-path';
import type { Config } from '../config';
import { judgeAccount } from '../doctor/account';
import { judgeBucket } from '../doctor/bucket';
import type { Check } from '../doctor/check';
import { judgeKafka } from '../doctor/kafka';
import { judgeMachine, type MachineFacts } from '../doctor/machine';
import { judgeMail } from '../doctor/mail';
import { judgeDocument, judgeFailedEvents, judgeInstances } from '../doctor/signals';
import { isTelltaleError } from '../errors';
import { systemClock } from '../ports/clock';
import type { Receiver } from '../stream/receivers';
import { projectFile } from '../project-file';
import { kafkaOptions } from './compose';
import { partsOf } from './parts';
import { lineTopicsOf, topicsOf } from './topics';

/** The checks that a configuration asks for, in the order in which they are printed. */
export function checksOf(config: Config): readonly Check[] {
  const mails = partsOf(config)
    .deliveries.flatMap(({ receivers }) => receivers)
    .flatMap((receiver) => (receiver.kind === 'ses' ? [receiver] : []));
  const onS3 = config.objectStore.kind === 's3';
  return [
    { name: 'machine', run: async () => judgeMachine(await machineFacts(config)) },
    ...(onS3 || mails.length > 0 ? [accountCheck] : []),
    ...(onS3 ? [bucketCheck(config), ...signalChecks(config)] : []),
    ...mails.map(mailCheck),
    ...(config.eventLog.kind === 'kafka' ? [kafkaCheck(config)] : []),
  ];
}

const accountCheck: Check = {
  name: 'credentials',
  run: async (signal) => {
    const { inspectAccount } = await import('../adapters/aws/inspect-account.js');
    return judgeAccount(await inspectAccount(systemClock, signal));
  },
};

function bucketCheck({ objectStore }: Config): Check {
  return {
    name: 'bucket',
    run: async (signal) => {
      const { inspectBucket } = await import('../adapters/aws/inspect-bucket.js');
      const { bucket, prefix, s3 } = objectStore;
      const facts = await inspectBucket({ bucket, pathStyle: s3.pathStyle }, signal);
      return judgeBucket(facts, prefix === '' ? '' : `${prefix}/`);
    },
  };
}

/** The checks of the parts between bucket and producer that the configuration names. */
function signalChecks({ aws }: Config): readonly Check[] {
  const inspect = () => import('../adapters/aws/inspect-signals.js');
  const { document, environment, failedEvents } = aws;
  return [
    {
      name: 'document',
      run: async (signal) => {
        const ours: unknown = JSON.parse(readFileSync(projectFile('conf/ssm-document.json'), 'utf8'));
        return judgeDocument(
          document === null ? null : await (await inspect()).inspectDocument(document, signal),
          ours,
        );
      },
    },
    {
      name: 'agent',
      run: async (signal) =>
        judgeInstances(environment === null ? null : await (await inspect()).inspectInstances(environment, signal)),
    },
    {
      name: 'failed events',
      run: async (signal) =>
        judgeFailedEvents(failedEvents === null ? null : await (await inspect()).countMessages(failedEvents, signal)),
    },
  ];
}

function mailCheck({ name, region, from, to }: Extract<Receiver, { kind: 'ses' }>): Check {
  return {
    name: `receiver ${name}`,
    run: async (signal) => {
      const { inspectMail } = await import('../adapters/aws/inspect-mail.js');
      return judgeMail(await inspectMail({ receiver: name, region, from, to }, signal));
    },
  };
}

function kafkaCheck(config: Config): Check {
  return {
    name: 'Kafka',
    run: async (signal) => {
      const { inspectKafka } = await import('../adapters/kafka/inspect.js');
      return judgeKafka(await inspectKafka(await kafkaOptions(config), topicsOf(config), programsOf(config), signal));
    },
  };
}

/** The rights that each program needs, with transactional ids that none of them has. */
function programsOf(config: Config): readonly InspectedProgram[] {
  const { jobs } = partsOf(config);
  const inputs = jobs.flatMap((job) => job.inputs.map(({ topic }) => topic));
  const outputs = jobs.flatMap((job) => job.outputs.map(({ name }) => name));
  const kept = ['checkpoints', 'sketches'];
  return [
    {
      program: 'producer',
      id: 'telltale-producer-doctor',
      reads: kept,
      writes: [...kept, ...lineTopicsOf(config), 'quarantine'],
    },
    {
      program: 'consumer',
      id: 'telltale-mailer-doctor',
      reads: [...new Set([...inputs, ...outputs, 'state'])],
      writes: [...new Set(['state', ...outputs, 'quarantine'])],
    },
  ];
}

async function machineFacts(config: Config): Promise<MachineFacts> {
  const { dataDir } = config;
  const disk = await statfs(dataDir).then(
    ({ bsize, blocks, bavail }) => ({ bytes: blocks * bsize, free: bavail * bsize }),
    () => null,
  );
  return { dataDir, disk, producerAnswers: await producerAnswers(config), awsCli: await awsCliVersion() };
}

/** An empty signal, which the producer refuses: it reads nothing because of it. */
async function producerAnswers({ dataDir, producer: { socket } }: Config): Promise<boolean | null> {
  try {
    await sendSignal(producerAt(dataDir, socket), '');
    return true;
  } catch (error) {
    if (isTelltaleError(error, 'NO_PRODUCER')) return null;
    return isTelltaleError(error, 'COMMAND_REFUSED');
  }
}

async function awsCliVersion(): Promise<string | null> {
  try {
    const { stdout, stderr } = await promisify(execFile)('aws', ['--version'], { timeout: 4_000 });
    return stdout === '' ? stderr : stdout;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? null : 'aws-cli';
  }
}

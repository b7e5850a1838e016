import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  S3Client,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';

import { createS3Store, type S3Store, type S3StoreOptions } from '../../src/adapters/aws/s3-store';
import { systemClock } from '../../src/ports/clock';
import { freePort } from './kafka';

/** The server of the project's own script. */
export interface RunningS3 {
  readonly port: number;
  /** Environment variables that locate it, for this process (`useS3`) or another one. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Time limit for building and starting. */
export const S3_START_MS = 600_000;

/** Starts a server with `scripts/run-s3`; resolves when it is ready. */
export async function runS3(): Promise<RunningS3> {
  const port = await freePort();
  const script = spawn(join(__dirname, '../../scripts/run-s3'), ['--port', `${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(script, 'exit');
  const kill = (): void => void script.kill('SIGTERM');
  process.once('exit', kill);
  const said: string[] = [];
  script.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString()));
  const environment: Record<string, string> = {};
  for await (const line of createInterface(script.stdout)) {
    said.push(line);
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) environment[name] = value;
    if (!line.startsWith('S3 is ready')) continue;
    script.stdout.resume();
    return {
      port,
      environment,
      stop: async () => {
        process.off('exit', kill);
        kill();
        await ended;
      },
    };
  }
  throw new Error(`S3 did not start: ${said.join('\n')}`);
}

/** Points the SDK of this process to a server through environment variables; `port` is that of a proxy in front. */
export function useS3({ environment }: RunningS3, port?: number): void {
  Object.assign(process.env, environment, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' });
  if (port !== undefined) process.env['AWS_ENDPOINT_URL_S3'] = `http://127.0.0.1:${port}`;
}

export function openS3(options: Partial<S3StoreOptions> = {}): S3Store {
  return createS3Store({
    clock: systemClock,
    pathStyle: false,
    maxAttempts: 3,
    requestTimeoutMs: 10_000,
    stallMs: 10_000,
    ...options,
  });
}

export async function makeBucket(bucket: string, versioned = false): Promise<void> {
  await withClient((client) => client.send(new CreateBucketCommand({ Bucket: bucket })));
  if (versioned) await keepVersions(bucket);
}

/** Enables versioning. */
export async function keepVersions(bucket: string): Promise<void> {
  const enabled = { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' as const } };
  await withClient((client) => client.send(new PutBucketVersioningCommand(enabled)));
}

/** Deletes an object (with versioning, by a delete marker), or one version permanently. */
export async function deleteObject(bucket: string, key: string, versionId?: string): Promise<void> {
  const target = { Bucket: bucket, Key: key, VersionId: versionId };
  await withClient((client) => client.send(new DeleteObjectCommand(target)));
}

/** Deletes every version of every object. */
export async function emptyBucket(bucket: string): Promise<void> {
  await withClient(async (client) => {
    for (;;) {
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket }),
      );
      const found = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
      if (found.length === 0) break;
      await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: found } }));
    }
  });
}

async function withClient(use: (client: S3Client) => Promise<unknown>): Promise<void> {
  const client = new S3Client();
  try {
    await use(client);
  } finally {
    client.destroy();
  }
}

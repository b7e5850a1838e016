import { readFileSync } from 'node:fs';
import { z } from 'zod';

const emailAddress = z.email('expected an email address such as ops@example.com');
const name = (what: string): z.ZodString =>
  z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, `expected ${what}: lower-case letters, digits and dashes, at most 20`);

const existingNetwork = z.strictObject({
  vpcId: z.string().regex(/^vpc-[0-9a-f]+$/, 'expected the id of a VPC such as vpc-0a1b2c3d'),
  /** With a way to the internet, or with endpoints for SSM, SQS and SES; one for each zone. */
  subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'expected the id of a subnet')).min(1),
  availabilityZones: z.array(z.string()).min(1),
});

const schema = z
  .strictObject({
    /** Part of the stack's name, and the value of the tag `env`. */
    environment: name('the name of an environment such as prod'),
    /** Null: those of the credentials that deploy. */
    account: z
      .string()
      .regex(/^\d{12}$/, 'expected 12 digits')
      .nullable()
      .default(null),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a region such as eu-central-1')
      .nullable()
      .default(null),
    bucket: z
      .strictObject({
        encryption: z.enum(['s3', 'kms']).default('s3'),
        /** Days that overwritten versions are kept: more than the producer is ever down. */
        noncurrentDays: z.int().min(1).max(365).default(3),
      })
      .prefault({}),
    /** queue: events are gathered, so that many uploads are one command. direct: S3 starts the function for each object. */
    trigger: z.enum(['queue', 'direct']).default('queue'),
    /** Names of hosts that get a role of their own, for `logs/NAME/*` alone. []: one policy for all hosts. */
    hosts: z.array(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected the name of a host')).default([]),
    /** Null: a VPC of its own with public subnets and no NAT gateway. */
    network: existingNetwork.nullable().default(null),
    /** Interface endpoints for SSM and CloudWatch, some 20 USD a month: for subnets without a way to the internet. */
    interfaceEndpoints: z.boolean().default(false),
    instance: z
      .strictObject({
        type: z
          .string()
          .regex(/^[a-z0-9-]+\.[a-z0-9]+$/, 'expected an instance type such as t4g.small')
          .default('t4g.small'),
        diskGiB: z.int().min(8).max(16_384).default(30),
      })
      .prefault({}),
    /** embedded: one instance runs both programs. brokers: Kafka of your own. msk: a new cluster with IAM. */
    eventLog: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('embedded') }),
        z.strictObject({ kind: z.literal('brokers'), brokers: z.array(z.string().regex(/^[^\s:]+:\d+$/)).min(1) }),
        z.strictObject({
          kind: z.literal('msk'),
          version: z.string().default('3.9.x.kraft'),
          /** For each of three brokers. */
          diskGiB: z.int().min(10).max(16_384).default(100),
        }),
      ])
      .default({ kind: 'embedded' }),
    /** Null: no mail is sent by SES. */
    mail: z
      .strictObject({
        domain: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'expected a domain such as example.com'),
        from: emailAddress,
        to: z.array(emailAddress).min(1).max(50),
      })
      .nullable()
      .default(null),
    alarms: z
      .strictObject({
        /** Each address gets a mail of SNS, and must confirm it. SNS does not depend on SES. */
        mailTo: z.array(emailAddress).default([]),
      })
      .prefault({}),
  })
  .superRefine(({ mail, network }, context) => {
    if (mail !== null && !mail.from.endsWith(`@${mail.domain}`) && !mail.from.endsWith(`.${mail.domain}`)) {
      const message = `expected an address of ${mail.domain}: SES sends for the domain that is verified`;
      context.addIssue({ code: 'custom', path: ['mail', 'from'], message });
    }
    if (network !== null && network.subnetIds.length !== network.availabilityZones.length) {
      const message = 'expected one availability zone for each subnet, in the same order';
      context.addIssue({ code: 'custom', path: ['network', 'availabilityZones'], message });
    }
  });

/** What differs between two deployments. Nothing else does. */
export type Settings = z.infer<typeof schema>;

/** What is wrong with the settings; its message has one line for each fault, and says in which key. */
export class SettingsError extends Error {}

/** @throws SettingsError */
export function parseSettings(value: unknown, from: string): Settings {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `  ${path.join('.') || '(all)'}: ${message}`);
  throw new SettingsError(`${from} is not valid:\n${faults.join('\n')}`);
}

/** @throws SettingsError when the file is missing, no JSON, or not valid */
export function readSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new SettingsError(`${file} cannot be read. Write it like settings/prod.json; deploy/README.md has all keys.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseSettings(value, file);
}

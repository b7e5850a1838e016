/** The account and region of resolved templates. */
export const account = '111122223333';
export const region = 'eu-central-1';

const pseudo: Readonly<Record<string, string>> = {
  'AWS::AccountId': account,
  'AWS::Region': region,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** ARNs of resources by their types, made of their logical ids. */
const arns: readonly (readonly [RegExp, (id: string) => string])[] = [
  [/^IngestLogs/, (id) => `arn:aws:s3:::${id.toLowerCase()}`],
  [/^Ingest(Events|Failed)/, (id) => `arn:aws:sqs:${region}:${account}:${id}`],
  [/^IngestHandlerLog/, (id) => `arn:aws:logs:${region}:${account}:log-group:${id}`],
  [/^IngestHandler/, (id) => `arn:aws:lambda:${region}:${account}:function:${id}`],
  [/^IngestKey/, (id) => `arn:aws:kms:${region}:${account}:key/${id}`],
  [/^Kafka/, (id) => `arn:aws:kafka:${region}:${account}:cluster/${id}/uuid`],
  [/./, (id) => `arn:aws:any:${region}:${account}:${id}`],
];

/** The value of a resource's `Ref`. */
function nameOf(id: string): string {
  if (id.startsWith('MailIdentity')) return 'example.com';
  return id.startsWith('IngestLogs') ? id.toLowerCase() : id;
}

/** A part of a template with its functions evaluated, as CloudFormation would, with made-up names. */
export function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = ['', null], ...others] = Object.entries(value);
  if (others.length === 0) {
    if (name === 'Ref') return pseudo[String(argument)] ?? nameOf(String(argument));
    if (name === 'Fn::GetAtt') return attribute(argument as readonly [string, string]);
    if (name === 'Fn::Join') {
      const [separator, parts] = argument as readonly [string, readonly unknown[]];
      return parts.map((part) => String(resolved(part))).join(separator);
    }
    if (name === 'Fn::Split') {
      const [separator, text] = argument as readonly [string, unknown];
      return String(resolved(text)).split(separator);
    }
    if (name === 'Fn::Select') {
      const [index, list] = argument as readonly [number, unknown];
      return (resolved(list) as readonly unknown[])[index];
    }
    if (name === 'Fn::Sub') {
      return String(argument).replace(/\$\{([^}]+)\}/g, (_, inner: string) => pseudo[inner] ?? inner);
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
}

function attribute([id, key]: readonly [string, string]): string {
  if (!/^Arn$|Arn$/.test(key)) return `${id}.${key}`;
  const [, arn] = arns.find(([pattern]) => pattern.test(id)) ?? [null, (name: string) => name];
  return arn(id);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';

/** The repository: this package is its folder `deploy`. */
export const repository = join(__dirname, '../..');

/** The document that hands signals to the producer, with the very text that the tests of the command runner use. */
export function commandDocument(scope: Construct, id: string): ssm.CfnDocument {
  const content: unknown = JSON.parse(readFileSync(join(repository, 'conf/ssm-document.json'), 'utf8'));
  return new ssm.CfnDocument(scope, id, {
    content,
    documentFormat: 'JSON',
    documentType: 'Command',
    // Another name at each change would break commands that are on their way.
    updateMethod: 'NewVersion',
    targetType: '/AWS::EC2::Instance',
  });
}

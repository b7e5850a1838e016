import { namedSource } from '../../../src/commands/named-source';

it.each([
  ['web-1/app.log', 'logs-bucket/web-1/app.log'],
  ['logs-bucket/web-1/app.log', 'logs-bucket/web-1/app.log'],
  ['s3://logs-bucket/web-1/app.log', 'logs-bucket/web-1/app.log'],
  ['s3://other-bucket/a b.log', 'other-bucket/a b.log'],
  ['logs-bucket', 'logs-bucket/logs-bucket'],
])('%j names the source %j', (text, source) => {
  expect(namedSource(text, 'logs-bucket')).toBe(source);
});

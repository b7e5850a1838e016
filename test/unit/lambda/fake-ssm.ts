import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The content of one SendCommand. */
export interface SentCommand {
  readonly DocumentName: string;
  readonly Targets: readonly { readonly Key: string; readonly Values: readonly string[] }[];
  readonly Parameters: { readonly payload: readonly string[] };
}

export interface FakeSsm {
  readonly endpoint: string;
  readonly commands: readonly SentCommand[];
  /** The answer to the next request, which is then not accepted. */
  answerNext(status: number, type: string, message: string): void;
  close(): Promise<void>;
}

const commandId = 'b8eac879-0541-439d-94ec-47a80d554f44';

/**
 * Systems Manager's SendCommand on loopback. As strict as the service about the wire shape (AWS JSON 1.1), and stricter
 * about Telltale's requests: exactly its fields, and a payload that matches the document's pattern.
 */
export async function startFakeSsm(expected: { document: string; tag: string; value: string }): Promise<FakeSsm> {
  const commands: SentCommand[] = [];
  const answers: { status: number; type: string; message: string }[] = [];

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const answer = answers.shift() ?? problemOf(request, body, expected);
      response.setHeader('Content-Type', 'application/x-amz-json-1.1');
      if (answer !== null) {
        response.writeHead(answer.status);
        response.end(JSON.stringify({ __type: answer.type, message: answer.message }));
        return;
      }
      commands.push(JSON.parse(body) as SentCommand);
      response.end(JSON.stringify({ Command: { CommandId: commandId, Status: 'Pending' } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    commands,
    answerNext: (status, type, message) => void answers.push({ status, type, message }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function problemOf(
  { method, url, headers }: IncomingMessage,
  body: string,
  expected: { document: string; tag: string; value: string },
): { status: number; type: string; message: string } | null {
  const refuse = (type: string, message: string) => ({ status: 400, type, message });
  if (method !== 'POST' || url !== '/') return refuse('UnknownOperationException', `${method ?? ''} ${url ?? ''}`);
  if (headers['x-amz-target'] !== 'AmazonSSM.SendCommand')
    return refuse('UnknownOperationException', 'not SendCommand');
  if (headers['content-type'] !== 'application/x-amz-json-1.1') return refuse('SerializationException', 'content type');
  if (!/^AWS4-HMAC-SHA256 .*\/ssm\/aws4_request/.test(headers.authorization ?? '')) {
    return refuse('MissingAuthenticationTokenException', 'not signed for ssm');
  }
  const command = JSON.parse(body) as Record<string, unknown>;
  if (
    Object.keys(command).sort().join() !== 'DocumentName,MaxConcurrency,MaxErrors,Parameters,Targets,TimeoutSeconds'
  ) {
    return refuse('ValidationException', `fields ${Object.keys(command).join()}`);
  }
  if (command['DocumentName'] !== expected.document) return refuse('InvalidDocument', 'no such document');
  const { tag, value } = expected;
  if (JSON.stringify(command['Targets']) !== JSON.stringify([{ Key: `tag:${tag}`, Values: [value] }])) {
    return refuse('InvalidTarget', 'no such tag');
  }
  if (command['TimeoutSeconds'] !== 60) return refuse('InvalidParameters', 'another time limit');
  const payload = /^\{"payload":\["[A-Za-z0-9_-]{1,4096}"\]\}$/;
  if (!payload.test(JSON.stringify(command['Parameters'])))
    return refuse('InvalidParameters', 'payload is not allowed');
  return null;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A mail server of the tests: it takes everything, unless `refuse` answers a command. */
export interface SmtpServer {
  readonly port: number;
  /** The mails that it took, raw. */
  readonly mails: readonly string[];
  close(): Promise<void>;
}

export interface SmtpHow {
  /** The answer to a command such as `RCPT TO:<ops@example.com>`, in place of the usual one; null: the usual one. */
  readonly refuse?: (command: string) => string | null;
  /** With these: TLS from the first byte. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export async function startSmtpServer({ refuse = () => null, tls }: SmtpHow = {}): Promise<SmtpServer> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    converse(socket, refuse, (mail) => mails.push(mail));
  };
  const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  server.on('connection', (socket: Socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function converse(socket: Socket, refuse: (command: string) => string | null, took: (mail: string) => void): void {
  let text = '';
  let isData = false;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  say('220 mail.test ESMTP');
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    for (;;) {
      const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n');
      if (end < 0) return;
      const command = text.slice(0, end);
      text = text.slice(end + (isData ? 5 : 2));
      if (isData) took(command);
      const next = isData ? '250 2.0.0 taken' : (refuse(command) ?? usual(command));
      isData = next.startsWith('354');
      say(next);
    }
  });
}

function usual(command: string): string {
  if (/^EHLO/i.test(command)) return '250-mail.test\r\n250 AUTH PLAIN';
  if (/^AUTH/i.test(command)) return '235 2.7.0 welcome';
  if (/^STARTTLS/i.test(command)) return '502 5.5.1 no such command';
  if (/^DATA/i.test(command)) return '354 go ahead';
  return /^QUIT/i.test(command) ? '221 bye' : '250 ok';
}

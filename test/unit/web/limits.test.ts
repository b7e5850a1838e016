import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { plain, type Answer } from '../../../src/web/answers';
import { webLimits, type WebLimits } from '../../../src/web/connections';
import { startWeb, type WebServer } from '../../../src/web/server';

const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

describe('limits of the web server', () => {
  const cleanUp: (() => unknown)[] = [];
  afterEach(async () => {
    for (const each of cleanUp.splice(0).reverse()) await each();
  });

  async function serve(
    answer: () => Answer | Promise<Answer>,
    limits: Partial<WebLimits> = {},
  ): Promise<WebServer & { readonly port: number }> {
    const web = await startWeb({
      ...{ host: '127.0.0.1', port: 0, section: 'web', answer },
      limits: { ...webLimits, ...limits },
    });
    cleanUp.push(() => web.close());
    return { ...web, port: Number(new URL(web.url).port) };
  }

  async function open(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    cleanUp.push(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  /** Everything that comes until the server ends the connection. */
  async function readAll(socket: Socket): Promise<string> {
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    await once(socket, 'close');
    return text;
  }

  /** Resolves as soon as the text has come. */
  async function reads(socket: Socket, wanted: RegExp): Promise<string> {
    let text = '';
    return new Promise((resolve, reject) => {
      socket.on('data', (part: Buffer) => {
        text += part.toString('latin1');
        if (wanted.test(text)) resolve(text);
      });
      socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
    });
  }

  function held(): {
    readonly answer: () => Promise<Answer>;
    readonly asked: Promise<void>;
    readonly release: () => void;
  } {
    let ask: () => void = () => undefined;
    let release: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    const answer = async (): Promise<Answer> => {
      ask();
      await released;
      return plain(200, 'late\n');
    };
    return { answer, asked, release };
  }

  const statuses = (text: string): string[] =>
    Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status ?? '');

  it('answers pipelined requests one after the other', async () => {
    let running = 0;
    let most = 0;
    const web = await serve(async () => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return plain(200, 'ok\n');
    });
    const socket = await open(web.port);
    const answers = reads(socket, /(HTTP[^]*ok\n){3}/);
    socket.write(GET.repeat(3));
    expect(statuses(await answers)).toEqual(['200', '200', '200']);
    expect(most).toBe(1);
  });

  it('ends a connection with 429 that pipelines more requests than are kept', async () => {
    let made = 0;
    const web = await serve(() => {
      made += 1;
      return plain(200, 'ok\n');
    });
    const socket = await open(web.port);
    const all = readAll(socket);
    socket.write(GET.repeat(20_000));
    const text = await all;
    expect(made).toBeLessThan(20);
    expect(statuses(text).at(-1)).toBe('429');
    expect(text).toMatch(/429[^]*retry-after: 1\r\n/i);
  });

  it('answers 503 with Retry-After while it makes as many answers as it may', async () => {
    const { answer, asked, release } = held();
    const web = await serve(answer, { inWork: 1 });
    const first = await open(web.port);
    const late = reads(first, /late\n/);
    first.write(GET);
    await asked;
    const second = await open(web.port);
    const refused = readAll(second);
    second.write(GET);
    expect(await refused).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/i);
    release();
    expect(statuses(await late)).toEqual(['200']);
    const third = await open(web.port);
    const again = reads(third, /late\n/);
    third.write(GET);
    expect(statuses(await again)).toEqual(['200']);
  });

  it('closes connections beyond the limit, and takes new ones when others have ended', async () => {
    const web = await serve(() => plain(200, 'ok\n'), { connections: 2 });
    const [first, second] = [await open(web.port), await open(web.port)];
    const answered = readAll(first);
    first.write(GET);
    expect(await answered).toMatch(/connection: close\r\n/i);
    const third = await open(web.port);
    const fourth = await open(web.port);
    expect(await readAll(fourth)).toBe('');
    const ok = readAll(third);
    third.write(GET);
    expect(statuses(await ok)).toEqual(['200']);
    second.destroy();
  });

  it.each([
    ['sends nothing', ''],
    ['sends its headers too slowly', 'GET / HTTP/1.1\r\nHost: loc'],
  ])('closes a connection that %s', async (_, bytes) => {
    const web = await serve(() => plain(200, 'ok\n'), { headersMs: 50 });
    const socket = await open(web.port);
    const closed = readAll(socket);
    socket.write(bytes);
    expect(statuses(await closed)).toEqual(['408']);
  });

  it('ends the connection of a request with a body, and does not read the body to its end', async () => {
    const web = await serve(() => plain(200, 'ok\n'));
    const socket = await open(web.port);
    const all = readAll(socket);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nx');
    expect(statuses(await all)).toEqual(['200']);
  });

  it('closes a connection that is idle after an answer', async () => {
    const web = await serve(() => plain(200, 'ok\n'), { keepAliveMs: 20 });
    const socket = await open(web.port);
    const all = readAll(socket);
    socket.write(GET);
    expect(statuses(await all)).toEqual(['200']);
  });

  it('closes a connection whose client does not read its answer', async () => {
    let ask: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const body = 'x'.repeat(64 * 1024 * 1024);
    const web = await serve(
      () => {
        ask();
        return plain(200, body);
      },
      { stalledMs: 50, closeMs: 3_600_000 },
    );
    const socket = await open(web.port);
    socket.pause();
    socket.write(GET);
    await asked;
    await web.close();
  });

  it('refuses headers of more than 8 KiB', async () => {
    const web = await serve(() => plain(200, 'ok\n'));
    const socket = await open(web.port);
    const all = readAll(socket);
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`);
    expect(statuses(await all)).toEqual(['431']);
  });

  it('closes although a client has closed its connection before its pipelined requests are answered', async () => {
    const { answer, asked, release } = held();
    const web = await serve(answer, { closeMs: 3_600_000 });
    const socket = await open(web.port);
    socket.write(GET.repeat(2));
    await asked;
    socket.destroy();
    await once(socket, 'close');
    release();
    await web.close();
  });

  it('closes although an answer is never made', async () => {
    const { answer, asked } = held();
    const web = await serve(answer, { closeMs: 20 });
    const socket = await open(web.port);
    socket.write(GET);
    await asked;
    await web.close();
  });
});

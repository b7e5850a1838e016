import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Modification time for files whose lines have no date. */
const MODIFIED = new Date('2026-11-20T18:00:00Z');

/** Writes a log file and its folders; returns its path. */
export function writeLog(folder: string, name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, MODIFIED, MODIFIED);
  return path;
}

/** Seconds after 10:00 on 2026-11-20, as `yyyy-MM-dd HH:mm:ss`. */
export function stamp(second: number): string {
  return new Date(Date.parse('2026-11-20T10:00:00Z') + second * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

const levels = ['INFO ', 'INFO ', 'WARN ', 'DEBUG', 'INFO ', 'ERROR', 'INFO '] as const;

/** Lines of logback's usual form, one every `every` seconds. */
export function logbackLines(count: number, { from = 0, every = 1 } = {}): string[] {
  return Array.from({ length: count }, (_, i) => {
    const level = levels[(i * 5 + from) % levels.length] ?? 'INFO ';
    return `${stamp(from + i * every)}.${String(i % 1000).padStart(3, '0')} [worker-${i % 3}] ${level} app.Orders - order ${i} of ${from} done`;
  });
}

const trace = (message: string): string[] => [
  `java.lang.IllegalStateException: ${message}`,
  '\tat java.base/java.util.List.of(List.java:12)',
  '\tat com.example.Orders.place(Orders.java:77)',
  '',
  'Caused by: java.io.IOException: broken pipe',
];

/** Writes typical irregular log files; returns their paths in order. */
export function writeUglyLogs(folder: string): string[] {
  const text = (lines: readonly string[], end = '\n'): string => lines.map((line) => line + end).join('');
  const withTraces = logbackLines(60, { from: 30, every: 4 }).flatMap((line, i) =>
    line.includes('ERROR') ? [line, ...trace(`order ${i}`)] : [line],
  );
  return [
    writeLog(folder, 'a/web-1/app.log', text(withTraces)),
    // Windows line ends; overlaps the file above in time.
    writeLog(folder, 'a/web-2/app.log', text(logbackLines(80, { from: 100, every: 3 }), '\r\n')),
    // The same folder and file name in another place.
    writeLog(folder, 'b/web-1/app.log', text(logbackLines(40, { from: 200, every: 2 }))),
    // An unterminated last line, and a BOM.
    writeLog(
      folder,
      'a/web-3/torn.log',
      `\uFEFF${text(logbackLines(30))}${stamp(31)}.000 [main] ERROR app.Main - torn`,
    ),
    // Lines before the first record, and a date only in the file's name.
    writeLog(
      folder,
      'a/web-4/app.2026-11-20.log',
      text([
        'Starting …',
        ...['10:00:01.000', '10:00:02.000', '10:01:03.000'].map((time) => `${time} [main] WARN  app.Main - at ${time}`),
      ]),
    ),
    writeLog(
      folder,
      'a/web-5/json.log',
      text(
        [0, 5, 61].map((second) =>
          JSON.stringify({ time: `${stamp(second).replace(' ', 'T')}Z`, level: 'error', message: `no ${second}` }),
        ),
      ),
    ),
    writeLog(folder, 'a/web-6/apache.log', text(['[Fri Nov 20 10:00:44 2026] [error] [client 10.0.0.1] no such file'])),
    writeLog(folder, 'a/web-7/syslog.log', text(['<11>1 2026-11-20T10:02:00Z web-7 app 7 - - out of memory'])),
    writeLog(folder, 'a/web-8/bytes.log', Buffer.concat([Buffer.from(`${stamp(5)}.000 [main] INFO  app.Main - `), Buffer.from([0xff, 0xfe, 0x00, 10])])), // prettier-ignore
    writeLog(folder, 'a/web-9/empty.log', ''),
    writeLog(folder, 'a/web-9/nothing-known.log', text(['hello', 'world'])),
  ];
}

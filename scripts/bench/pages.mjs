/**
 * Time and size of the status page and the metrics, and the memory that they need.
 *
 * npm run bench:pages [HOSTS [WINDOWS_PER_HOST]]
 */
import { Buffer } from 'node:buffer';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { buffer } from 'node:stream/consumers';

const require = createRequire(import.meta.url);
const { levelAlertsView } = require('../../dist/src/pipelines/level-alerts/view.js');
const { answerTo } = require('../../dist/src/web/answers.js');
const { startWeb } = require('../../dist/src/web/server.js');

const [hosts = 3_000, perHost = 50] = process.argv.slice(2).map(Number);
const view = levelAlertsView();
const start = Date.parse('2026-11-20T10:00:00Z');
const before = process.memoryUsage().rss;

const added = performance.now();
for (let minute = 0; minute < perHost; minute++) {
  const windowStart = new Date(start + minute * 60_000).toISOString();
  for (let host = 0; host < hosts; host++) {
    const origin = `host-${host}`;
    const counts = { error: (host * 7 + minute) % 13, warn: 3, info: 500, debug: 0, none: 0 };
    const key = Buffer.from(JSON.stringify({ origin, windowStart }));
    const value = Buffer.from(JSON.stringify({ counts, complete: true, patterns: [], samples: [] }));
    view.add({ topic: 'windows', key, value, isNew: true });
  }
}
const addedMs = performance.now() - added;

const source = {
  sections: (...shown) => view.sections(...shown),
  metrics: () => view.metrics(),
  mails: () => Promise.resolve({ total: 0, mails: [] }),
  problems: () => [],
};
const answer = (path, query) => answerTo(path, source, query);
const web = await startWeb({ host: '127.0.0.1', port: 0, section: 'web', answer });

async function timed(path) {
  const times = [];
  let bytes = 0;
  for (let i = 0; i < 30; i++) {
    const asked = performance.now();
    const answered = await new Promise((resolve) => get(`${web.url}${path.slice(1)}`, resolve));
    bytes = (await buffer(answered)).length;
    times.push(performance.now() - asked);
  }
  times.sort((a, b) => a - b);
  return { path, bytes, medianMs: Math.round(times[15] * 10) / 10, maxMs: Math.round(times[29] * 10) / 10 };
}

const result = {
  hosts,
  windows: hosts * perHost,
  addMicros: Math.round((addedMs * 1000) / (hosts * perHost)),
  rssGrowthMB: Math.round((process.memoryUsage().rss - before) / 1e6),
  pages: [await timed('/'), await timed('/?page=60'), await timed('/?host=299'), await timed('/metrics')],
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
await web.close();

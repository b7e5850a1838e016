import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a log of at least `size` bytes: ten lines per second on 2 January 2026, in the layout of that name. */
export function writeLog(path, size, layout) {
  const lineOf = layoutsByName[layout];
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  let written = 0;
  for (let line = 0; written < size;) {
    const chunk = [];
    for (let i = 0; i < 8192; i++, line++) chunk.push(`${lineOf(line)}\n`);
    written += writeSync(file, chunk.join(''));
  }
  closeSync(file);
}

const levels = ['INFO', 'INFO', 'WARN', 'DEBUG'];
/** One line in 64 is an ERROR. */
const levelOf = (line) => (line % 64 === 0 ? 'ERROR' : levels[line % levels.length]);
const firstDay = Date.UTC(2026, 0, 2);
/** `2026-01-02T00:00:00.000Z` */
const stampOf = (line) => new Date(firstDay + ((line * 100) % 86_400_000)).toISOString();
const textOf = (line) => `order ${line} was taken and is on its way to the customer`;

/** Default layouts of common programs. The lines are equally long. */
const layouts = {
  logback: (line) =>
    `${stampOf(line).slice(11, 23)} [worker-${line % 8}] ${levelOf(line).padEnd(5)} com.example.orders.OrderService - ${textOf(line)}`,
  dated: (line) =>
    `${spacedStamp(line, '.')} [worker-${line % 8}] ${levelOf(line).padEnd(5)} shop.Orders - ${textOf(line)}`,
  python: (line) => `${spacedStamp(line, ',')} - shop.orders - ${levelOf(line)} - ${textOf(line)}`,
  kafka: (line) => `[${spacedStamp(line, ',')}] ${levelOf(line)} [KafkaServer id=1] ${textOf(line)}`,
  nginx: (line) =>
    `${stampOf(line).slice(0, 19).replaceAll('-', '/').replace('T', ' ')} [${levelOf(line).toLowerCase()}] 29#29: *${line} ${textOf(line)}`,
  postgres: (line) => `${spacedStamp(line, '.')} UTC [${line % 900}] ${levelOf(line)}:  ${textOf(line)}`,
  rust: (line) => `${stampOf(line)} ${levelOf(line).padStart(5)} shop::orders: ${textOf(line)}`,
  syslog: (line) => `Jan  2 ${stampOf(line).slice(11, 19)} web-1 shop[4711]: ${textOf(line)}`,
  unknown: (line) => `${textOf(line)}, and this line has no time`,
};

function spacedStamp(line, mark) {
  const stamp = stampOf(line);
  return `${stamp.slice(0, 10)} ${stamp.slice(11, 19)}${mark}${stamp.slice(20, 23)}`;
}

const mixed = [
  layouts.dated,
  layouts.python,
  layouts.kafka,
  layouts.nginx,
  layouts.postgres,
  layouts.rust,
  layouts.syslog,
];
const LINE_BYTES = 137;
const padded = (layout) => (line) => layout(line).padEnd(LINE_BYTES, '.');

/** A layout by name, or `mixed`: every line has another layout than the one before. */
const layoutsByName = {
  ...Object.fromEntries(Object.entries(layouts).map(([name, layout]) => [name, padded(layout)])),
  mixed: padded((line) => mixed[line % mixed.length](line)),
};

export const layoutNames = Object.keys(layoutsByName);

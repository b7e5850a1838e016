// Measures the checksums that prove an append, over 64 MiB at once and in pieces as received:
//
//   npm run build && node scripts/bench/crc.mjs [--runs 7]
//
// Prints one JSON object: MB/s, medians. Algorithms alternate, as in measure.mjs; the first round warms up.
import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { median } from './measure.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } });
const runs = Number(values.runs);

const { crc32, crc32c, loadCrc64Nvme } = await import('../../dist/src/adapters/native/checksums.js');
const algorithms = { CRC64NVME: await loadCrc64Nvme(), CRC32C: crc32c, CRC32: crc32 };
const bytes = randomBytes(64 * 1024 * 1024);

const results = [];
for (const pieceBytes of [bytes.length, 1024 * 1024, 64 * 1024]) {
  const measured = Object.fromEntries(Object.keys(algorithms).map((name) => [name, []]));
  for (let run = -1; run < runs; run++) {
    for (const [name, crc] of Object.entries(algorithms)) {
      const speed = megabytesPerSecond(crc, pieceBytes);
      if (run >= 0) measured[name].push(speed);
    }
  }
  for (const [algorithm, speeds] of Object.entries(measured)) {
    results.push({ algorithm, pieceBytes, megabytesPerSecond: Math.round(median(speeds)) });
  }
}
const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model };
console.log(JSON.stringify({ bench: 'crc', bytes: bytes.length, runs, machine, results }, null, 2));

function megabytesPerSecond(crc, pieceBytes) {
  const started = performance.now();
  for (let at = 0; at < bytes.length; at += pieceBytes) crc(bytes.subarray(at, at + pieceBytes));
  return bytes.length / 1e6 / ((performance.now() - started) / 1000);
}

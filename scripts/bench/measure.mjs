import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Interval of reading /proc while a process runs, in ms. The last figures are at most this old. */
const POLL_MS = 5;
/** Linux reports CPU time in hundredths of a second (USER_HZ). */
const TICKS_PER_SECOND = 100;

/**
 * Runs a command to its end and discards its output.
 * @returns {Promise<{wall: number, cpu: number, peakMiB: number}>} seconds and MiB of the whole process
 */
export function measure(command) {
  return new Promise((done, failed) => {
    const started = performance.now();
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    // Not /dev/null: grep detects it and stops at the first match.
    child.stdout.resume();
    let seen = { cpu: 0, peakMiB: 0 };
    const poll = setInterval(() => (seen = figuresOf(child.pid) ?? seen), POLL_MS);
    child.on('error', failed);
    child.on('exit', (code) => {
      clearInterval(poll);
      const wall = (performance.now() - started) / 1000;
      if (code === 0) done({ wall, ...seen });
      else failed(new Error(`${command.join(' ')} exited with ${code}`));
    });
  });
}

function figuresOf(pid) {
  try {
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpu = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    return peak === null ? null : { cpu, peakMiB: Number(peak[1]) / 1024 };
  } catch {
    return null;
  }
}

/**
 * Programs alternate, so that a slow phase of the machine affects all of them. The first round warms up and does not
 * count.
 */
export async function measureInTurns(programs, runs) {
  const measured = Object.fromEntries(Object.keys(programs).map((name) => [name, []]));
  for (let run = -1; run < runs; run++) {
    for (const [name, command] of Object.entries(programs)) {
      const figures = await measure(command);
      if (run >= 0) measured[name].push(figures);
    }
  }
  return measured;
}

/**
 * Two commands run one directly after the other, each first in every second pair, so that both meet the same machine. The first
 * pair warms up and does not count.
 * @returns the figures of {@link measure}, those of `first` before those of `second`
 */
export async function measureInPairs(first, second, runs) {
  const pairs = [];
  for (let run = -1; run < runs; run++) {
    const isReversed = run % 2 !== 0;
    const [a, b] = isReversed ? [second, first] : [first, second];
    const figures = [await measure(a), await measure(b)];
    if (run >= 0) pairs.push(isReversed ? figures.reverse() : figures);
  }
  return pairs;
}

export function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

// Makes load with wrk where it is installed, else with autocannon, which takes more of the machine itself.
import { spawnSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { onCore } from './processes.mjs';

const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** The tool that makes the load. */
export const tool = hasWrk ? 'wrk' : 'autocannon';

/** Posts `body` for `seconds` over `connections`; requests a second, and latencies in milliseconds. */
export function load(request) {
  return hasWrk ? withWrk(request) : withAutocannon(request);
}

async function withAutocannon({ url, headers, body, connections, seconds }) {
  const { requests, latency, non2xx, errors } = await autocannon({
    url,
    method: 'POST',
    headers,
    body,
    connections,
    duration: seconds,
  });
  return { rps: requests.total / seconds, p50: latency.p50, p99: latency.p99, failed: non2xx + errors };
}

async function withWrk({ url, headers, body, connections, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'cerebro-bench-'));
  const script = join(folder, 'request.lua');
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"`);
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = [==[${body}]==]\n${lines.join('\n')}\n`);
  try {
    return parseWrk(
      await run(['-t', '1', '-c', connections, '-d', `${seconds}s`, '--latency', '-s', script, url]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(args) {
  const [command, commandArgs] = onCore(1, 'wrk', args.map(String));
  const child = spawn(command, commandArgs, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.once('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(output))));
  });
}

function parseWrk(output) {
  const milliseconds = (percentile) => {
    const [, value, unit] = new RegExp(`${percentile}%\\s+([\\d.]+)(us|ms|s)`).exec(output);
    return Number(value) * { us: 0.001, ms: 1, s: 1000 }[unit];
  };
  return {
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)[1]),
    p50: milliseconds(50),
    p99: milliseconds(99),
    failed: Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0),
  };
}

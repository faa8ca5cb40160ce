// Preloaded into a server under test: tells its memory and how late its event loop is, on an address that it prints.
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two looks at the memory. */
const INTERVAL = 100;

const lag = monitorEventLoopDelay({ resolution: 10 });
lag.enable();
let peak = process.memoryUsage();
let cpu = process.cpuUsage();
setInterval(() => {
  const now = process.memoryUsage();
  for (const part of Object.keys(now)) peak[part] = Math.max(peak[part], now[part]);
}, INTERVAL).unref();

/** `GET /` tells how it stands, `/collect` collects garbage before, and `/reset` begins anew, without a collection. */
const server = createServer((request, response) => {
  if (request.url === '/collect') globalThis.gc?.();
  if (request.url === '/reset') {
    lag.reset();
    peak = process.memoryUsage();
    cpu = process.cpuUsage();
  }
  const milliseconds = (nanoseconds) => nanoseconds / 1e6;
  const told = {
    now: process.memoryUsage(),
    peak,
    cpu: Object.values(process.cpuUsage(cpu)).reduce((sum, part) => sum + part, 0),
    lag: { p99: milliseconds(lag.percentile(99)), max: milliseconds(lag.max) },
  };
  response.setHeader('connection', 'close').end(JSON.stringify(told));
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`Probe http://127.0.0.1:${server.address().port}\n`);
  server.unref();
});

// A tiny Replicate: every create is finished at once. Only as much HTTP as the bench's own clients speak.
import { createServer } from 'node:net';

const body = JSON.stringify({
  id: 'gm3qorzdhgbfurvjtvhg6dckhu',
  model: 'jimothyjohn/phi3-vision-instruct',
  version: 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17',
  input: { prompt: 'Describe the image.' },
  logs: '',
  output:
    'The image shows a red bicycle that leans on a white wall, next to a wooden door with a small window.',
  data_removed: false,
  error: null,
  status: 'processing',
  created_at: '2026-01-01T00:00:00.000Z',
  urls: { get: 'https://api.replicate.com/v1/predictions/gm3qorzdhgbfurvjtvhg6dckhu' },
});
const answer = Buffer.from(
  `HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);

/** Answers each request as soon as its announced body is in; requests come one at a time on a connection. */
const server = createServer({ noDelay: true }, (socket) => {
  let pending = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    pending += chunk.toString('latin1');
    const end = pending.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0);
    if (pending.length < end + 4 + length) return;
    pending = '';
    socket.write(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));

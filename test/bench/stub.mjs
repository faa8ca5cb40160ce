// A tiny Replicate: every create is finished at once. Only as much HTTP as the bench's own clients speak.
import { createServer } from 'node:net';

const prediction = {
  model: 'jimothyjohn/phi3-vision-instruct',
  version: 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17',
  input: { prompt: 'Describe the image.' },
  logs: '',
  output:
    'The image shows a red bicycle that leans on a white wall, next to a wooden door with a small window.',
  data_removed: false,
  error: null,
  created_at: '2026-01-01T00:00:00.000Z',
};
const held = tail({ ...prediction, status: 'processing' });
const ended = tail({
  ...prediction,
  status: 'succeeded',
  started_at: '2026-01-01T00:00:00.000Z',
  completed_at: '2026-01-01T00:00:01.000Z',
  metrics: { predict_time: 1, total_time: 1 },
});

/** An answer but for its first line and its id, which is as long as Replicate's are. */
function tail(fields) {
  const rest = `,${JSON.stringify(fields).slice(1)}`;
  const length = '{"id":"12345678901234567890123456"'.length + Buffer.byteLength(rest);
  return [`content-type: application/json\r\ncontent-length: ${length}\r\n\r\n{"id":"`, `"${rest}`];
}

let count = 0;

/** A create is answered as one that was held to its end, a read as one that has ended. */
function answerTo(head) {
  const id = /^GET \S+\/(\w{26}) /.exec(head)?.[1];
  if (id) return `HTTP/1.1 200 OK\r\n${ended[0]}${id}${ended[1]}`;
  return `HTTP/1.1 201 Created\r\n${held[0]}${String(++count).padStart(26, '0')}${held[1]}`;
}

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
    const answer = answerTo(pending);
    pending = '';
    socket.write(answer);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));

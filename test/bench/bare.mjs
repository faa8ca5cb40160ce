// The yardstick: a bare Fastify that forwards the same call through a pool of undici, and does nothing else.
import { fastify } from 'fastify';
import { Pool } from 'undici';

const upstream = new URL(process.argv[2]);
const pool = new Pool(upstream.origin, { connections: 128, pipelining: 1 });
const app = fastify();

app.post('/v1/completions', async (request) => {
  const { prompt, image_urls, max_tokens, temperature, do_sample } = request.body;
  const { body } = await pool.request({
    path: '/v1/predictions',
    method: 'POST',
    headers: { authorization: 'Bearer x', 'content-type': 'application/json', prefer: 'wait=60' },
    body: JSON.stringify({
      version: 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17',
      input: { prompt, image_urls, max_new_tokens: max_tokens, temperature, do_sample },
    }),
  });
  const { id, output } = await body.json();
  return {
    id,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model: 'cerebro-phi3.5-vision-instruct',
    choices: [{ text: output, index: 0, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 50, total_tokens: 55 },
  };
});

await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`http://127.0.0.1:${app.server.address().port}\n`);

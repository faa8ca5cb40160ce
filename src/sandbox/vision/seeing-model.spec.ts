import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, create, ended, PHI_URLS } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

async function ask(prompt: string, ...names: string[]): Promise<string> {
  const image_urls = names.map((name) => sandbox.pictures[name]).join(',');
  const { body } = await create(sandbox, {
    version: PHI_URLS,
    input: { prompt, image_urls },
    headers: { prefer: 'wait' },
  });
  return String(body.output ?? body.error);
}

describe('the sandbox as a model', () => {
  it('tells one picture from another: its text, colours, size and format', async () => {
    const invoice = await ask('Describe the image.', 'invoice.png');
    const sunset = await ask('Describe the image.', 'sunset.jpg');
    expect(invoice).toMatch(/^This is the sandbox, not Phi-3\.5/);
    expect(invoice).toContain('1000×700 PNG, mostly white and dark blue, bright');
    expect(invoice).toMatch(/INVOICE 2026-118.*TOTAL: 143\.50 EUR/);
    expect(sunset).toContain('960×640 JPEG, mostly orange, dark blue and yellow');
    expect(sunset).toContain('no text that can be read');
  });

  it('answers what is asked first, one passage for each picture in their order', async () => {
    const answer = await ask('What text can you read?', 'street-sign.jpg', 'chart.webp');
    expect(answer).toMatch(/^Image 1: It contains the text “HARBOUR STREET.*\nImage 2: .*SALES BY QUARTER/);
  });

  it('answers the last question of a conversation, and knows that there was another', async () => {
    const earlier = 'What text can you read?<|end|>\n<|assistant|>\nNone.<|end|>\n<|user|>\n';
    const answer = await ask(`${earlier}How large is it?`, 'sunset.jpg');
    expect(answer).toMatch(/^The image is 960 pixels wide.* It has read the 2 turns before\./);
  });

  it('answers in JSON where that is asked for, fenced as Phi does', async () => {
    const schema = {
      type: 'object',
      properties: {
        invoice_number: { type: 'string' },
        total: { type: 'number' },
        currency: { enum: ['USD', 'EUR'] },
        summary: { type: 'string' },
      },
      required: ['invoice_number', 'total', 'currency', 'summary'],
    };
    const answer = await ask(
      `Read it.\n\nAnswer with JSON that fits this JSON Schema:\n${JSON.stringify(schema)}`,
      'invoice.png',
    );
    const json = /^```json\n([^]*)\n```$/.exec(answer)?.[1] ?? '';
    expect(JSON.parse(json)).toEqual({
      invoice_number: '2026-118',
      total: 143.5,
      currency: 'EUR',
      summary: expect.stringMatching(/^This is the sandbox, not Phi-3\.5/) as string,
    });
  });

  it('answers bare JSON as another model, told so by the system, from pictures in messages', async () => {
    const picture = { type: 'image_url', image_url: { url: sandbox.pictures['sunset.jpg'] } };
    const messages = [
      { role: 'system', content: 'Answer with a JSON object.' },
      { role: 'user', content: [{ type: 'text', text: 'What is it?' }, picture] },
    ];
    const created = await call('POST', `${sandbox.baseUrl}/predictions`, {
      body: { version: 'openai/gpt-4o-mini', input: { messages } },
    });
    const { output } = (await ended(sandbox, created)).body;
    expect(JSON.parse((output as string[]).join(''))).toMatchObject({ format: 'JPEG', width: 960, text: [] });
  });

  it('fails on what is no picture', async () => {
    const { body } = await create(sandbox, {
      input: { image: `data:image/png;base64,${Buffer.from('not a picture').toString('base64')}` },
      headers: { prefer: 'wait' },
    });
    expect(body).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^cannot identify image file/) as string,
    });
  });
});

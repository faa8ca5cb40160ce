import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, PHI_URLS } from '../sandbox.fixture.js';
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

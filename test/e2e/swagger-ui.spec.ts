// The documentation as a person uses it: Authorize, Try it out, Execute, in a real browser.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { creates, lastInput } from '../support/asking.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';

const executablePath = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));
if (!executablePath) console.warn('swagger-ui.spec.ts is skipped: no Chromium here (set CHROMIUM_PATH).');

const COMPLETIONS = '#operations-Completions-createCompletion';
const CHAT = '#operations-Chat-createChatCompletion';

describe.skipIf(!executablePath && !process.env.CI)('Swagger UI', () => {
  let gateway: TestGateway;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    gateway = await startTestGateway();
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-sync',
        '--no-first-run',
      ],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
    await page.goto(`${gateway.url}/docs`);
    await page.getByRole('button', { name: 'Authorize' }).first().click();
    await page.getByLabel('auth-bearer-value').first().fill(gateway.key);
    await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).first().click();
    await page.locator('.modal-ux').getByRole('button', { name: 'Close' }).first().click();
    for (const id of [COMPLETIONS, CHAT]) {
      await page.locator(id).locator('.opblock-summary-control').click();
      await page.locator(id).getByRole('button', { name: 'Try it out' }).click();
    }
  }, 90_000);
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });
  afterEach(async () => {
    await expectOneBill(gateway);
    await startAnew(gateway);
  });

  const examples = (operation: Locator) => operation.locator('select.examples-select-element').first();

  /** Sends an example as it stands, and reads the status and the answer. */
  async function execute(
    id: string,
    example: string,
    screenshot: string,
  ): Promise<{ status: string; text: string }> {
    const operation = page.locator(id);
    await examples(operation).selectOption(example);
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation.locator('.loading-container').waitFor({ state: 'detached' });
    const answer = operation.locator('.live-responses-table').first();
    await answer.locator('.highlight-code').first().waitFor();
    // For eyes: SCREENSHOTS names a folder to keep the picture in.
    const folder = process.env.SCREENSHOTS;
    if (folder) await operation.screenshot({ path: join(folder, `${screenshot}.png`) });
    const status = await answer.locator('.response-col_status').nth(1).innerText();
    const text = await answer.locator('.highlight-code').first().innerText();
    await operation.getByRole('button', { name: 'Clear' }).click();
    return { status, text };
  }

  it('gets a real answer by Authorize, Try it out and Execute', async () => {
    const { status, text } = await execute(COMPLETIONS, 'picture', 'swagger-ui');
    expect(status).toMatch(/^200/);
    expect(text).toContain('A red bicycle.');
    expect(text).toContain('text_completion');
  }, 30_000);

  it('offers chats to try: a picture, text, a schema, a stream', async () => {
    const all = await examples(page.locator(CHAT)).locator('option').all();
    const options = await Promise.all(all.map((option) => option.getAttribute('value')));
    expect(options).toEqual(expect.arrayContaining(['picture', 'text', 'schema', 'json', 'stream']));
    expect(options[0]).toBe('picture');
  });

  it('chats about a picture', async () => {
    const { status, text } = await execute(CHAT, 'picture', 'swagger-ui-chat');
    expect(status).toMatch(/^200/);
    expect(text).toContain('chat.completion');
    expect(text).toContain('A red bicycle.');
    expect(creates(gateway)).toHaveLength(1);
    expect(lastInput(gateway).image_urls).toMatch(/^https:\/\//);
  }, 30_000);

  it('gets JSON that fits a schema', async () => {
    const receipt = { merchant: 'Bakery', date: null, total: 4.2, currency: 'EUR', items: [] };
    gateway.sandbox.script({ output: JSON.stringify(receipt) });
    const { status, text } = await execute(CHAT, 'schema', 'swagger-ui-schema');
    expect(status).toMatch(/^200/);
    expect(text).toContain(String.raw`{\"merchant\":\"Bakery\"`);
  }, 30_000);

  it('shows a stream', async () => {
    for (const id of [CHAT, COMPLETIONS]) {
      const { status, text } = await execute(id, 'stream', 'swagger-ui-stream');
      expect(status).toMatch(/^200/);
      expect(text).toContain('A red bicycle.');
      expect(text).toContain('data: [DONE]');
    }
  }, 30_000);

  it('tells an error in words: a model that this gateway has not opened', async () => {
    const { status, text } = await execute(CHAT, 'text', 'swagger-ui-text');
    expect(status).toMatch(/^404/);
    expect(text).toContain('model_not_found');
  }, 30_000);
});

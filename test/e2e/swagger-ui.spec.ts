// The documentation as a person uses it: Authorize, Try it out, Execute, in a real browser.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const executablePath = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path && existsSync(path));
if (!executablePath) console.warn('swagger-ui.spec.ts is skipped: no Chromium here (set CHROMIUM_PATH).');

describe.skipIf(!executablePath && !process.env.CI)('Swagger UI', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  it('gets a real answer by Authorize, Try it out and Execute', async () => {
    const browser = await chromium.launch({
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
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } });
      await page.goto(`${gateway.url}/docs`);
      await page.getByRole('button', { name: 'Authorize' }).first().click();
      await page.getByLabel('auth-bearer-value').first().fill(gateway.key);
      await page.locator('.modal-ux').getByRole('button', { name: 'Apply credentials' }).first().click();
      await page.locator('.modal-ux').getByRole('button', { name: 'Close' }).first().click();
      const operation = page.locator('#operations-Completions-createCompletion');
      await operation.locator('.opblock-summary-control').click();
      await operation.getByRole('button', { name: 'Try it out' }).click();
      await operation.getByRole('button', { name: 'Execute' }).click();
      const answer = operation.locator('.live-responses-table .highlight-code').first();
      await answer.waitFor();
      // For eyes: SCREENSHOTS names a folder to keep the picture in.
      const folder = process.env.SCREENSHOTS;
      if (folder) await operation.screenshot({ path: join(folder, 'swagger-ui.png') });
      const text = await answer.innerText();
      expect(text).toContain('A red bicycle.');
      expect(text).toContain('text_completion');
    } finally {
      await browser.close();
    }
  }, 90_000);
});

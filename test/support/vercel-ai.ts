// Vercel's provider for what is like OpenAI, set to a gateway, and what it is asked.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { ModelMessage } from 'ai';
import { clientFetch, PICTURE } from './clients.js';
import type { TestGateway } from './gateway.js';

/** The provider. */
export function cerebroOf(
  gateway: TestGateway,
  { url = gateway.url, fetch = clientFetch, apiKey = gateway.key } = {},
) {
  return createOpenAICompatible({
    name: 'cerebro',
    baseURL: `${url}/v1`,
    apiKey,
    fetch,
    includeUsage: true,
    supportsStructuredOutputs: true,
    // Else it would fetch pictures itself.
    supportedUrls: () => ({ 'image/*': [/^https?:\/\//] }),
  });
}

/** A question about a picture. */
export function asking(text = 'What is this?', data: string | Uint8Array = PICTURE): ModelMessage[] {
  return [
    {
      role: 'user',
      content: [
        { type: 'text', text },
        { type: 'file', mediaType: 'image/png', data },
      ],
    },
  ];
}

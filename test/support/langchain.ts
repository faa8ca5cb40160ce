// LangChain's chat model, set to a gateway, and what it is asked.
import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai';
import { clientFetch, PICTURE } from './clients.js';
import type { TestGateway } from './gateway.js';

/** The chat model. */
export function chatOf(
  gateway: TestGateway,
  model: string,
  {
    url = gateway.url,
    fetch = clientFetch,
    ...fields
  }: ChatOpenAIFields & { url?: string; fetch?: typeof globalThis.fetch } = {},
): ChatOpenAI {
  return new ChatOpenAI({
    model,
    apiKey: gateway.key,
    configuration: { baseURL: `${url}/v1`, fetch },
    ...fields,
  });
}

/** A question about a picture. */
export function asking(text = 'What is this?', url = PICTURE): BaseMessage[] {
  return [
    new HumanMessage({
      content: [
        { type: 'text', text },
        { type: 'image_url', image_url: { url } },
      ],
    }),
  ];
}

// Structured output through OpenAI's own client.
import OpenAI, { BadRequestError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  Bicycle,
  bicycleSchema,
  clientFetch,
  LLAVA,
  PHI,
  PICTURE,
  RED_BICYCLE,
  refusal,
  settleAndStartAnew,
  startClientsGateway,
} from '../support/clients.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let client: OpenAI;
beforeAll(async () => {
  gateway = await startClientsGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, fetch: clientFetch });
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

const asking = (text: string): OpenAI.ChatCompletionMessageParam[] => [
  { role: 'system', content: 'You know bicycles.' },
  {
    role: 'user',
    content: [
      { type: 'text', text },
      { type: 'image_url', image_url: { url: PICTURE } },
    ],
  },
];
const bicycle = zodResponseFormat(Bicycle, 'bicycle');
const attempts = (response: Response) => response.headers.get('x-cerebro-attempts');

describe("structured output at OpenAI's client", () => {
  it.each([PHI, LLAVA])('is parsed by its zod schema: %s', async (model) => {
    const { data, response } = await client.chat.completions
      .parse({ model, messages: asking('Which bicycle?'), response_format: bicycle })
      .withResponse();
    expect(data.choices[0]?.message.parsed).toEqual(RED_BICYCLE);
    expect(attempts(response)).toBe('1');
  });

  it('is asked for again when it is wrong', async () => {
    const { data, response } = await client.chat.completions
      .parse({ model: PHI, messages: asking('Which bicycle, wrong first?'), response_format: bicycle })
      .withResponse();
    expect(data.choices[0]?.message.parsed).toEqual(RED_BICYCLE);
    expect(attempts(response)).toBe('2');
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('that stays wrong is an error, which the client does not pay for again', async () => {
    const error = await refusal(
      client.chat.completions.parse({
        model: PHI,
        messages: asking('Which bicycle, always wrong?'),
        response_format: bicycle,
      }),
    );
    expect(error).toMatchObject({
      constructor: BadRequestError,
      code: 'structured_output_failed',
      param: 'response_format',
    });
    const { headers } = error as BadRequestError;
    expect(headers.get('x-cerebro-attempts')).toBe(String(gateway.sandbox.bill.creates));
  });

  it.each([
    [
      'json_schema',
      { type: 'json_schema', json_schema: { name: 'bicycle', schema: bicycleSchema, strict: true } },
    ],
    ['json_object', { type: 'json_object' }],
  ] satisfies [string, OpenAI.ChatCompletionCreateParams['response_format']][])(
    'is plain JSON without a parser: %s',
    async (_, response_format) => {
      const { choices } = await client.chat.completions.create({
        ...{ model: PHI, messages: asking('Which bicycle? JSON.') },
        response_format,
      });
      expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual(RED_BICYCLE);
    },
  );

  it('knows schemas as zod makes them: optional, nested, unions, recursive', async () => {
    const Part: z.ZodType<unknown> = z.lazy(() => z.object({ name: z.string(), parts: z.array(Part) }));
    const Rich = z.object({
      parts: z.array(Part).nullable(),
      state: z.enum(['new', 'used']),
      size: z.union([z.number().positive(), z.string()]),
      bought: z.iso.date().nullable(),
    });
    const answer = {
      parts: [{ name: 'wheel', parts: [] }],
      ...{ state: 'used', size: 'L', bought: '2026-01-31' },
    };
    gateway.sandbox.script({ output: JSON.stringify(answer) });
    const { choices } = await client.chat.completions.parse({
      ...{ model: PHI, messages: asking('Which?') },
      response_format: zodResponseFormat(Rich, 'rich'),
    });
    expect(choices[0]?.message.parsed).toEqual(answer);
  });

  it('of a schema that cannot be is refused, with the place', async () => {
    const error = await refusal(
      client.chat.completions.create({
        ...{ model: PHI, messages: asking('Which?') },
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'a', schema: { type: 'object', properties: { a: { type: 'strin' } } } },
        },
      }),
    );
    expect(error).toMatchObject({
      constructor: BadRequestError,
      code: 'invalid_json_schema',
      message: expect.stringContaining('/properties/a') as string,
    });
    expect(gateway.sandbox.bill.creates).toBe(0);
  });
});

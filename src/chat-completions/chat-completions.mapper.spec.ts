import { describe, expect, it } from 'vitest';
import type { Answers } from '../gateway/question.js';
import { refusalOf, validated } from '../http/validated.fixture.js';
import { CHAT_NAMES } from '../inference/param-names.js';
import { toChatCompletion, toDoorRequest } from './chat-completions.mapper.js';
import { ChatCompletionRequest } from './chat-request.contract.js';

const ask = (body: object) =>
  toDoorRequest(validated(ChatCompletionRequest, { messages: [{ role: 'user', content: 'Hi.' }], ...body }));

describe('a chat request becomes a question', () => {
  it('that leaves to the model what the caller leaves open', () => {
    const open = {
      modelName: undefined,
      choices: 1,
      names: CHAT_NAMES,
      prompt: 'Hi.',
      images: [],
      unsupported: [],
    };
    expect(ask({})).toEqual(open);
    expect(ask({ response_format: { type: 'text' } })).toEqual(open);
    expect(ask({ temperature: null, stop: null, n: null, seed: null, response_format: null })).toEqual(open);
  });

  it.each<[object, object]>([
    [{ model: 'm' }, { modelName: 'm' }],
    [{ max_tokens: 5 }, { maxTokens: 5 }],
    [{ max_completion_tokens: 6 }, { maxTokens: 6 }],
    [{ max_tokens: 5, max_completion_tokens: 6 }, { maxTokens: 6 }],
    [{ max_tokens: 5, max_completion_tokens: null }, { maxTokens: 5 }],
    [
      { temperature: 0, top_p: 1, top_k: 3 },
      { temperature: 0, topP: 1, topK: 3 },
    ],
    [
      { frequency_penalty: 0, presence_penalty: -1 },
      { frequencyPenalty: 0, presencePenalty: -1 },
    ],
    [
      { n: 3, seed: -1, do_sample: false },
      { choices: 3, seed: -1, doSample: false },
    ],
    [{ stop: 'x' }, { stop: ['x'] }],
    [{ stop: ['x', 'y'] }, { stop: ['x', 'y'] }],
    [{ response_format: { type: 'json_object' } }, { form: { kind: 'json_object' } }],
    [
      schema({ name: 'x', description: 'd', schema: { type: 'object' }, strict: true }),
      {
        form: {
          kind: 'json_schema',
          name: 'x',
          description: 'd',
          schema: { type: 'object' },
          param: 'response_format.json_schema.schema',
        },
      },
    ],
    [{ user: 'u', metadata: { a: 'b' }, safety_identifier: 's' }, { unsupported: [] }],
    [
      { tools: [], tool_choice: 'auto', logprobs: false, store: false, modalities: ['text'] },
      { unsupported: [] },
    ],
    [
      { parallel_tool_calls: true, service_tier: 'auto', verbosity: 'medium', top_logprobs: 0 },
      { unsupported: [] },
    ],
    [{ reasoning_effort: 'high' }, { unsupported: ['reasoning_effort'] }],
    [{ tools: [{}], tool_choice: 'required', n: 2 }, { unsupported: ['tools', 'tool_choice'] }],
    [{ stream: true, stream_options: { include_usage: true } }, { unsupported: [] }],
    [
      { stream: true, stream_options: { include_obfuscation: true } },
      { unsupported: ['stream_options.include_obfuscation'] },
    ],
  ])('with what it says: %j', (body, question) => {
    expect(ask(body)).toMatchObject(question);
  });

  it.each([{}, { stream: false }, { stream: null }])('but not with options for no stream: %j', (body) => {
    const error = refusalOf(() => ask({ ...body, stream_options: { include_usage: true } }));
    expect(error).toMatchObject({
      reason: 'invalid_value',
      param: 'stream_options',
      message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    });
  });
});

describe('the answer', () => {
  const answers: Answers = {
    model: { id: 'm', upstream: 'o/n' },
    choices: [
      { id: 'p1', text: 'A red bicycle.', finishReason: 'stop' },
      { id: 'p2', text: 'A red', finishReason: 'length' },
    ],
    usage: { prompt: 5, completion: 7 },
    timings: { queueMs: 1 },
    attempts: 1,
  };

  it("has OpenAI's shape", () => {
    const nothing = { refusal: null, annotations: [] };
    expect(toChatCompletion(answers, 1755133869)).toEqual({
      id: 'chatcmpl-p1',
      object: 'chat.completion',
      created: 1755133869,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'A red bicycle.', ...nothing },
          logprobs: null,
          finish_reason: 'stop',
        },
        {
          index: 1,
          message: { role: 'assistant', content: 'A red', ...nothing },
          logprobs: null,
          finish_reason: 'length',
        },
      ],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 7,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: 'default',
      system_fingerprint: null,
    });
  });
});

function schema(json_schema: object): object {
  return { response_format: { type: 'json_schema', json_schema } };
}

import { describe, expect, it } from 'vitest';
import type { Answers } from '../gateway/question.js';
import { refusalOf, validated } from '../http/validated.fixture.js';
import { CompletionRequest } from './completions.contract.js';
import { PROMPT_NAMES } from '../inference/param-names.js';
import { echoOf, toCompletionResponse, toDoorRequest } from './completions.mapper.js';

const USUAL = {
  prompt: 'Describe the image.',
  image_urls: 'https://example.com/image.jpg',
  max_tokens: 1000,
  temperature: 0.7,
  do_sample: true,
};

const request = (body: object) => validated(CompletionRequest, { ...USUAL, ...body });
const ask = (body: object) => toDoorRequest(request(body));

describe('a completion request becomes a question', () => {
  it('with its image', () => {
    expect(ask({})).toEqual({
      modelName: undefined,
      choices: 1,
      names: PROMPT_NAMES,
      prompt: 'Describe the image.',
      images: [{ kind: 'address', url: 'https://example.com/image.jpg', param: 'image_urls[0]' }],
      maxTokens: 1000,
      temperature: 0.7,
      doSample: true,
      unsupported: [],
    });
  });

  it.each<[object, object]>([
    [{ prompt: ['Hi.'] }, { prompt: 'Hi.' }],
    [{ system_prompt: 'Be kind.' }, { system: 'Be kind.' }],
    [
      { n: 2, frequency_penalty: 1, presence_penalty: 0 },
      { choices: 2, frequencyPenalty: 1, presencePenalty: 0 },
    ],
    [
      { stop: 'x', seed: 7 },
      { stop: ['x'], seed: 7 },
    ],
    [{ best_of: 1, suffix: '', logprobs: null, logit_bias: {}, user: 'u' }, { unsupported: [] }],
    [{ best_of: 3, n: 3, suffix: null }, { unsupported: [] }],
    [{ best_of: 3, suffix: 'x', logprobs: 0 }, { unsupported: ['best_of', 'suffix', 'logprobs'] }],
    [{ logit_bias: { 1: 1 } }, { unsupported: ['logit_bias'] }],
    [
      { stream: true, stream_options: { include_obfuscation: true } },
      { unsupported: ['stream_options.include_obfuscation'] },
    ],
  ])('with what it says: %j', (body, question) => {
    expect(ask(body)).toMatchObject(question);
  });

  it.each<[object, string, string]>([
    [{ prompt: undefined }, 'prompt', 'missing_required_parameter'],
    [{ prompt: null }, 'prompt', 'invalid_type'],
    [{ prompt: '' }, 'prompt', 'empty_string'],
    [{ prompt: [] }, 'prompt', 'empty_array'],
    [{ prompt: [''] }, 'prompt[0]', 'empty_string'],
    [{ prompt: [{ not: '' }] }, 'prompt[0]', 'invalid_type'],
    [{ prompt: ['a', 'b'] }, 'prompt', 'unsupported_value'],
    [{ prompt: [1, 2] }, 'prompt', 'unsupported_value'],
    [{ prompt: [[1, 2]] }, 'prompt', 'unsupported_value'],
    [{ stream_options: {} }, 'stream_options', 'invalid_value'],
    [{ echo: 'yes' }, 'echo', 'invalid_type'],
    [{ stream: 'true' }, 'stream', 'invalid_type'],
    [{ stream: 1 }, 'stream', 'invalid_type'],
    [{ n: 129 }, 'n', 'integer_above_max_value'],
    [{ messages: [] }, 'messages', 'unknown_parameter'],
    [{ image_urls: [] }, 'image_urls', 'invalid_image_url'],
  ])('but not: %j', (body, param, reason) => {
    const error = refusalOf(() => ask(body));
    expect(error).toMatchObject({ param, reason, status: 400 });
    expect(error?.message).toContain(`'${param}'`);
  });
});

describe('the answer', () => {
  const answers: Answers = {
    model: { id: 'm', upstream: 'o/n' },
    choices: [
      { id: 'p1', text: ' A red bicycle.', finishReason: 'stop' },
      { id: 'p2', text: ' A red', finishReason: 'length' },
    ],
    usage: { prompt: 5, completion: 7 },
    timings: { queueMs: 1 },
    attempts: 1,
  };

  it("has OpenAI's shape", () => {
    expect(toCompletionResponse(answers, 1625159073, '')).toEqual({
      id: 'p1',
      object: 'text_completion',
      created: 1625159073,
      model: 'm',
      choices: [
        { text: ' A red bicycle.', index: 0, logprobs: null, finish_reason: 'stop' },
        { text: ' A red', index: 1, logprobs: null, finish_reason: 'length' },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
    });
  });

  it('begins with the prompt where that is asked for', () => {
    expect(echoOf(request({}))).toBe('');
    expect(echoOf(request({ echo: false }))).toBe('');
    const echo = echoOf(request({ echo: true, prompt: ['Look:'] }));
    const { choices } = toCompletionResponse(answers, 0, echo);
    expect(choices.map(({ text }) => text)).toEqual(['Look: A red bicycle.', 'Look: A red']);
  });
});

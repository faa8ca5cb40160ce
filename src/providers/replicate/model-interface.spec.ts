import { describe, expect, it } from 'vitest';
import { FILE, modelOf, schemaOf, TEXT } from './model-interface.fixture.js';
import { readModelInterface } from './model-interface.js';

const CHOICE = { type: 'string', enum: ['a', 'b'] };
const WHOLE = { type: 'integer' };

describe('the question of a model', () => {
  it.each<[string, Record<string, object>, string[]]>([
    ['prompt', { text: TEXT, prompt: TEXT }, []],
    ['question', { context: TEXT, question: TEXT }, []],
    ['userPrompt', { userPrompt: TEXT, systemPrompt: TEXT }, []],
    ['topic', { style: TEXT, topic: TEXT }, ['topic']],
    ['cond_text', { beam_size: WHOLE, cond_text: { ...TEXT, default: 'Image of a' } }, []],
    ['prompt', { prompt: {} }, []],
    ['prompt', { prompt: { anyOf: [TEXT, { type: 'null' }] } }, []],
  ])('is in %s', (name, properties, required) => {
    expect(modelOf(properties, required).prompt.name).toBe(name);
  });

  it.each([
    'prompt_template',
    'system_prompt',
    'negative_prompt',
    'stop_sequences',
    'pre_prompt',
    'text_format',
  ])('is never in %s', (name) => {
    expect(readModelInterface(schemaOf({ [name]: TEXT }, [name]))).toEqual({
      uncallable: 'it takes no text',
    });
  });

  it('is in no choice, no file and no secret', () => {
    const properties = { prompt: CHOICE, text: FILE, query: { type: 'string', format: 'password' } };
    expect(readModelInterface(schemaOf(properties))).toEqual({ uncallable: 'it takes no text' });
  });

  it('turns the task on that is named for it', () => {
    const task = { allOf: [{ $ref: '#/components/schemas/task' }], default: 'image_captioning' };
    const choices = { type: 'string', enum: ['image_captioning', 'visual_question_answering'] };
    const reading = readModelInterface(schemaOf({ question: TEXT, task }, [], { task: choices }));
    expect(reading).toMatchObject({ model: { presets: { task: 'visual_question_answering' } } });
  });
});

describe('the other inputs of a model', () => {
  it.each(['system_prompt', 'system_instruction', 'system', 'systemPrompt', 'system_message'])(
    'have the system prompt in %s',
    (name) => {
      expect(modelOf({ prompt: TEXT, [name]: TEXT }).system?.name).toBe(name);
    },
  );

  it.each<[string, Record<string, object>]>([
    ['max_completion_tokens', { max_tokens: WHOLE, max_completion_tokens: WHOLE }],
    ['max_output_tokens', { max_new_tokens: WHOLE, max_output_tokens: WHOLE }],
    ['max_new_tokens', { max_length: WHOLE, max_tokens: WHOLE, max_new_tokens: WHOLE }],
    // The one without a default is the one that is not in force (nousresearch/hermes-2-theta-llama-8b).
    ['max_tokens', { max_new_tokens: WHOLE, max_tokens: { ...WHOLE, default: 512 } }],
    ['max_length_tokens', { max_length: WHOLE, max_length_tokens: WHOLE }],
    ['max_sequence', { max_sequence: WHOLE }],
    ['max_sequence_length', { max_sequence_length: WHOLE }],
    ['max_seq_length', { max_length: WHOLE, max_seq_length: WHOLE }],
    ['maxTokens', { maxTokens: WHOLE }],
  ])('have the token limit in %s', (name, properties) => {
    expect(modelOf({ prompt: TEXT, ...properties }).tokenLimit?.name).toBe(name);
  });

  it('have sampling by the names that models give it', () => {
    const model = modelOf({
      prompt: TEXT,
      temp: { type: 'number' },
      nucleus: { type: 'number' },
      topK: WHOLE,
      random_seed: WHOLE,
      sampling: { type: 'boolean' },
      stop_words: { type: 'array', items: TEXT },
    });
    const { temperature, topP, topK, seed } = model.sampling;
    const names = [temperature, topP, topK, seed, model.sampler, model.stop].map((field) => field?.name);
    expect(names).toEqual(['temp', 'nucleus', 'topK', 'random_seed', 'sampling', 'stop_words']);
  });

  it('do not have a number in a list, a switch or a text that holds none', () => {
    const properties = {
      prompt: TEXT,
      temperature: TEXT,
      top_p: { type: 'boolean' },
      seed: { type: 'array', items: WHOLE },
    };
    expect(modelOf(properties).sampling).toEqual({});
  });

  it('are sent with their default where they must be sent', () => {
    expect(modelOf({ prompt: TEXT, mode: { ...TEXT, default: 'fast' } }, ['mode']).presets).toEqual({
      mode: 'fast',
    });
  });

  it('are left to the operator where no request fills them', () => {
    expect(modelOf({ prompt: TEXT, voice: TEXT, n: WHOLE }, ['prompt', 'voice', 'n']).unfilled).toEqual([
      'voice',
      'n',
    ]);
    expect(modelOf({ prompt: TEXT }, ['prompt', 'undescribed']).unfilled).toEqual(['undescribed']);
  });
});

describe('the output of a model', () => {
  const texts = { type: 'array', items: TEXT };
  const answer = { type: 'object', properties: { text_out: TEXT, img_out: FILE } };
  const reading = (output: unknown, more = {}) =>
    readModelInterface(schemaOf({ prompt: TEXT }, [], { Output: output, ...more }));

  it.each<[string, unknown, string]>([
    ['a text', TEXT, 'value'],
    ['a text that may be missing', { ...TEXT, nullable: true }, 'value'],
    ['a number', { type: 'number' }, 'value'],
    ['nothing in particular', {}, 'value'],
    [
      'pieces of a text',
      { ...texts, 'x-cog-array-type': 'iterator', 'x-cog-array-display': 'concatenate' },
      'pieces',
    ],
    ['an iterator of texts', { ...texts, 'x-cog-array-type': 'iterator' }, 'texts'],
    ['texts', texts, 'texts'],
    ['an object with a text beside a file (chenxwh/deepseek-vl2)', answer, 'value'],
    ['a list of them', { type: 'array', items: answer }, 'texts'],
  ])('is %s', (_, output, form) => {
    expect(reading(output)).toMatchObject({ model: { output: form } });
  });

  it.each<[string, unknown]>([
    ['a file', FILE],
    ['a list of files', { type: 'array', items: FILE }],
    ['an iterator of files', { type: 'array', items: FILE, 'x-cog-array-type': 'iterator' }],
    [
      'an object of files',
      { type: 'object', properties: { img_out: FILE, more: { type: 'array', items: FILE } } },
    ],
    ['a reference to files', { $ref: '#/components/schemas/Files' }],
  ])('makes a model of %s one that cannot be asked', (_, output) => {
    const Files = { type: 'object', properties: { image: FILE } };
    expect(reading(output, { Files })).toEqual({ uncallable: 'it answers with files, not with text' });
  });
});

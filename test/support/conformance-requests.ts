// Requests that OpenAI's document accepts, in tables of what we make of them: taken, or refused for a reason. Tried in
// test/contract/conformance-requests.spec.ts. Each line is a title and what differs from a plain question.

const picture = { type: 'image_url', image_url: { url: 'https://example.com/image.jpg' } };
/** A question about a picture. */
export const asked = [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, picture] }];
const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };

/** Requests that OpenAI's document accepts: `model` and a question about a picture, and these. */
export const CHAT: readonly [string, object][] = [
  ['nothing else', {}],
  ['a system message', { messages: [{ role: 'system', content: 'Be short.' }, ...asked] }],
  [
    'a developer message in parts',
    { messages: [{ role: 'developer', content: [{ type: 'text', text: 'Short.' }] }, ...asked] },
  ],
  ['a name', { messages: [{ ...asked[0], name: 'Ann' }] }],
  [
    'an earlier answer',
    { messages: [...asked, { role: 'assistant', content: 'A bicycle.' }, { role: 'user', content: 'Why?' }] },
  ],
  [
    'an earlier refusal',
    {
      messages: [
        ...asked,
        { role: 'assistant', content: null, refusal: 'No.' },
        { role: 'user', content: 'Why?' },
      ],
    },
  ],
  [
    'a detail',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What?' },
            { ...picture, image_url: { ...picture.image_url, detail: 'low' } },
            { ...picture, image_url: { ...picture.image_url, detail: 'original' } },
          ],
        },
      ],
    },
  ],
  ['limits', { max_completion_tokens: 100, temperature: 0.5, top_p: 1, n: 2, stop: ['x', 'y'] }],
  ['the old limit', { max_tokens: 100 }],
  [
    'null for what is not wanted',
    {
      max_tokens: null,
      temperature: null,
      top_p: null,
      n: null,
      stream: null,
      seed: null,
      stop: null,
      stream_options: null,
      logprobs: null,
      logit_bias: null,
      metadata: null,
      user: null,
      service_tier: null,
      store: null,
      modalities: null,
      reasoning_effort: null,
      verbosity: null,
      prediction: null,
      audio: null,
      frequency_penalty: null,
      presence_penalty: null,
      safety_identifier: null,
      prompt_cache_key: null,
      moderation: null,
    },
  ],
  [
    'what changes nothing',
    {
      frequency_penalty: 0,
      presence_penalty: 0,
      logprobs: false,
      tools: [],
      logit_bias: {},
      store: false,
      service_tier: 'auto',
      modalities: ['text'],
      parallel_tool_calls: true,
      function_call: 'none',
      tool_choice: 'none',
    },
  ],
  [
    'names and labels',
    { user: 'u', metadata: { order: '7' }, safety_identifier: 's', prompt_cache_key: 'k' },
  ],
  ['text', { response_format: { type: 'text' } }],
  ['settings of a cache', { prompt_cache_retention: '24h', prompt_cache_options: { mode: 'implicit' } }],
];

/** Requests that OpenAI's document accepts and we refuse, with the parameter and the reason. */
export const REFUSED: readonly [string, object, string, string][] = [
  ['tools', { tools: [tool] }, 'tools', 'models here call no tools'],
  ['a tool that is chosen', { tools: [tool], tool_choice: 'required' }, 'tool', 'models here call no tools'],
  ['functions', { functions: [{ name: 'look' }] }, 'functions', 'models here call no functions'],
  [
    'log probabilities',
    { logprobs: true, top_logprobs: 2 },
    'logprobs',
    'Replicate gives none, and none are made up',
  ],
  ['a bias', { logit_bias: { 50256: -100 } }, 'logit_bias', 'models here have other tokens'],
  [
    'sound',
    { modalities: ['text', 'audio'], audio: { voice: 'ash', format: 'mp3' } },
    '',
    'models here make no sound',
  ],
  [
    'a tool message',
    { messages: [...asked, { role: 'tool', content: '1', tool_call_id: 'c' }] },
    'messages',
    'models here call no tools',
  ],
  [
    'a function message',
    { messages: [...asked, { role: 'function', content: '1', name: 'f' }] },
    'messages',
    'models here call no functions',
  ],
  [
    'sound in a message',
    {
      messages: [
        { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }] },
      ],
    },
    'messages',
    'models here do not hear',
  ],
  [
    'a file in a message',
    { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
    'messages',
    'models here read images, not documents',
  ],
  [
    'no room for an answer',
    { max_completion_tokens: 0 },
    'max_completion_tokens',
    'an answer of nothing would be billed',
  ],
  [
    'a schema that is left out',
    { response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
    'response_format',
    'there is nothing to hold the answer to',
  ],
  ['a faster service', { service_tier: 'flex' }, 'service_tier', 'there is one service'],
  ['reasoning', { reasoning_effort: 'low' }, 'reasoning_effort', 'models here do not reason by degrees'],
  ['few words', { verbosity: 'low' }, 'verbosity', 'models here do not talk by degrees'],
  ['to be stored', { store: true }, 'store', 'no answers are stored for their caller'],
  ['the web', { web_search_options: {} }, 'web_search_options', 'models here search nothing'],
  ['a prediction', { prediction: { type: 'content', content: 'x' } }, 'prediction', 'models here take none'],
  ['moderation', { moderation: { model: 'omni-moderation-latest' } }, 'moderation', 'there is none'],
  [
    'padding',
    { stream: true, stream_options: { include_obfuscation: true } },
    'stream_options',
    'there is none',
  ],
  [
    'an answer to go on with',
    { messages: [...asked, { role: 'assistant', content: 'A' }] },
    'messages',
    'models here answer users',
  ],
  [
    'a mark for the cache',
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit' } }],
        },
      ],
    },
    'messages',
    'there is no cache of prompts',
  ],
];

/** As {@link CHAT}, for completions. */
export const COMPLETIONS: readonly [string, object][] = [
  ['nothing else', {}],
  ['a list of one prompt', { prompt: ['What is this?'] }],
  ['limits', { max_tokens: 100, temperature: 0.5, n: 2, stop: 'x', echo: true }],
  [
    'null for what is not wanted',
    {
      best_of: null,
      echo: null,
      logit_bias: null,
      logprobs: null,
      n: null,
      stream: null,
      suffix: null,
      temperature: null,
      top_p: null,
      seed: null,
      stop: null,
      stream_options: null,
      max_tokens: null,
      frequency_penalty: null,
      presence_penalty: null,
    },
  ],
  [
    'what changes nothing',
    { user: 'u', best_of: 1, frequency_penalty: 0, presence_penalty: 0, logit_bias: {} },
  ],
];

/** As {@link REFUSED}, for completions. */
export const REFUSED_COMPLETIONS: readonly [string, object, string, string][] = [
  ['two prompts', { prompt: ['one', 'two'] }, 'prompt', 'the images are of one question'],
  ['tokens', { prompt: [1212, 318] }, 'prompt', 'models here have other tokens'],
  ['no prompt', { prompt: null }, 'prompt', 'there is nothing to ask'],
  ['a suffix', { suffix: 'test.' }, 'suffix', 'models here cannot fill in'],
  ['the best of several', { best_of: 3 }, 'best_of', 'every one would be billed, and none can be ranked'],
  ['log probabilities', { logprobs: 2 }, 'logprobs', 'Replicate gives none, and none are made up'],
];

const NO_STOP = 'an empty text stops nothing, and who reads the document need not know';

/** Requests that OpenAI's document and we accept, and that our document does not tell of, with the reason. */
export const UNTOLD: readonly [string, object, string][] = [['an empty stop', { stop: '' }, NO_STOP]];

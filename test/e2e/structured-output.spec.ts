// Answers that have to be JSON, from models that know nothing of it: never anything else as a success.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countTokens } from '../../src/tokenizer/llama-tokenizer.js';
import { creates } from '../support/asking.js';
import { asked, chat, contents, errorOf, framesOf, imagePart } from '../support/chat.js';
import { type Answer, startTestGateway, startTestSandbox, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import { ANY_OBJECT, fitting, INVOICE, RIGHT, WRONG } from '../support/structured.js';

const LLAVA = 'yorickvp/llava-13b';
const ATTEMPTS = 'x-cerebro-attempts';

let gateway: TestGateway;
let never: TestGateway;
let twice: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { models: ['*'] } });
  never = await startTestGateway({ beside: gateway, settings: { models: ['*'], structuredRetries: 0 } });
  twice = await startTestGateway({ beside: gateway, settings: { models: ['*'], structuredRetries: 2 } });
});
afterAll(async () => {
  await twice.close();
  await never.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

/** The model's answers, in order. */
function answers(...outputs: unknown[]): void {
  for (const output of outputs) gateway.sandbox.script({ output });
}
const prompts = () =>
  creates(gateway).map(({ body }) => (body as { input: { prompt: string } }).input.prompt);

function expectFailed(answer: Answer, attempts: number, problem: RegExp): void {
  expect(answer.status, answer.text).toBe(400);
  const error = errorOf(answer);
  expect(error).toMatchObject({ code: 'structured_output_failed', param: 'response_format' });
  expect(error.message).toMatch(problem);
  expect(answer.headers[ATTEMPTS]).toBe(String(attempts));
  // It is paid for, and would most likely fail again.
  expect(answer.headers['x-should-retry']).toBe('false');
}

describe('an answer in a schema', () => {
  it.each([
    ['as it is', RIGHT],
    ['with white space', `\n ${RIGHT.replaceAll(',', ' ,\n')} \n`],
    ['in a fence', `\`\`\`json\n${RIGHT}\n\`\`\``],
    ['in prose', `Sure! Here is the JSON:\n\n${RIGHT}\n\nLet me know if you need more.`],
    ['with a comma too many', RIGHT.replace('}', ',}')],
    ['in single quotes', RIGHT.replaceAll('"', "'")],
    ['with comments', RIGHT.replace(',"total"', ', // as printed\n"total"')],
    ['with bare keys', RIGHT.replace(/"(\w+)":/g, '$1: ')],
  ])('is valid at once, and minified: %s', async (_, output) => {
    answers(output);
    const answer = await chat(gateway, fitting());
    expect(contents(answer)).toEqual([RIGHT]);
    expect(answer.headers[ATTEMPTS]).toBe('1');
    expect(answer.json).toMatchObject({ choices: [{ finish_reason: 'stop', message: { refusal: null } }] });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('has the schema behind the question, and the description', async () => {
    answers(RIGHT);
    const messages = [asked(imagePart(), 'Describe the image.')];
    await chat(gateway, { messages, ...fitting(INVOICE, { description: 'What the paper says.' }) });
    const [prompt = ''] = prompts();
    expect(prompt).toMatch(/^Describe the image\.\n\nReply with exactly one JSON value named invoice/);
    expect(prompt).toContain('(What the paper says.)');
    expect(prompt.endsWith(JSON.stringify(INVOICE))).toBe(true);
  });

  it('is asked for again where it is wrong, and the model is shown what it said and what is wrong', async () => {
    answers(WRONG, RIGHT);
    const answer = await chat(gateway, { ...fitting(), temperature: 0 });
    expect(contents(answer)).toEqual([RIGHT]);
    expect(answer.headers[ATTEMPTS]).toBe('2');
    const [first = '', second = ''] = prompts();
    expect(second.startsWith(first)).toBe(true);
    expect(second.slice(first.length)).toBe(
      `<|end|>\n<|assistant|>\n${WRONG}<|end|>\n<|user|>\nThat answer cannot be used: /total must be number.\n` +
        'Answer the question again. Reply with the corrected JSON only: no explanation, no code fence, no schema.',
    );
    const [{ body: one } = { body: {} }, { body: two } = { body: {} }] = creates(gateway);
    const rest = (body: unknown) => ({ ...(body as { input: object }).input, prompt: '' });
    expect(rest(two)).toEqual(rest(one));
    // Both are billed, and both are told.
    await expectOneBill(gateway);
    expect(await ledger(gateway)).toHaveLength(2);
    expect(answer.json).toMatchObject({
      usage: {
        completion_tokens: countTokens(WRONG) + countTokens(RIGHT),
        prompt_tokens: expect.toSatisfy(
          (count: number) => count > 2 * countTokens('Describe the image.'),
        ) as number,
      },
    });
  });

  it.each([
    ['two objects that both fit', `${RIGHT} or ${RIGHT.replace('143.5', '144')}`],
    ['nothing', ''],
    ['no JSON', 'I cannot read this invoice.'],
    ['a list', `[${RIGHT}]`],
    ['a key too many', RIGHT.replace('{', '{"note":"x",')],
    ['a value that is none', RIGHT.replace('143.5', 'NaN')],
    ['the schema itself', JSON.stringify(INVOICE)],
    ['JSON that breaks off', RIGHT.slice(0, 30)],
  ])('is asked for again where the model gives %s', async (_, output) => {
    answers(output, RIGHT);
    const answer = await chat(gateway, fitting());
    expect(contents(answer)).toEqual([RIGHT]);
    expect(answer.headers[ATTEMPTS]).toBe('2');
  });

  it('is an error where it never fits, with what was wrong at last', async () => {
    answers('No.', WRONG);
    expectFailed(await chat(gateway, fitting()), 2, /in 2 attempts: \/total must be number/);
    await expectOneBill(gateway);
    expect(gateway.sandbox.bill.creates).toBe(2);
    expect((await ledger(gateway)).map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
  });

  it('is asked for as often as the setting says', async () => {
    answers(WRONG);
    expectFailed(await chat(never, fitting()), 1, /in one attempt/);
    answers('No.', WRONG, RIGHT);
    const answer = await chat(twice, fitting());
    expect(contents(answer)).toEqual([RIGHT]);
    expect(answer.headers[ATTEMPTS]).toBe('3');
    answers('No.', 'No!', WRONG);
    expectFailed(await chat(twice, fitting()), 3, /in 3 attempts/);
    expect(gateway.sandbox.bill.creates).toBe(7);
  });

  it('that the token limit cut is a 400, and not asked for again', async () => {
    answers(RIGHT);
    const answer = await chat(gateway, { ...fitting(), max_completion_tokens: 10 });
    expect(answer.status, answer.text).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: 'structured_output_truncated',
      param: 'max_completion_tokens',
    });
    expect(answer.headers['x-should-retry']).not.toBe('true');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it("whose model fails is the model's failure", async () => {
    gateway.sandbox.script({ fail: 'CUDA out of memory' });
    const answer = await chat(gateway, fitting());
    expect(errorOf(answer).code).toBe('prediction_failed');
    answers(WRONG);
    gateway.sandbox.script({ fail: 'CUDA out of memory' });
    expect(errorOf(await chat(gateway, fitting())).code).toBe('prediction_failed');
    expect(gateway.sandbox.bill.creates).toBe(3);
  });

  it('goes on with a conversation, whatever form the model takes it in', async () => {
    const said = (content: string) => ({ role: 'assistant', content });
    const messages = [
      { role: 'system', content: 'You read invoices.' },
      asked(imagePart(), 'What is it?'),
      said('An invoice.'),
      asked('Read it.'),
    ];
    for (const model of [
      'cerebro-phi3.5-vision-instruct',
      LLAVA,
      'openai/gpt-4o-mini',
      'yorickvp/llava-v1.6-vicuna-13b',
    ]) {
      answers(WRONG, RIGHT);
      const answer = await chat(gateway, { model, messages, ...fitting() });
      expect(contents(answer), model).toEqual([RIGHT]);
      const [first, second] = creates(gateway)
        .slice(-2)
        .map(({ body }) => JSON.stringify(body));
      // The schema stands with the last question, and stays there.
      for (const sent of [first, second])
        expect(sent).toMatch(/Read it\.(\\n){2}Reply with exactly one JSON value/);
      expect(second).toMatch(/That answer cannot be used: \/total must be number/);
      expect(first).not.toContain('cannot be used');
    }
  });

  it('may be several, each asked for again by itself', async () => {
    gateway.sandbox.script({ output: RIGHT });
    gateway.sandbox.script({ output: WRONG });
    gateway.sandbox.script({ output: RIGHT.replace('143.5', '1') });
    const answer = await chat(gateway, { ...fitting(), n: 2 });
    expect([...contents(answer)].sort()).toEqual([RIGHT.replace('143.5', '1'), RIGHT]);
    expect(answer.headers[ATTEMPTS]).toBe('2');
    expect(gateway.sandbox.bill.creates).toBe(3);
  });

  it('leaves an ordinary answer alone', async () => {
    const answer = await chat(gateway, { response_format: { type: 'text' } });
    expect(contents(answer)).toEqual(['A red bicycle.']);
    expect(answer.headers).not.toHaveProperty(ATTEMPTS);
    expect(prompts()).toEqual(['Describe the image.']);
  });
});

describe('any JSON object', () => {
  it('is what json_object asks for', async () => {
    answers('Here: ```json\n{"a": [1, {"b": null}],}\n```');
    expect(contents(await chat(gateway, ANY_OBJECT))).toEqual(['{"a":[1,{"b":null}]}']);
    expect(prompts()[0]).toMatch(/Reply with exactly one JSON object and nothing else/);
  });

  it('is not a list, nor a word, and is then asked for again', async () => {
    answers('[1,2]', '{"a":1}');
    const answer = await chat(gateway, ANY_OBJECT);
    expect([contents(answer), answer.headers[ATTEMPTS]]).toEqual([['{"a":1}'], '2']);
    answers('"yes"', '[1,2]');
    expectFailed(await chat(gateway, ANY_OBJECT), 2, /must be a JSON object/);
  });
});

describe('a stream of an answer in a form', () => {
  const streamed = { stream: true, stream_options: { include_usage: true } };
  interface Chunk {
    choices: { index: number; delta: { content?: string } }[];
    usage: object | null;
  }
  const textOf = (text: string) =>
    (framesOf(text).filter((frame) => frame !== '[DONE]') as Chunk[])
      .flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? ''))
      .join('');

  it.each([LLAVA, 'cerebro-phi3.5-vision-instruct'])('holds the valid JSON alone: %s', async (model) => {
    answers(['Sure', ': ', WRONG], `\`\`\`json\n${RIGHT}\n\`\`\``);
    const { status, text } = await chat(gateway, { model, ...fitting(), ...streamed });
    expect(status, text).toBe(200);
    expect(textOf(text)).toBe(RIGHT);
    const frames = framesOf(text);
    expect(frames.at(-1)).toBe('[DONE]');
    expect(frames.at(-2)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: expect.any(Number) as number },
    });
    await expectOneBill(gateway);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('that fails before anything is sent is an ordinary error', async () => {
    answers(WRONG, WRONG);
    const answer = await chat(gateway, { ...fitting(), ...streamed });
    expectFailed(answer, 2, /total must be number/);
    answers(RIGHT);
    const cut = await chat(gateway, { ...fitting(), ...streamed, max_tokens: 10 });
    expect([cut.status, errorOf(cut).code]).toEqual([400, 'structured_output_truncated']);
    const bad = await chat(gateway, { ...fitting({ type: 'x' }), ...streamed });
    expect([bad.status, errorOf(bad).code]).toEqual([400, 'invalid_json_schema']);
  });

  it('that fails after a sign of life is an error event, and nothing after it', async () => {
    const patient = await startTestGateway({ beside: gateway, settings: { streamHeartbeatMs: 100 } });
    try {
      gateway.sandbox.script({ run: 400, output: WRONG });
      gateway.sandbox.script({ output: WRONG });
      const { status, text } = await chat(patient, { ...fitting(), ...streamed });
      expect(status).toBe(200);
      expect(text).toMatch(/^: keep-alive\n\n/);
      const frames = framesOf(text);
      expect(frames.at(-1)).toMatchObject({
        error: { code: 'structured_output_failed', type: 'invalid_request_error' },
      });
      expect(text).not.toContain('[DONE]');
      expect(text).not.toContain('"content":"{');
    } finally {
      await patient.close();
    }
  });

  it('may be of several', async () => {
    answers(RIGHT, RIGHT);
    const { text } = await chat(gateway, { ...fitting(), ...streamed, n: 2 });
    expect(textOf(text)).toBe(RIGHT + RIGHT);
  });
});

describe("the sandbox's own model, which sees", () => {
  it("reads the README's invoice into a schema", async () => {
    const sandbox = await startTestSandbox({ model: undefined, fetchPicture: undefined });
    const settings = {
      replicateBaseUrl: sandbox.baseUrl,
      privateImageHosts: [new URL(sandbox.baseUrl).host],
    };
    const seeing = await startTestGateway({ settings });
    try {
      const messages = [asked('Read this invoice.', imagePart(sandbox.pictures['invoice.png']))];
      const answer = await chat(seeing, { messages, ...fitting(), temperature: 0 });
      expect(JSON.parse(contents(answer)[0] ?? '')).toEqual({
        number: '2026-118 (sandbox)',
        total: 143.5,
        currency: 'EUR',
      });
      expect(answer.headers[ATTEMPTS]).toBe('1');
      const any = await chat(seeing, { messages, ...ANY_OBJECT });
      expect(JSON.parse(contents(any)[0] ?? '')).toMatchObject({});
      const { text } = await chat(seeing, { messages, ...fitting(), stream: true });
      expect(text).toContain('143.5');
      await expectOneBill({ databaseUrl: seeing.databaseUrl, sandbox });
    } finally {
      await seeing.close();
      await sandbox.close();
    }
  }, 60_000);
});

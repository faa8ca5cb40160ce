import { describe, expect, it } from 'vitest';
import type { Prompt } from '../inference/conversation.js';
import type { AnswerForm } from './answer-form.js';
import { withCorrection, withInstructions } from './instructions.js';

const form: AnswerForm = {
  kind: 'json_schema',
  name: 'invoice',
  description: 'what is to be paid',
  schema: { type: 'object', properties: { total: { type: 'number' } } },
  param: 'response_format.json_schema.schema',
};
const minified = '{"type":"object","properties":{"total":{"type":"number"}}}';

describe('the demand for JSON', () => {
  it('stands behind the question, with the schema last', () => {
    const prompt = withInstructions(form, 'What is the total?');
    expect(prompt).toMatch(
      /^What is the total\?\n\nReply with exactly one JSON value named invoice \(what is to be paid\)/,
    );
    expect(prompt).toMatch(new RegExp(`:\\n${minified.replace(/[{}]/g, '\\$&')}$`));
  });

  it('asks for an object where there is no schema', () => {
    expect(withInstructions({ kind: 'json_object' }, 'What?')).toMatch(
      /^What\?\n\nReply with exactly one JSON object/,
    );
  });

  it('stands in the last turn of the user, behind the text there, and changes nothing else', () => {
    const prompt: Prompt = [
      { role: 'user', parts: [{ text: 'first' }] },
      { role: 'assistant', parts: [{ text: 'answer' }] },
      { role: 'user', parts: [{ image: 0 }, { text: 'second' }] },
      { role: 'assistant', parts: [{ text: 'begun' }] },
    ];
    const turns = withInstructions({ kind: 'json_object' }, prompt);
    expect(turns).toEqual([
      prompt[0],
      prompt[1],
      { role: 'user', parts: [{ image: 0 }, { text: expect.stringMatching(/^second\n\nReply/) as string }] },
      prompt[3],
    ]);
  });

  it('comes after an image that stands last', () => {
    const turns = withInstructions({ kind: 'json_object' }, [
      { role: 'user', parts: [{ text: 'this?' }, { image: 0 }] },
    ]);
    const demand = { text: expect.stringMatching(/^Reply/) as string };
    expect(turns).toEqual([{ role: 'user', parts: [{ text: 'this?' }, { image: 0 }, demand] }]);
  });
});

describe('the correction', () => {
  it('shows the model its answer and its error, with the images before the question', () => {
    expect(withCorrection('What?', 2, '{"total": "1"}', '/total must be number')).toEqual([
      { role: 'user', parts: [{ image: 0 }, { image: 1 }, { text: 'What?' }] },
      { role: 'assistant', parts: [{ text: '{"total": "1"}' }] },
      { role: 'user', parts: [{ text: expect.stringContaining(': /total must be number.\n') as string }] },
    ]);
  });

  it('goes on with a conversation', () => {
    const prompt: Prompt = [{ role: 'user', parts: [{ text: 'What?' }] }];
    const once = withCorrection(prompt, 0, 'a', 'x');
    expect(withCorrection(once, 0, 'b', 'y')).toHaveLength(5);
  });

  it('shows little of a long answer, and says so of none', () => {
    const [, long] = withCorrection('What?', 0, 'x'.repeat(100_000), 'x');
    expect(JSON.stringify(long).length).toBeLessThan(4200);
    const [, none] = withCorrection('What?', 0, ' \n', 'x');
    expect(none).toEqual({ role: 'assistant', parts: [{ text: '(no answer)' }] });
  });
});

import { describe, expect, it } from 'vitest';
import { type ChoiceAnswer, together } from './answers.js';

const model = { id: 'm', upstream: 'o/m' };
const answer = (id: string, usages: ChoiceAnswer['usages'], queueMs = 1): ChoiceAnswer => ({
  choice: { id, text: id, finishReason: 'stop' },
  stopped: false,
  timings: { queueMs, runMs: 10 },
  usages,
});

describe('answers to one question', () => {
  it('count the prompt once, and every completion', () => {
    const [a, b] = [
      answer('a', [{ prompt: 5, completion: 7 }]),
      answer('b', [{ prompt: 5, completion: 9 }], 3),
    ];
    expect(together(model, [a, b])).toEqual({
      model,
      choices: [a.choice, b.choice],
      usage: { prompt: 5, completion: 16 },
      timings: { queueMs: 3, runMs: 10 },
      attempts: 1,
    });
  });

  it('count a prompt again with each further attempt', () => {
    const tried = answer('b', [
      { prompt: 5, completion: 1 },
      { prompt: 20, completion: 2 },
    ]);
    const { usage, attempts } = together(model, [answer('a', [{ prompt: 5, completion: 7 }]), tried]);
    expect(usage).toEqual({ prompt: 25, completion: 10 });
    expect(attempts).toBe(2);
  });
});

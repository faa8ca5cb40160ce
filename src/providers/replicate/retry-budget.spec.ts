import { describe, expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.js';

const takeAll = (budget: RetryBudget): number => {
  let taken = 0;
  while (budget.take()) taken++;
  return taken;
};

describe('the retry budget', () => {
  it('starts with ten, and is empty after them', () => {
    const budget = new RetryBudget();
    expect(takeAll(budget)).toBe(10);
    expect(budget.take()).toBe(false);
  });

  it('gains one for ten first creates, and saves up no more than ten (A6)', () => {
    const budget = new RetryBudget();
    takeAll(budget);
    for (let create = 0; create < 35; create++) budget.deposit();
    expect(takeAll(budget)).toBe(3);
    for (let create = 0; create < 10_000; create++) budget.deposit();
    expect(takeAll(budget)).toBe(10);
  });
});

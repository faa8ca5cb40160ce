import { expect, it } from 'vitest';
import { ModelNames } from './model-names.js';

it('ten thousand models have few labels, and the first of them keep theirs (I2)', () => {
  const names = new ModelNames();
  const model = (index: number) => `owner/model-${index}`;
  const labels = new Set(Array.from({ length: 10_000 }, (_, index) => names.bounded(model(index))));
  expect(labels.size).toBe(101);
  expect([names.bounded(model(0)), names.bounded(model(9999))]).toEqual([model(0), 'other']);
});

it('reserved names stay, whoever came first', () => {
  const names = new ModelNames();
  names.reserve(['mine']);
  for (let index = 0; index < 200; index++) names.bounded(`owner/model-${index}`);
  expect([names.bounded('mine'), names.bounded('theirs')]).toEqual(['mine', 'other']);
});

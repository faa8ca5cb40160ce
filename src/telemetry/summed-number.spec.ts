import { expect, it } from 'vitest';
import { SummedNumber } from './summed-number.js';

it('a number of several parts is their sum, while they are there', () => {
  const number = new SummedNumber();
  const read = () => 2;
  const leave = number.add(read);
  number.add(read);
  expect(number.value).toBe(4);
  leave();
  leave();
  expect(number.value).toBe(2);
});

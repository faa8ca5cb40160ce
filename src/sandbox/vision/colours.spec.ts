import { describe, expect, it } from 'vitest';
import { colourName, dominantColours, meanLuminance } from './colours.js';

describe('the name of a colour', () => {
  it.each([
    [0, 0, 0, 'black'],
    [255, 255, 255, 'white'],
    [128, 128, 128, 'grey'],
    [220, 20, 20, 'red'],
    [240, 140, 20, 'orange'],
    [120, 70, 20, 'brown'],
    [250, 220, 40, 'yellow'],
    [40, 160, 60, 'green'],
    [20, 190, 180, 'turquoise'],
    [30, 80, 220, 'blue'],
    [10, 30, 90, 'dark blue'],
    [159, 211, 245, 'light blue'],
    [150, 50, 210, 'purple'],
    [250, 110, 180, 'pink'],
  ])('of %i, %i, %i is %s', (red, green, blue, name) => {
    expect(colourName(red, green, blue)).toBe(name);
  });
});

describe('the colours of a bitmap', () => {
  it('come most frequent first, without the traces', () => {
    const pixels = Uint8Array.from([
      ...Array.from({ length: 70 }, () => [255, 255, 255]).flat(),
      ...Array.from({ length: 29 }, () => [255, 0, 0]).flat(),
      ...[0, 0, 255],
    ]);
    expect(dominantColours(pixels, 3)).toEqual([
      { name: 'white', share: 0.7 },
      { name: 'red', share: 0.29 },
    ]);
  });

  it('have a mean luminance between black and white', () => {
    expect(meanLuminance(Uint8Array.from([0, 0, 0]))).toBe(0);
    expect(meanLuminance(Uint8Array.from([0, 0, 0, 255, 255, 255]))).toBeCloseTo(0.5);
  });
});

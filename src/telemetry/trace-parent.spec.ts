import { describe, expect, it } from 'vitest';
import { readTraceparent, writeTraceparent } from './trace-parent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('traceparent', () => {
  it.each(['00', '01'])('is written as it was read, with flags %s', (flags) => {
    const header = `00-${TRACE}-${SPAN}-${flags}`;
    const span = readTraceparent(header);
    expect(span).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: Number(flags), isRemote: true });
    expect(span && writeTraceparent(span)).toBe(header);
  });

  it('of a later version is read as far as it is known', () => {
    expect(readTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-holds`)?.traceId).toBe(TRACE);
  });

  it.each([
    '',
    'nonsense',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
  ])('that is none counts as none: %j', (header) => {
    expect(readTraceparent(header)).toBeUndefined();
  });
});

import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents, type StreamEvent } from './event-stream.js';

async function read(chunks: Iterable<Uint8Array>, maxEvent?: number): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of readEvents(streamOf(chunks), maxEvent)) events.push(event);
  return events;
}

async function* streamOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

const bytes = (text: string) => new TextEncoder().encode(text);
const output = (data: string, id?: string) => ({ type: 'output', data, id });

/** The parser's own result, given everything at once. */
function parsedAtOnce(text: string): unknown[] {
  const events: unknown[] = [];
  const parser = createParser({
    onEvent: ({ event, data, id }) => {
      if (['output', 'logs', 'error', 'done'].includes(event ?? '')) events.push({ type: event, data, id });
    },
  });
  parser.feed(text);
  return events;
}

function cut(whole: Uint8Array, places: number[]): Uint8Array[] {
  const borders = [0, ...places.map((place) => place % (whole.length + 1)), whole.length];
  borders.sort((a, b) => a - b);
  return borders.slice(1).map((border, n) => whole.subarray(borders[n], border));
}

describe('the events of a stream', () => {
  it('are the same wherever the bytes are cut (A17)', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'event: ',
        'data: ',
        'data:',
        'id: ',
        ': hi',
        'output',
        'done',
        'logs',
        'error',
        'other',
      ),
      fc.constantFrom(
        '\n',
        '\r',
        '\r\n',
        '\n\n',
        '\r\r',
        '\r\n\r\n',
        '\uFEFF',
        ' ',
        '\0',
        '\u2028',
        '🚲',
        'é',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    const event = fc
      .tuple(
        fc.constantFrom('output', 'logs', 'done'),
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('\n', '\r', '\r\n'),
      )
      .map(([type, data, end]) => `event: ${type}${end}data: ${data}${end}${end}`);
    const text = fc.array(fc.oneof(piece, event), { maxLength: 30 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(500)), async (whole, places) => {
        // What is no text is turned into text once, as the stream's bytes would be.
        const encoded = bytes(whole);
        const expected = parsedAtOnce(new TextDecoder('utf-8', { ignoreBOM: true }).decode(encoded));
        expect(await read(cut(encoded, places))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('are read byte by byte: half characters, carriage returns, a byte order mark (A17)', async () => {
    const text = '\uFEFFevent: output\rid: 1:0\rdata: 🚲 é\r\revent: done\rdata: {}\r\r';
    const single = [...bytes(text)].map((byte) => Uint8Array.of(byte));
    expect(await read(single)).toEqual([output('🚲 é', '1:0'), { type: 'done', data: '{}', id: undefined }]);
  });

  it('begin after one byte order mark, not two', async () => {
    const text = 'event: output\ndata: a\n\n';
    expect(await read([bytes(`\uFEFF${text}`)])).toEqual([output('a')]);
    expect(await read([bytes(`\uFEFF\uFEFF${text}`)])).toEqual([]);
  });

  it('keep the space that a token begins with, and the lines of a piece', async () => {
    expect(await read([bytes('event: output\ndata:  a ha\ndata: b\n\n')])).toEqual([output(' a ha\nb')]);
  });

  it('leave out comments, events of other kinds, and one that has no end (A17)', async () => {
    const text =
      ': hi\n\nevent: other\ndata: x\n\ndata: y\n\n:408: 408 Request Timeout\n\nevent: output\ndata: z\n';
    expect(await read([bytes(text)])).toEqual([]);
  });

  it('come twice when they are sent twice with one id (A17)', async () => {
    const twice = 'event: output\nid: 1\ndata: a\n\n'.repeat(2);
    expect(await read([bytes(twice)])).toEqual([output('a', '1'), output('a', '1')]);
  });

  it('come before the stream has ended', async () => {
    let ended = false;
    async function* stream() {
      yield await Promise.resolve(bytes('event: output\ndata: a\n\n'));
      ended = true;
    }
    const events = readEvents(stream());
    expect(await events.next()).toEqual({ done: false, value: output('a') });
    expect(ended).toBe(false);
  });

  it.each(['data: ', ''])(
    'end in an error at 10 MB without an end, of a line begun by "%s" or of many lines (A17)',
    async (start) => {
      let sent = 0;
      function* endless() {
        yield bytes(`event: output\n${start}`);
        const chunk = bytes(start === '' ? `data: ${'x'.repeat(1000)}\n`.repeat(65) : 'x'.repeat(65_536));
        for (; sent < 10 * 1024 ** 2; sent += chunk.length) yield chunk;
      }
      await expect(read(endless())).rejects.toMatchObject({ type: 'max-buffer-size-exceeded' });
      expect(sent).toBeLessThan(3 * 1024 ** 2);
    },
  );

  it('pass over a line of 10 MB that is no field, without keeping it (A17)', async () => {
    function* long() {
      for (let sent = 0; sent < 160; sent++) yield bytes('x'.repeat(65_536));
      yield bytes('\nevent: output\ndata: a\n\n');
    }
    expect(await read(long())).toEqual([output('a')]);
  });
});

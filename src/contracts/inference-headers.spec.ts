import { describe, expect, it } from 'vitest';
import { answerHeaders, droppedHeaders } from './inference-headers.js';

const answers = { timings: { queueMs: 5 }, attempts: 2 };

describe('the headers of an answer', () => {
  it('tell the attempts only where a form was asked for', () => {
    expect(answerHeaders(answers, { dropped: [], form: undefined })).toEqual({
      'x-cerebro-queue-ms': '5',
      'server-timing': 'queue;dur=5',
    });
    expect(answerHeaders(answers, { dropped: [], form: { kind: 'json_object' } })).toMatchObject({
      'x-cerebro-attempts': '2',
    });
  });

  it('list what was left out', () => {
    expect(droppedHeaders({ dropped: [] })).toEqual({});
    const dropped = ['tools', 'stream_options.include_obfuscation'];
    const list = { 'x-cerebro-dropped-params': 'tools, stream_options.include_obfuscation' };
    expect(droppedHeaders({ dropped })).toEqual(list);
    expect(answerHeaders(answers, { dropped, form: undefined })).toMatchObject(list);
  });
});

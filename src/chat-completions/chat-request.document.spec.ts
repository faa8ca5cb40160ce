import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiBody } from '@nestjs/swagger';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildDocument } from '../http/openapi.js';
import { refusalOf, validated } from '../http/validated.fixture.js';
import { ChatCompletionRequest } from './chat-request.contract.js';
import { EXAMPLES } from './examples.js';

@Controller()
class Door {
  @Post()
  @ApiBody({ type: ChatCompletionRequest })
  take(@Body() body: ChatCompletionRequest): void {
    void body;
  }
}

@Module({ controllers: [Door] })
class House {}

let fits: (body: unknown) => boolean;
beforeAll(async () => {
  const app = await NestFactory.create(House, new FastifyAdapter(), { logger: false });
  await app.init();
  const document = buildDocument(app, {});
  await app.close();
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'document');
  const validate = ajv.compile({ $ref: 'document#/components/schemas/ChatCompletionRequest' });
  fits = (body) => validate(body);
});

const hello = { role: 'user', content: 'Hello.' };
const messages = [hello];
const url = { url: 'https://a.example/1.jpg' };
const part = (image_url: unknown) => ({
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url }] }],
});
const schema = (json_schema: unknown) => ({
  messages,
  response_format: { type: 'json_schema', json_schema },
});

describe('the document of chat requests says what the check does', () => {
  it.each<[string, object]>([
    ...Object.values(EXAMPLES).map(({ summary, value }): [string, object] => [summary, value]),
    ['a detail', part({ ...url, detail: 'high' })],
    [
      'a refusal',
      { messages: [{ role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }, hello] },
    ],
    ['an echo', { messages: [{ role: 'assistant', content: 'x', tool_calls: [], audio: null }, hello] }],
    ['a schema', schema({ name: 'x', schema: {}, strict: true })],
    ['notes', { messages, metadata: { a: 'b' } }],
    ['neutral values', { messages, tools: [], logprobs: false, tool_choice: 'auto', modalities: ['text'] }],
  ])('and takes %s', (_, body) => {
    expect(fits(body)).toBe(true);
    expect(refusalOf(() => validated(ChatCompletionRequest, body))).toBeUndefined();
  });

  it.each<[string, object]>([
    ['no messages', {}],
    ['an empty list', { messages: [] }],
    ['too many messages', { messages: Array(2001).fill(hello) }],
    ['an unknown role', { messages: [{ role: 'x', content: 'x' }] }],
    ['no role', { messages: [{ content: 'x' }] }],
    ['a boolean as content', { messages: [{ role: 'user', content: true }] }],
    ['no parts', { messages: [{ role: 'user', content: [] }] }],
    ['an unknown part', { messages: [{ role: 'user', content: [{ type: 'input_image' }] }] }],
    [
      'an image of a system',
      { messages: [{ role: 'system', content: [{ type: 'image_url', image_url: url }] }] },
    ],
    ['a bare address', part('https://a.example/1.jpg')],
    ['no address', part({})],
    ['an unknown detail', part({ ...url, detail: 'best' })],
    ['an unknown form', { messages, response_format: { type: 'xml' } }],
    ['a schema without a name', schema({ schema: {} })],
    ['a schema with an odd name', schema({ name: 'x y', schema: {} })],
    ['a schema that is none', schema({ name: 'x', schema: true })],
    ['odd notes', { messages, metadata: { a: 5 } }],
    ['an odd stream', { messages, stream: 'true' }],
    ['odd stream options', { messages, stream: true, stream_options: { include_usage: 1 } }],
  ])('and refuses %s', (_, body) => {
    expect(fits(body)).toBe(false);
    expect(refusalOf(() => validated(ChatCompletionRequest, body))).toMatchObject({ status: 400 });
  });
});

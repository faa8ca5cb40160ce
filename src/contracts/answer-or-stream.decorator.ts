// Documents routes whose answer comes at once or, where the caller asks for it, as a stream of chunks.
import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, type ApiResponseOptions, getSchemaPath } from '@nestjs/swagger';

/** The two forms of an answer, and its headers. */
interface Forms {
  readonly answer: Type<object>;
  /** The JSON of one event. */
  readonly chunk: Type<object>;
  readonly headers: NonNullable<ApiResponseOptions['headers']>;
}

/** The route's answer with status 200: `application/json`, or `text/event-stream`. */
export function AnswerOrStream({ answer, chunk, headers }: Forms): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(answer, chunk),
    ApiOkResponse({
      description:
        'The answer. With `stream`, server-sent events: each has a chunk as its `data`, the last one `[DONE]`; an error after the first event comes as an event with an `error`. Lines that begin with a colon are signs of life.',
      headers,
      content: {
        'application/json': { schema: { $ref: getSchemaPath(answer) } },
        'text/event-stream': { schema: { $ref: getSchemaPath(chunk) } },
      },
    }),
  );
}

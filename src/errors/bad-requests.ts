// Errors of the catalogue that say that a request is wrong as it stands.
import type { ErrorSpec } from './error-spec.js';

const badRequest = (code: string | null, message: string): ErrorSpec => ({
  status: 400,
  type: 'invalid_request_error',
  code,
  message,
});

/** 400, by the name that code throws. */
export const badRequests = {
  invalid_json: badRequest(
    null,
    'We could not parse the JSON body of your request. (HINT: The API expects a JSON payload, but what was sent was not valid JSON.)',
  ),
  bad_http: badRequest('bad_http', 'The HTTP request could not be parsed.'),
  missing_required_parameter: badRequest('missing_required_parameter', 'A required parameter is missing.'),
  unknown_parameter: badRequest('unknown_parameter', 'Unknown parameter.'),
  unsupported_value: badRequest('unsupported_value', 'This value is not supported with this model.'),
  invalid_type: badRequest('invalid_type', 'A parameter has the wrong type.'),
  invalid_value: badRequest('invalid_value', 'A parameter has an invalid value.'),
  integer_below_min_value: badRequest('integer_below_min_value', 'An integer is below its minimum.'),
  integer_above_max_value: badRequest('integer_above_max_value', 'An integer is above its maximum.'),
  decimal_below_min_value: badRequest('decimal_below_min_value', 'A number is below its minimum.'),
  decimal_above_max_value: badRequest('decimal_above_max_value', 'A number is above its maximum.'),
  empty_string: badRequest('empty_string', 'A text is empty.'),
  string_above_max_length: badRequest('string_above_max_length', 'A text is too long.'),
  empty_array: badRequest('empty_array', 'A list is empty.'),
  array_above_max_length: badRequest('array_above_max_length', 'A list is too long.'),
  invalid_json_schema: badRequest('invalid_json_schema', 'This JSON Schema cannot be used.'),
  // A 400, though it is no fault of the caller's: other clients than OpenAI's repeat every 5xx, and would pay again.
  structured_output_failed: {
    ...badRequest('structured_output_failed', 'The model did not give the JSON that was asked for.'),
    retry: false,
  },
  structured_output_truncated: badRequest(
    'structured_output_truncated',
    'The answer reached its token limit before its JSON was complete.',
  ),
  invalid_image_url: badRequest('invalid_image_url', 'An image cannot be used.'),
  unsupported_parameter: badRequest(
    'unsupported_parameter',
    'This parameter is not supported with this model.',
  ),
  invalid_image: badRequest('invalid_image', 'An image cannot be used.'),
  image_too_large: badRequest('image_too_large', 'An image is too large.'),
  public_url_required: badRequest(
    'public_url_required',
    'This model fetches its images from the gateway, which has no public address. Its operator can set CEREBRO_PUBLIC_URL.',
  ),
  upstream_rejected_input: badRequest('upstream_rejected_input', 'The model does not accept this input.'),
} as const satisfies Record<string, ErrorSpec>;

// Requests to try, for the OpenAPI document. The picture's address is replaced by one that the models can fetch.

const PICTURE = { type: 'image_url', image_url: { url: 'https://example.com/image.jpg' } };

const RECEIPT = {
  type: 'object',
  properties: {
    merchant: { type: 'string' },
    date: { type: ['string', 'null'], description: 'As YYYY-MM-DD.' },
    total: { type: 'number' },
    currency: { type: 'string', enum: ['EUR', 'USD', 'GBP', 'other'] },
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, price: { type: 'number' } },
        required: ['name', 'price'],
        additionalProperties: false,
      },
    },
  },
  required: ['merchant', 'date', 'total', 'currency', 'items'],
  additionalProperties: false,
};

const ask = (text: string) => ({ role: 'user', content: [{ type: 'text', text }, PICTURE] });

/** Bodies, by their names. */
export const EXAMPLES = {
  picture: {
    summary: 'Talk about a picture',
    value: {
      messages: [
        { role: 'system', content: 'You answer in one sentence.' },
        ask('Look at this image.'),
        { role: 'assistant', content: 'I see it. What would you like to know?' },
        { role: 'user', content: 'What does it show?' },
      ],
      max_completion_tokens: 300,
    },
  },
  schema: {
    summary: 'Read a receipt into JSON that fits a schema',
    value: {
      messages: [ask('Read this receipt.')],
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'receipt', strict: true, schema: RECEIPT },
      },
      temperature: 0,
    },
  },
  json: {
    summary: 'Any JSON object',
    value: {
      messages: [ask('List what is in the image, as JSON with how many there are of each.')],
      response_format: { type: 'json_object' },
    },
  },
  stream: {
    summary: 'An answer as a stream',
    value: {
      messages: [ask('Describe the image.')],
      stream: true,
      stream_options: { include_usage: true },
    },
  },
  text: {
    summary: 'Text alone, of a model that needs no image and that this gateway allows',
    value: {
      model: 'meta/meta-llama-3-8b-instruct',
      messages: [{ role: 'user', content: 'What is a dent?' }],
    },
  },
};

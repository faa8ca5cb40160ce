// Requests to try, for the OpenAPI document. The picture's address is replaced by one that the models can fetch.

const PICTURE = 'https://example.com/image.jpg';

/** Bodies, by their names. */
export const EXAMPLES = {
  picture: {
    summary: 'Describe a picture',
    value: {
      prompt: 'Describe the image.',
      image_urls: PICTURE,
      max_tokens: 1000,
      temperature: 0.7,
      do_sample: true,
    },
  },
  stream: {
    summary: 'The same as a stream',
    value: {
      prompt: 'Describe the image.',
      image_urls: PICTURE,
      stream: true,
      stream_options: { include_usage: true },
    },
  },
};

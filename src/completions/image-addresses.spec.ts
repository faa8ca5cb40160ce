import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { parseImageAddresses } from './image-addresses.js';

const PIXEL = 'data:image/png;base64,iVBORw0KGgo=';

function refusal(imageUrls: string | string[]): ApiError {
  try {
    parseImageAddresses(imageUrls);
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    return error as ApiError;
  }
  throw new Error('the addresses were accepted');
}

describe('image addresses', () => {
  it.each<[string | string[] | null | undefined, string[]]>([
    [undefined, []],
    [null, []],
    ['https://a.example/1.jpg', ['https://a.example/1.jpg']],
    [
      'https://a.example/1.jpg, https://a.example/2.jpg',
      ['https://a.example/1.jpg', 'https://a.example/2.jpg'],
    ],
    [['https://a.example/1.jpg?crop=1,2'], ['https://a.example/1.jpg?crop=1,2']],
    [`${PIXEL},https://a.example/1.jpg`, [PIXEL, 'https://a.example/1.jpg']],
    [[PIXEL], [PIXEL]],
  ])('reads %j', (given, addresses) => {
    expect(parseImageAddresses(given)).toEqual(addresses);
  });

  it.each<[string | string[], string]>([
    ['', 'image_urls[0]'],
    ['   ', 'image_urls[0]'],
    ['not a url', 'image_urls[0]'],
    ['example.com/a.jpg', 'image_urls[0]'],
    ['https:example.com', 'image_urls[0]'],
    ['file:///etc/passwd', 'image_urls[0]'],
    ['ftp://a.example/1.jpg', 'image_urls[0]'],
    ['javascript:alert(1)', 'image_urls[0]'],
    ['https://user:secret@a.example/1.jpg', 'image_urls[0]'],
    ['https://a.example/1.jpg,', 'image_urls[1]'],
    ['https://a.example/1.jpg?crop=1,2', 'image_urls[1]'],
    [['https://a.example/1.jpg', ''], 'image_urls[1]'],
    [[], 'image_urls'],
    ['data:image/png;base64,@@@', 'image_urls[0]'],
    ['data:text/html;base64,AAAA', 'image_urls[0]'],
    ['data:image/png;base64,AA,AA', 'image_urls[1]'],
  ])('refuses %j, naming its position', (given, param) => {
    expect(refusal(given)).toMatchObject({ reason: 'invalid_image_url', param });
  });

  it('refuses more than sixteen images', () => {
    expect(refusal(Array.from({ length: 17 }, () => 'https://a.example/1.jpg')).reason).toBe(
      'array_above_max_length',
    );
  });

  it('never repeats a password that stood in an address', () => {
    expect(refusal('https://user:hunter2@a.example/1.jpg').message).not.toContain('hunter2');
  });
});

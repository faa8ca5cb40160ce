// Images in a model's input: how many it takes, in which forms, and where they go.
import { ApiError } from '../../errors/api-error.js';
import type { ImageForm } from '../../inference/inference.js';
import type { ParamNames } from '../../inference/param-names.js';
import type { ImageChannel } from './image-fields.js';
import type { FixedInput } from './input-numbers.js';

/** An image in a form that a model takes. */
export interface ImageValue {
  readonly form: ImageForm;
  readonly value: string;
}

/**
 * The forms in which a model takes as many images as there are, best first; none for no images.
 *
 * @param param where the caller put them
 * @throws {ApiError} for more or fewer images than the model takes
 */
export function imageFormsFor(
  count: number,
  channels: readonly ImageChannel[],
  fixed: FixedInput,
  param: ParamNames['images'],
): readonly ImageForm[] {
  if (count === 0) {
    const needed = channels.find(({ required }) => required);
    const names = needed?.names.slice(0, Math.max(1, needed.minimum)) ?? [];
    if (names.every((name) => Object.hasOwn(fixed, name))) return [];
    throw new ApiError('missing_required_parameter', {
      param,
      message:
        param === 'messages'
          ? "Invalid 'messages': there is no image. This model answers questions about images only."
          : "Missing required parameter: 'image_urls'. This model answers questions about images only.",
    });
  }
  if (channels.length === 0) {
    throw new ApiError('unsupported_value', { param, message: 'This model takes no images.' });
  }
  const forms = channels.filter((channel) => fits(count, channel)).map(({ form }) => form);
  if (forms.length > 0) return [...new Set(forms)];
  const most = Math.max(...channels.map(({ capacity }) => capacity));
  throw count > most ? tooMany(count, most, param) : tooFew(count, channels, param);
}

/** The inputs that hold images, all of one form, in order. */
export function imageInput(
  images: readonly ImageValue[],
  channels: readonly ImageChannel[],
): Record<string, unknown> {
  const [first] = images;
  if (!first) return {};
  const channel = channels.find(({ form, ...rest }) => form === first.form && fits(images.length, rest));
  if (!channel) throw new Error(`no input for ${images.length} images of form ${first.form}`);
  const values = images.map(({ value }) => value);
  const [name = ''] = channel.names;
  switch (channel.container) {
    case 'one':
      return { [name]: values[0] };
    case 'list':
      return { [name]: values };
    case 'csv':
      // The model splits on commas: those inside an address are escaped.
      return { [name]: values.map((value) => value.replaceAll(',', '%2C')).join(',') };
    case 'numbered':
      return Object.fromEntries(
        channel.names.slice(0, values.length).map((field, position) => [field, values[position]]),
      );
  }
}

function fits(count: number, { minimum, capacity }: Pick<ImageChannel, 'minimum' | 'capacity'>): boolean {
  return count >= minimum && count <= capacity;
}

function tooMany(count: number, most: number, param: ParamNames['images']): ApiError {
  const takes = most === 1 ? 'one image' : `at most ${most} images`;
  return new ApiError('array_above_max_length', {
    param,
    message: `Invalid '${param}': this model takes ${takes}, but got ${count}.`,
  });
}

function tooFew(count: number, channels: readonly ImageChannel[], param: ParamNames['images']): ApiError {
  const least = Math.min(...channels.map(({ minimum }) => minimum).filter((minimum) => minimum > count));
  if (param === 'messages') {
    return new ApiError('missing_required_parameter', {
      param,
      message: `Invalid 'messages': this model takes at least ${least} images, but got ${count}.`,
    });
  }
  return new ApiError('missing_required_parameter', {
    param: `image_urls[${count}]`,
    message: `Missing required parameter: 'image_urls[${count}]'. This model takes at least ${least} images.`,
  });
}

// Reads single values out of parsed JSON, collecting what is wrong with each. Messages name paths, never values.

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

interface Bounds {
  readonly min: number;
  readonly max: number;
}

/**
 * Reads values; `problems` collects what is wrong with them. An absent value is undefined and no problem; a
 * wrong one is undefined too. The path of the whole is empty.
 */
export class JsonReader {
  /** One clause a bad value, such as `models.vision.version must be …`. */
  readonly problems: string[] = [];

  /** Notes a problem. */
  refuse(path: string, problem: string): undefined {
    this.problems.push(`${path === '' ? 'its content' : path} ${problem}`);
    return undefined;
  }

  /** An object; with `keys`, one that has no others. What is no object reads as an empty one. */
  object(path: string, value: unknown, keys?: readonly string[]): JsonObject {
    if (value === undefined) return {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.refuse(path, 'must be an object');
      return {};
    }
    for (const key of keys ? Object.keys(value) : []) {
      if (!keys?.includes(key)) this.refuse(pathOf(path, key), 'is unknown');
    }
    return value as JsonObject;
  }

  /** A text of one form, which `form` describes. */
  matching(path: string, value: unknown, pattern: RegExp, form: string): string | undefined {
    if (value === undefined) return undefined;
    return typeof value === 'string' && pattern.test(value) ? value : this.refuse(path, `must be ${form}`);
  }

  /** A whole number within bounds. */
  integer(path: string, value: unknown, { min, max }: Bounds): number | undefined {
    if (value === undefined || (Number.isInteger(value) && isWithin(value, min, max))) return value;
    return this.refuse(path, `must be a whole number from ${min} to ${max}`);
  }

  /** A number within bounds. */
  decimal(path: string, value: unknown, { min, max }: Bounds): number | undefined {
    if (value === undefined || isWithin(value, min, max)) return value;
    return this.refuse(path, `must be a number from ${min} to ${max}`);
  }

  /** True or false. */
  boolean(path: string, value: unknown): boolean | undefined {
    if (value === undefined || typeof value === 'boolean') return value;
    return this.refuse(path, 'must be true or false');
  }

  /** A list of texts that are not empty. */
  texts(path: string, value: unknown, { max }: { max: number }): readonly string[] | undefined {
    if (value === undefined) return undefined;
    const isGood =
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= max &&
      value.every((text) => typeof text === 'string' && text !== '');
    return isGood ? (value as string[]) : this.refuse(path, `must be a list of 1 to ${max} texts`);
  }
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max;
}

/** The path of a key of an object: `models.vision`, or `models["a/b"]` where a dot would mislead. On one line. */
export function pathOf(path: string, key: string): string {
  if (/^[\w-]{1,200}$/.test(key)) return path === '' ? key : `${path}.${key}`;
  return `${path}[${JSON.stringify(key.slice(0, 200)).replace(/[\u2028\u2029]/g, '')}]`;
}

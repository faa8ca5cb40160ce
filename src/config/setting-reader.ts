// Reads single variables, collecting what is wrong with each. Messages name variables, never values.

/** Units of times, in milliseconds. */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

interface Presence {
  readonly required?: boolean;
}

/** Reads variables of an environment; `problems` collects what is wrong with them. */
export class SettingReader {
  /** One clause a bad variable, such as `PORT must be a whole number from 0 to 65535`. */
  readonly problems: string[] = [];

  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  /** A text; blank counts as absent. */
  text(
    name: string,
    { required = false, minLength = 1 }: Presence & { minLength?: number } = {},
  ): string | undefined {
    const value = this.env[name]?.trim();
    if (value === undefined || value === '') {
      return required ? this.refuse(name, 'is required when NODE_ENV is production') : undefined;
    }
    return value.length < minLength ? this.refuse(name, `must have at least ${minLength} characters`) : value;
  }

  /** A text of one form, which `form` describes. */
  matching(
    name: string,
    pattern: RegExp,
    form: string,
    presence: Presence & { minLength?: number } = {},
  ): string | undefined {
    const value = this.text(name, presence);
    if (value === undefined || pattern.test(value)) return value;
    return this.refuse(name, `must be ${form}`);
  }

  /** A text that `parse` understands, which gives undefined for any other; `form` describes it. */
  parsed<Value>(name: string, parse: (text: string) => Value | undefined, form: string): Value | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    return parse(value) ?? this.refuse(name, `must be ${form}`);
  }

  /** Entries separated by commas, each of one form; none where the variable is absent. */
  list(name: string, isGood: (entry: string) => boolean, form: string, { forbidden = false } = {}): string[] {
    const value = this.text(name);
    if (value === undefined) return [];
    if (forbidden) this.refuse(name, 'must not be set when NODE_ENV is production');
    const entries = value.split(',').map((entry) => entry.trim());
    const good = entries.filter(isGood);
    if (good.length < entries.length) this.refuse(name, `must hold entries such as ${form}`);
    return good;
  }

  /** One of a few words. */
  oneOf<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    return words.find((word) => word === value) ?? this.refuse(name, `must be one of ${words.join(', ')}`);
  }

  /** One of a few words, letter for letter, as what reads the variable itself takes it. */
  exactly(name: string, words: readonly string[]): void {
    if (this.text(name) !== undefined && !words.includes(this.env[name] ?? ''))
      this.refuse(name, `must be one of ${words.join(', ')}`);
  }

  /** A whole number within bounds. */
  integer(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    return this.refuse(name, `must be a whole number from ${min} to ${max}`);
  }

  /** A time such as `90`, `90s`, `1500ms`, `10m`, `1h` or `400d`; a bare number is seconds. In milliseconds. */
  duration(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(value);
    const unit = UNITS[(match?.[2] ?? 's') as keyof typeof UNITS];
    const milliseconds = match ? Number(match[1]) * unit : NaN;
    if (milliseconds >= min && milliseconds <= max) return Math.round(milliseconds);
    return this.refuse(
      name,
      `must be a time from ${spelled(min)} to ${spelled(max)}, written as 90s or 10m are`,
    );
  }

  /** An address with one of the protocols. */
  url(name: string, protocols: readonly string[], presence: Presence = {}): string | undefined {
    const value = this.text(name, presence);
    if (value === undefined) return undefined;
    if (protocols.includes(URL.parse(value)?.protocol ?? '')) return value;
    return this.refuse(
      name,
      `must be an address that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
    );
  }

  /** An address to put paths behind: without credentials, a query or a fragment, and without a slash at its end. */
  baseUrl(name: string, protocols: readonly string[]): string | undefined {
    const value = this.url(name, protocols);
    if (value === undefined) return undefined;
    const { username, password, search, hash } = new URL(value);
    if (`${username}${password}${search}${hash}` === '' && !/[?#@]/.test(value))
      return value.replace(/\/+$/, '');
    return this.refuse(name, 'must be an address without credentials, a query or a fragment');
  }

  private refuse(name: string, problem: string): undefined {
    this.problems.push(`${name} ${problem}`);
    return undefined;
  }
}

/** A time in the largest unit in which it is whole. */
function spelled(milliseconds: number): string {
  const units = Object.entries(UNITS).reverse();
  const [unit, size] = units.find(([, it]) => milliseconds > 0 && milliseconds % it === 0) ?? ['s', UNITS.s];
  return `${milliseconds / size}${unit}`;
}

// Makes up a text that a regular expression matches. Knows the usual syntax; what it makes has to be checked,
// as look-around and back references are passed over.

/** Repetitions that are made, whatever a pattern demands. */
const MOST_REPETITIONS = 1_000;

/**
 * A text for a pattern, with the fewest repetitions, or with so many `more` of each where they may be more.
 * Nothing when the pattern cannot be read.
 */
export function textFor(pattern: string, more = 0): string | undefined {
  const maker = new PatternText(Array.from(pattern), more);
  const text = maker.alternatives();
  return maker.isAtEnd ? text : undefined;
}

/** Reads a pattern once, making the text as it goes. */
class PatternText {
  private at = 0;

  constructor(
    private readonly signs: readonly string[],
    private readonly more: number,
  ) {}

  get isAtEnd(): boolean {
    return this.at >= this.signs.length;
  }

  /** The first alternative; the others are only read. */
  alternatives(): string {
    const text = this.sequence();
    while (this.accept('|')) this.sequence();
    return text;
  }

  private sequence(): string {
    let text = '';
    while (!this.isAtEnd && this.peek() !== '|' && this.peek() !== ')') text += this.repeated();
    return text;
  }

  private repeated(): string {
    const text = this.atom();
    const count = this.quantifier();
    this.accept('?');
    return text.repeat(Math.min(count, MOST_REPETITIONS));
  }

  private quantifier(): number {
    if (this.accept('*')) return this.more;
    if (this.accept('?')) return 0;
    if (this.accept('+')) return 1 + this.more;
    const counts = /^\{(\d+)(,)?(\d*)\}/.exec(this.signs.slice(this.at, this.at + 24).join(''));
    if (!counts) return 1;
    this.at += counts[0].length;
    const [least, open, most] = [Number(counts[1]), counts[2] === ',', counts[3]];
    return open ? Math.min(least + this.more, most ? Number(most) : Infinity) : least;
  }

  private atom(): string {
    const sign = this.take();
    switch (sign) {
      case '^':
      case '$':
        return '';
      case '.':
        return 'a';
      case '(':
        return this.group();
      case '[':
        return this.oneOfClass();
      case '\\':
        return this.escape();
      default:
        return sign;
    }
  }

  private group(): string {
    const opening =
      /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(this.signs.slice(this.at, this.at + 40).join(''))?.[0] ?? '';
    this.at += opening.length;
    const text = this.alternatives();
    this.accept(')');
    return /[=!]$/.test(opening) ? '' : text;
  }

  private oneOfClass(): string {
    const isNegated = this.accept('^');
    const members: string[] = [];
    while (!this.isAtEnd && this.peek() !== ']') {
      const sign = this.take();
      members.push(sign === '\\' ? this.escape() : sign);
    }
    this.accept(']');
    if (!isNegated) return members[0] ?? '';
    return ['x', 'A', '1', ' ', '_', '.'].find((sign) => !members.includes(sign)) ?? '';
  }

  private escape(): string {
    const sign = this.take();
    if (sign === 'p' || sign === 'P') return this.property();
    if (sign === 'u' || sign === 'x') return this.codePoint(sign);
    return escapes[sign] ?? sign;
  }

  private property(): string {
    const name = /^\{([^}]*)\}/.exec(this.signs.slice(this.at, this.at + 40).join(''));
    this.at += name?.[0].length ?? 0;
    if (/^N|Nd/.test(name?.[1] ?? '')) return '1';
    return name?.[1] === 'Ll' ? 'a' : 'A';
  }

  private codePoint(kind: string): string {
    const ahead = this.signs.slice(this.at, this.at + 10).join('');
    const digits = (kind === 'x' ? /^([\da-f]{2})/i : /^(?:\{([\da-f]+)\}|([\da-f]{4}))/i).exec(ahead);
    this.at += digits?.[0].length ?? 0;
    return String.fromCodePoint(Number.parseInt(digits?.[1] ?? digits?.[2] ?? '61', 16));
  }

  private peek(): string | undefined {
    return this.signs[this.at];
  }

  private take(): string {
    return this.signs[this.at++] ?? '';
  }

  private accept(sign: string): boolean {
    if (this.peek() !== sign) return false;
    this.at += 1;
    return true;
  }
}

/** What the letters after a backslash stand for, where it is not the letter itself. */
const escapes: Readonly<Record<string, string>> = {
  d: '1',
  D: 'a',
  w: 'a',
  W: '-',
  s: ' ',
  S: 'a',
  b: '',
  B: '',
  n: '\n',
  t: '\t',
  r: '\r',
};

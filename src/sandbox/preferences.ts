// Reads the two headers that shape a create: how long to hold its answer, and when to give up on it.
import { inputInvalid, type Problem } from './problem.js';

/** Replicate holds an answer for at most a minute. */
const LONGEST_WAIT_SECONDS = 60;

/** The shortest deadline that Replicate takes. */
const SHORTEST_DEADLINE_SECONDS = 5;

/** What the headers ask for. */
export interface Preferences {
  /** Seconds to hold the answer for. */
  readonly wait: number | undefined;
  /** Milliseconds from the creation to the deadline. */
  readonly cancelAfter: number | undefined;
}

/** Reads both headers, or refuses the first that cannot be read. */
export function readPreferences(headers: Readonly<Record<string, unknown>>): Preferences | Problem {
  const wait = readWait(textOf(headers.prefer));
  if (typeof wait === 'object') return wait;
  const cancelAfter = readCancelAfter(textOf(headers['cancel-after']));
  return typeof cancelAfter === 'object' ? cancelAfter : { wait, cancelAfter };
}

/**
 * The seconds that `Prefer: wait` or `wait=N` asks to hold the answer for (1 to 60, 60 when N is not given),
 * or nothing without the header. A value outside is refused: what Replicate does with it is not known, and a
 * caller must not rely on it.
 */
function readWait(prefer: string | undefined): number | undefined | Problem {
  if (prefer === undefined) return undefined;
  const match = /^wait(?:=([1-9]\d?))?$/.exec(prefer.trim());
  const seconds = match ? Number(match[1] ?? LONGEST_WAIT_SECONDS) : Number.NaN;
  if (seconds <= LONGEST_WAIT_SECONDS) return seconds;
  return refused('Prefer', "Does not match pattern '^wait(=([1-9]|[1-9][0-9]|60))?$'");
}

/**
 * The milliseconds that `Cancel-After` allows, counted from the creation (`30`, `30s`, `5m`, `1h30m45s`), or
 * nothing without the header. Less than 5 seconds and anything unreadable is refused; the text is not
 * Replicate's, which is not known.
 */
function readCancelAfter(header: string | undefined): number | undefined | Problem {
  if (header === undefined) return undefined;
  const seconds = durationSeconds(header.trim());
  if (Number.isNaN(seconds))
    return refused('Cancel-After', 'Is not a duration such as 30, 30s, 5m or 1h30m45s');
  if (seconds >= SHORTEST_DEADLINE_SECONDS) return seconds * 1000;
  return refused('Cancel-After', `Must be at least ${SHORTEST_DEADLINE_SECONDS} seconds`);
}

function durationSeconds(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (!match || text === '') return Number.NaN;
  const [hours, minutes, seconds] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

function refused(field: string, description: string): Problem {
  return inputInvalid([{ type: 'header', field, description }]);
}

function textOf(header: unknown): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

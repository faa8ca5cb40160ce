// Brings a number within the bounds and onto the grid of a schema.
import type { JsonObject } from '../json.js';

/** The allowed number nearest to a wish, or nothing when the bounds leave none. */
export function fittedNumber(wish: number, schema: JsonObject, isInteger: boolean): number | undefined {
  const step = stepOf(schema, isInteger);
  const low = bound(schema.minimum, schema.exclusiveMinimum, Math.max);
  const high = bound(schema.maximum, schema.exclusiveMaximum, Math.min);
  const inside = Math.min(Math.max(wish, low ?? -Infinity), high ?? Infinity);
  const wishes = step === undefined ? [inside, ...between(low, high)] : gridPoints(inside, step);
  return wishes.find((value) => isAllowed(value, schema));
}

function stepOf({ multipleOf }: JsonObject, isInteger: boolean): number | undefined {
  const step = typeof multipleOf === 'number' && multipleOf > 0 ? multipleOf : undefined;
  if (!isInteger) return step;
  // The multiples that are whole: some multiple of the step is, within a hundred of them or not worth finding.
  if (step === undefined) return 1;
  for (let factor = 1; factor <= 100; factor++)
    if (Number.isInteger(onGrid(factor, step))) return factor * step;
  return step;
}

/** The nearest multiples, so that one of them is inside when bounds are exclusive. */
function gridPoints(wish: number, step: number): number[] {
  const nearest = Math.round(wish / step);
  return [0, 1, -1].map((more) => onGrid(nearest + more, step));
}

/** A multiple without the error of binary fractions: 3 × 0.1 is 0.3. */
function onGrid(factor: number, step: number): number {
  const decimals = /\.(\d+)$/.exec(String(step))?.[1]?.length ?? 0;
  return Number((factor * step).toFixed(decimals));
}

/** Numbers inside bounds that exclude themselves. */
function between(low: number | undefined, high: number | undefined): number[] {
  if (low !== undefined && high !== undefined) return [(low + high) / 2];
  return low === undefined ? [(high ?? 0) - 1] : [low + 1];
}

function bound(
  inclusive: unknown,
  exclusive: unknown,
  tighter: (...values: number[]) => number,
): number | undefined {
  const bounds = [inclusive, exclusive].filter((value) => typeof value === 'number');
  return bounds.length === 0 ? undefined : tighter(...bounds);
}

function isAllowed(value: number, schema: JsonObject): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  return (
    !(typeof minimum === 'number' && value < minimum) &&
    !(typeof maximum === 'number' && value > maximum) &&
    !(typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) &&
    !(typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum)
  );
}

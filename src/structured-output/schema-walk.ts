// Walks through a schema as plain JSON: counts, and finds the place of a reference.

interface Place {
  readonly value: unknown;
  readonly at: string;
}

/** A text of a schema, and where it stands. */
export interface PlacedText {
  readonly value: string;
  readonly at: string;
}

/** A JSON pointer as errors name it: the whole has a name too. */
export function pointer(path: string): string {
  return path === '' ? 'the schema' : path.slice(0, 300);
}

/** How many properties the schema names, at all depths. */
export function propertyCount(schema: unknown): number {
  let count = 0;
  for (const { value, at } of places(schema)) {
    if (at.endsWith('/properties') && typeof value === 'object') count += Object.keys(value ?? {}).length;
  }
  return count;
}

/** Where the reference stands that points to nothing, given how it and its document read when made absolute. */
export function missingReference(schema: unknown, absolute: string, document: string): PlacedText {
  for (const { value, at } of places(schema)) {
    if (typeof value !== 'string' || !/\/\$(?:ref|dynamicRef)$/.test(at)) continue;
    if (value === absolute || value === document || absolute.endsWith(value))
      return { value, at: pointer(at) };
  }
  return { value: absolute, at: 'the schema' };
}

/** All regular expressions of the schema. */
export function patterns(schema: unknown): PlacedText[] {
  return [...places(schema)].flatMap(({ value, at }) => {
    if (typeof value === 'string') return at.endsWith('/pattern') ? [{ value, at: pointer(at) }] : [];
    if (!at.endsWith('/patternProperties') || typeof value !== 'object' || value === null) return [];
    return Object.keys(value).map((key) => ({ value: key, at: pointer(at) }));
  });
}

/** Lists of choices that have none. */
export function emptyEnums(schema: unknown): PlacedText[] {
  return [...places(schema)].flatMap(({ value, at }) =>
    Array.isArray(value) && value.length === 0 && at.endsWith('/enum')
      ? [{ value: '', at: pointer(at) }]
      : [],
  );
}

function* places(schema: unknown): Generator<Place> {
  const open: Place[] = [{ value: schema, at: '' }];
  for (let place = open.pop(); place; place = open.pop()) {
    yield place;
    if (typeof place.value !== 'object' || place.value === null) continue;
    for (const [key, value] of Object.entries(place.value)) {
      open.push({ value, at: `${place.at}/${key.replace(/~/g, '~0').replace(/\//g, '~1')}` });
    }
  }
}

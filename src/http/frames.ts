// Turns the events of an answer into the frames of a stream, for doors that write them each in their own format.

/**
 * The frames of events, in order, and those of the value that the events end with.
 *
 * @param each the frames of one event
 * @param last the frames of the end; not asked where the events fail
 */
export async function* framesOf<Event, End>(
  events: AsyncIterator<Event, End>,
  each: (event: Event) => Iterable<object>,
  last: (end: End) => Iterable<object>,
): AsyncGenerator<object, void, undefined> {
  try {
    let result = await events.next();
    while (!result.done) {
      for (const frame of each(result.value)) yield frame;
      result = await events.next();
    }
    for (const frame of last(result.value)) yield frame;
  } finally {
    await events.return?.();
  }
}

// Small makings of streams for tests.

/** An async iterable over a list. */
export async function* streamOf<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  await Promise.resolve()
  yield* items
}

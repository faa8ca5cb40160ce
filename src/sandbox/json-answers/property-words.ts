// The words in the name of a property, however they are joined.

/** `invoiceNumber`, `invoice_number` and `Invoice-Number` are `['invoice', 'number']`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** Whether one of the words is among the expected. */
export function hasWord(words: readonly string[], ...expected: readonly string[]): boolean {
  return words.some((word) => expected.includes(word));
}

// How names of fields are compared: word by word, whatever way the words are joined.

/** The words of a name in lower case, numbers apart: `imageURL_2` is image, url, 2. */
export function wordsOf(name: string): string[] {
  const parted = name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/base[_-]?64|b64/g, '_base64_')
    // Words that authors write in one: `imageurl`, `inputimage`, `userprompt`.
    .replace(/(?<=[a-z])(urls?|uris?|prompt|images?)(?=$|[^a-z])/g, '_$1');
  return parted.match(/base64|[a-z]+|\d+/g) ?? [];
}

/** The name in one spelling: `topP`, `top-p` and `top_p` are `top_p`. */
export function spelling(name: string): string {
  return wordsOf(name).join('_');
}

// What two connection strings have in common. Pure.

/** Whether two connection strings differ in no more than who connects: the user and the password. */
export function isSameServer(one: string, other: string): boolean {
  const [first, second] = [withoutUser(one), withoutUser(other)];
  return first !== undefined && first === second;
}

function withoutUser(address: string): string | undefined {
  const url = URL.parse(address);
  if (!url) return undefined;
  url.username = url.password = '';
  return url.href;
}

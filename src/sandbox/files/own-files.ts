// Which addresses are those of the sandbox's own files, whose bytes it takes from memory: Replicate does the
// same for inputs that are files, and for no others.
import type { FilesStore } from './files.store.js';

/** Resolves the addresses of uploaded files. */
export interface OwnFiles {
  /** Whether an address is that of a file, there or not. */
  owns(url: string): boolean;
  /** The bytes behind it; nothing when the file is gone or never was. */
  bytes(url: string): Uint8Array | undefined;
}

/** Whose files, and where. */
export interface FilesPlace {
  readonly store: FilesStore;
  readonly account: string;
  /** Asked for at each use: it is known once the sandbox listens. */
  readonly baseUrl: () => string;
}

/** Resolves the files of one account. */
export function ownFiles({ store, account, baseUrl }: FilesPlace): OwnFiles {
  const idOf = (url: string) => {
    const start = `${baseUrl()}/files/`;
    return url.startsWith(start) ? url.slice(start.length).split(/[/?#]/, 1)[0] : undefined;
  };
  return {
    owns: (url) => idOf(url) !== undefined,
    bytes: (url) => store.get(idOf(url) ?? '', account)?.bytes,
  };
}

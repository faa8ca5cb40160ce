// The uploaded files, in memory, for a day at most.
import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { StoredFile, Upload } from './stored-file.js';

/** How long a file is kept, in milliseconds. */
const LIFETIME = 24 * 3_600_000;

/** Bytes of all files together; beyond, the oldest go before their time. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Files by id. */
export class FilesStore {
  private readonly files = new Map<string, StoredFile>();
  private bytes = 0;

  constructor(private readonly clock: Clock) {}

  /** Keeps an upload under an id of its own: a UUID's text in base64, as recorded. */
  add(upload: Upload, account: string): StoredFile {
    const createdAt = this.clock();
    const digest = (algorithm: string) => createHash(algorithm).update(upload.bytes).digest('hex');
    const id = Buffer.from(randomUUID()).toString('base64url');
    const times = { createdAt, expiresAt: createdAt + LIFETIME };
    const file = { ...upload, id, account, md5: digest('md5'), sha256: digest('sha256'), ...times };
    this.files.set(id, file);
    this.bytes += file.bytes.length;
    this.dropOldest();
    return file;
  }

  /** The file of that id, unless it has expired; with an account, only where it is that account's. */
  get(id: string, account?: string): StoredFile | undefined {
    const file = this.files.get(id);
    if (account !== undefined && file?.account !== account) return undefined;
    return file && file.expiresAt > this.clock() ? file : undefined;
  }

  /** Every file of an account that has not expired, newest first. */
  all(account: string): StoredFile[] {
    const now = this.clock();
    const isShown = (file: StoredFile): boolean => file.account === account && file.expiresAt > now;
    return [...this.files.values()].filter(isShown).reverse();
  }

  /** Forgets a file of an account; says whether there was one. */
  delete(id: string, account: string): boolean {
    const file = this.get(id, account);
    if (file) this.drop(file);
    return file !== undefined;
  }

  /** Forgets all of them. */
  clear(): void {
    this.files.clear();
    this.bytes = 0;
  }

  private dropOldest(): void {
    const now = this.clock();
    for (const file of this.files.values()) {
      if (this.bytes <= MOST_BYTES && file.expiresAt > now) return;
      this.drop(file);
    }
  }

  private drop(file: StoredFile): void {
    this.files.delete(file.id);
    this.bytes -= file.bytes.length;
  }
}

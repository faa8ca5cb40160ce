// Reads the text in a bitmap with Tesseract, offline, in one worker thread that stays warm. Knows no colours.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Worker as ThreadWorker } from 'node:worker_threads';
import type Tesseract from 'tesseract.js';

/** Words less certain than this, of 100, are more often texture than text. */
const LEAST_CONFIDENCE = 55;

/** Tesseract's engine that reads with a neural network alone; its data are the smaller ones. */
const LSTM_ONLY = 1;

/** One Tesseract worker; it is started by the first use, or before by `warm`. */
export class TextRecogniser {
  private worker: Promise<Tesseract.Worker> | undefined;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly closing = Promise.withResolvers<never>();

  constructor() {
    // Nobody may be reading when the recogniser is closed.
    this.closing.promise.catch(() => undefined);
  }

  /** Loads the engine and its data. Throws an Error that says what is missing. */
  async warm(): Promise<void> {
    await this.load();
  }

  /**
   * The lines of text in a picture file, joined by line breaks; empty when there are none. One picture at a
   * time.
   */
  read(picture: Uint8Array): Promise<string> {
    const reading = this.queue.then(() => this.recognise(picture));
    this.queue = reading.catch(() => undefined);
    return Promise.race([reading, this.closing.promise]);
  }

  /** Ends the worker. Readings on their way fail. */
  async close(): Promise<void> {
    this.closing.reject(new Error('The sandbox has been closed'));
    const worker = await this.worker?.catch(() => undefined);
    if (worker) await threadOf(worker).terminate();
  }

  private async recognise(picture: Uint8Array): Promise<string> {
    const worker = await this.load();
    const { data } = await worker.recognize(Buffer.from(picture), {}, { blocks: true });
    const lines = (data.blocks ?? []).flatMap((block) => block.paragraphs.flatMap(({ lines }) => lines));
    return lines
      .map(({ words }) => words.filter(isCertain).map(({ text }) => text))
      .filter((words) => words.length > 0)
      .map((words) => words.join(' '))
      .join('\n');
  }

  private load(): Promise<Tesseract.Worker> {
    this.worker ??= startWorker();
    return this.worker;
  }
}

function isCertain({ text, confidence }: { text: string; confidence: number }): boolean {
  return confidence >= LEAST_CONFIDENCE && /[\p{L}\p{N}]/u.test(text);
}

async function startWorker(): Promise<Tesseract.Worker> {
  const { default: tesseract } = await import('tesseract.js');
  const dataPackage = createRequire(import.meta.url).resolve('@tesseract.js-data/eng/package.json');
  const failed = Promise.withResolvers<never>();
  const started = tesseract.createWorker('eng', LSTM_ONLY, {
    langPath: join(dirname(dataPackage), '4.0.0_best_int'),
    // The data are read where they are installed; a cache would be a file in the working folder.
    cacheMethod: 'none',
    gzip: true,
    // Without a handler, Tesseract throws where nobody can catch it.
    errorHandler: (reason: unknown) => {
      failed.reject(new Error(`The text reader failed: ${String(reason)}`));
    },
  });
  const worker = await Promise.race([started, failed.promise]);
  failed.promise.catch(() => undefined);
  await worker.setParameters({ debug_file: '/dev/null' });
  return worker;
}

/**
 * The worker's thread, which Tesseract holds but does not declare; its own `terminate` does not wait for the
 * end.
 */
function threadOf(worker: Tesseract.Worker): ThreadWorker {
  return (worker as unknown as { worker: ThreadWorker }).worker;
}

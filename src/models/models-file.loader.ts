// Reads the models file, once, at start.
import { readFile } from 'node:fs/promises';
import { SettingsError } from '../config/settings.js';
import { type ModelsFile, NO_MODELS_FILE, parseModelsFile } from './models-file.js';

/** Injection token of the {@link ModelsFile}. */
export const MODELS_FILE = Symbol('MODELS_FILE');

/**
 * The contents of the models file; empty where there is none.
 *
 * @param path as CEREBRO_MODELS_FILE says it
 * @param defaultModel the alias that may go without `model`
 * @throws {SettingsError} one line for the person who starts Cerebro
 */
export async function loadModelsFile(path: string | undefined, defaultModel: string): Promise<ModelsFile> {
  if (path === undefined) return NO_MODELS_FILE;
  return parseModelsFile(await readText(path), defaultModel);
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'it is not UTF-8' : code;
    throw SettingsError.of([`the file of CEREBRO_MODELS_FILE cannot be read (${reason})`], { cause: error });
  }
}

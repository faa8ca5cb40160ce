// Checks what the environment says of models before anything is started, for one line with all that is wrong.
import { SettingReader } from '../config/setting-reader.js';
import { SettingsError } from '../config/settings.js';
import { checkAllowances, DEFAULT_MODEL, defaultPrice } from './catalogue.service.js';
import { loadModelsFile } from './models-file.loader.js';

/**
 * What is wrong with CEREBRO_MODELS, the file of CEREBRO_MODELS_FILE and CEREBRO_DEFAULT_HARDWARE, a clause each. The
 * last one is not checked beside a bad file: that may be what prices it.
 *
 * @param env the environment, `process.env` as a rule
 */
export async function modelProblems(env: Readonly<Record<string, string | undefined>>): Promise<string[]> {
  const read = new SettingReader(env);
  const hardware = read.text('CEREBRO_DEFAULT_HARDWARE');
  const models = read.list('CEREBRO_MODELS', () => true, '');
  return [
    ...(await problemsOf(() => checkAllowances(models))),
    ...(await problemsOf(async () => {
      const file = await loadModelsFile(read.text('CEREBRO_MODELS_FILE'), DEFAULT_MODEL);
      defaultPrice(hardware, file.hardware);
    })),
  ];
}

async function problemsOf(check: () => unknown): Promise<readonly string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

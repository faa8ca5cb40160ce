// What may stand in a key's list of models.
import { isAllowance } from '../models/model-name.js';

/** A name of the operator's own, as the models file has them: without a slash. */
const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/;

/** Whether a text is an entry as those of `CEREBRO_MODELS`, or could be an alias: aliases come and go. */
export function isModelEntry(text: string): boolean {
  return isAllowance(text) || ALIAS.test(text);
}

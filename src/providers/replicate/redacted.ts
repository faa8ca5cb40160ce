// Makes a provider's or a model's words fit for the log: addresses carry signatures, and quotes carry prompts.
import { redactedText, withoutData } from '../../observability/redacted-text.js';
import { withoutEchoes } from './echoes.js';

/** Most characters that are kept. */
const LENGTH = 300;

/**
 * The words without secrets, and without what callers have sent: addresses are cut to their hosts, data, quoted texts and
 * repetitions left out.
 *
 * @param sent texts that were sent, as far as they are known
 */
export function redacted(words: string, sent: readonly string[] = []): string {
  const fit = withoutData(redactedText(words.slice(0, 20 * LENGTH)))
    .replace(/\b(https?:\/\/[^\s/'"?#]+)[^\s'"]*/gi, '$1/…')
    .replace(/(["'`])(?:(?!\1)[^\\]|\\.){25,}\1/g, '$1…$1')
    .trim()
    .slice(0, LENGTH);
  return withoutEchoes(fit, sent);
}

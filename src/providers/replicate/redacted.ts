// Makes a provider's or a model's words fit for the log: addresses carry signatures, and quotes carry prompts.
import { redactedText } from '../../observability/redacted-text.js';

/** Most characters that are kept. */
const LENGTH = 300;

/**
 * The words without secrets, and without what callers have sent: addresses are cut to their hosts, data and quoted
 * texts left out.
 */
export function redacted(words: string): string {
  return redactedText(words.slice(0, 20 * LENGTH))
    .replace(/data:[^\s'"]*/gi, 'data:…')
    .replace(/\b(https?:\/\/[^\s/'"?#]+)[^\s'"]*/gi, '$1/…')
    .replace(/(["'`])(?:(?!\1)[^\\]|\\.){25,}\1/g, '$1…$1')
    .trim()
    .slice(0, LENGTH);
}

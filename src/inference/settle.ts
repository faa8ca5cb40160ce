// Measures a finished answer: its tokens, what ended it, and the cuts that the caller asked for.
import { countTokens, truncateToTokens } from '../tokenizer/llama-tokenizer.js';
import type { FinishReason, InferenceRequest, InferenceResult, ProviderAnswer } from './inference.js';
import { cutAtStop } from './stop.js';

/** The result for the caller; where its time went is the gateway's to add. */
export type Settled = Omit<InferenceResult, 'timings'>;

/**
 * The result for the caller. The provider's token counts are taken where it gives them and the text was left
 * as it came; otherwise tokens are counted in Llama's vocabulary, which is Phi-3.5's. `finishReason` is
 * `length` wherever a token limit ended the answer: models on Replicate do not say so themselves.
 */
export function settle(request: InferenceRequest, answer: ProviderAnswer): Settled {
  const { maxTokens, stop } = { ...request.model.defaults, ...request };
  const { text: kept, stopped } = cutAtStop(answer.text, stop);
  const { text, tokens, truncated } = holdToLimit(kept, maxTokens, answer.tokenLimit);
  const completion = truncated || stopped ? tokens : (answer.tokens?.completion ?? tokens);
  const limit = Math.min(maxTokens ?? Infinity, answer.tokenLimit ?? Infinity);
  const finishReason: FinishReason = truncated || (!stopped && completion >= limit) ? 'length' : 'stop';
  const prompt = answer.tokens?.prompt ?? countTokens(request.prompt) + countTokens(request.system ?? '');
  return { id: answer.id, model: request.model, text, finishReason, usage: { prompt, completion } };
}

/**
 * Cuts the text to the caller's limit, but only where the model was not held to that limit itself: a model
 * that was has kept it in its own tokens, which another vocabulary would count otherwise.
 */
function holdToLimit(text: string, maxTokens: number | undefined, tokenLimit = Infinity) {
  if (maxTokens !== undefined && tokenLimit > maxTokens) return truncateToTokens(text, maxTokens);
  return { text, tokens: countTokens(text), truncated: false };
}

// Measures a finished answer: its tokens, whether the limit ended it, and the cut that the caller asked for.
import { countTokens, truncateToTokens } from '../tokenizer/llama-tokenizer.js';
import type { InferenceRequest, InferenceResult, ProviderAnswer } from './inference.js';

/**
 * The result for the caller. The provider's token counts are taken where it gives them; otherwise tokens
 * are counted in Llama's vocabulary, which is Phi-3.5's. `finishReason` is `length` wherever a token limit
 * ended the answer: models on Replicate do not say so themselves.
 */
export function settle(request: InferenceRequest, answer: ProviderAnswer): InferenceResult {
  const { text, tokens, truncated } = holdToLimit(request, answer);
  const completion = truncated ? tokens : (answer.tokens?.completion ?? tokens);
  const limit = Math.min(request.maxTokens, answer.tokenLimit ?? request.maxTokens);
  return {
    id: answer.id,
    model: request.model,
    text,
    finishReason: truncated || completion >= limit ? 'length' : 'stop',
    usage: { prompt: answer.tokens?.prompt ?? countTokens(request.prompt), completion },
  };
}

/**
 * Cuts the text to the caller's limit, but only where the model was not held to that limit itself: a model
 * that was has kept it in its own tokens, which another vocabulary would count otherwise.
 */
function holdToLimit({ maxTokens }: InferenceRequest, { text, tokenLimit }: ProviderAnswer) {
  if (tokenLimit === undefined || tokenLimit > maxTokens) return truncateToTokens(text, maxTokens);
  return { text, tokens: countTokens(text), truncated: false };
}

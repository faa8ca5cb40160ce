// Measures a finished answer: its tokens, what ended it, and the cuts that the caller asked for.
import { countTokens, truncateToTokens } from '../tokenizer/llama-tokenizer.js';
import { textsOf } from './conversation.js';
import type { FinishReason, InferenceRequest, ProviderAnswer, Sampling } from './inference.js';
import { cutAtStop } from './stop.js';
import type { TokenCounts } from './token-counts.js';

/** One answer, as its caller is told it. */
export interface Settled {
  /** The provider's id of the prediction. */
  readonly id: string;
  readonly text: string;
  readonly finishReason: FinishReason;
  /** Whether a stop text ended it. */
  readonly stopped: boolean;
  readonly usage: TokenCounts;
}

/**
 * The result for the caller. The provider's token counts are taken where it gives them and the text was left
 * as it came; otherwise tokens are counted in Llama's vocabulary, which is Phi-3.5's. `finishReason` is
 * `length` wherever a token limit ended the answer: models on Replicate do not say so themselves.
 */
export function settle(request: InferenceRequest, answer: ProviderAnswer): Settled {
  const { maxTokens, stop } = limitsOf(request);
  const { text: kept, stopped } = cutAtStop(answer.text, stop);
  const { text, tokens, truncated } = holdToLimit(kept, maxTokens, answer.tokenLimit);
  const completion = truncated || stopped ? tokens : (answer.tokens?.completion ?? tokens);
  const limit = Math.min(maxTokens ?? Infinity, answer.tokenLimit ?? Infinity);
  const finishReason: FinishReason = truncated || (!stopped && completion >= limit) ? 'length' : 'stop';
  const prompt = answer.tokens?.prompt ?? countPromptTokens(request);
  return { id: answer.id, text, finishReason, stopped, usage: { prompt, completion } };
}

/** What ends an answer: the caller's words, above those of the model's operator. */
export function limitsOf({ model, ...asked }: InferenceRequest): Pick<Sampling, 'maxTokens' | 'stop'> {
  const { maxTokens = model.defaults?.maxTokens, stop = model.defaults?.stop } = asked;
  return { ...(maxTokens !== undefined && { maxTokens }), ...(stop && { stop }) };
}

/** Whether an answer has to be cut at the caller's limit, because its model was not held to that one. */
export function cutsTokens(maxTokens: number | undefined, tokenLimit = Infinity): maxTokens is number {
  return maxTokens !== undefined && tokenLimit > maxTokens;
}

/** Prompts are long, and may have many answers. */
const promptTokens = new WeakMap<InferenceRequest, number>();

/** Tokens of a request's texts, in Llama's vocabulary. */
export function countPromptTokens(request: InferenceRequest): number {
  const { prompt, system = '' } = request;
  const known = promptTokens.get(request);
  const tokens = known ?? [...textsOf(prompt), system].reduce((sum, text) => sum + countTokens(text), 0);
  promptTokens.set(request, tokens);
  return tokens;
}

/**
 * Cuts the text to the caller's limit, but only where the model was not held to that limit itself: a model
 * that was has kept it in its own tokens, which another vocabulary would count otherwise.
 */
function holdToLimit(text: string, maxTokens: number | undefined, tokenLimit = Infinity) {
  if (cutsTokens(maxTokens, tokenLimit)) return truncateToTokens(text, maxTokens);
  return { text, tokens: countTokens(text), truncated: false };
}

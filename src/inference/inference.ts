// What Cerebro asks of a model and gets back, in its own words: no OpenAI and no Replicate here.

/** One model that callers may name. */
export interface ModelSpec {
  /** The name that callers use and that answers carry. */
  readonly id: string;
  /** The provider's name of the model, `owner/name`. */
  readonly upstream: string;
  /** The pinned version at the provider. */
  readonly version: string;
}

/** One question about images. */
export interface InferenceRequest {
  readonly model: ModelSpec;
  readonly prompt: string;
  /** http(s) addresses or data URIs, in the caller's order. */
  readonly images: readonly string[];
  /** Most tokens that the answer may have. */
  readonly maxTokens: number;
  /** Undefined: the model's own default. */
  readonly temperature?: number;
  /** Whether to sample; false is greedy decoding. Undefined: the model's own default. */
  readonly doSample?: boolean;
}

/** Tokens as the provider counted them. */
export interface TokenCounts {
  readonly prompt: number;
  readonly completion: number;
}

/** A provider's finished answer, before it is measured and cut. */
export interface ProviderAnswer {
  /** The provider's id of the prediction. */
  readonly id: string;
  readonly text: string;
  /** Absent where the provider does not count. */
  readonly tokens?: TokenCounts;
  /** The token limit that the model was really given: its own bounds may move the caller's. */
  readonly tokenLimit?: number;
}

/** Why an answer ended: by itself, or at the token limit. */
export type FinishReason = 'stop' | 'length';

/** The answer as the caller is told it. */
export interface InferenceResult {
  readonly id: string;
  readonly model: ModelSpec;
  readonly text: string;
  readonly finishReason: FinishReason;
  readonly usage: TokenCounts;
}

/** Where models run. */
export abstract class InferenceProvider {
  /**
   * Asks the model and waits for its answer, through cold boots, up to the provider's deadline.
   *
   * @param signal aborted when nobody waits for the answer any more: the prediction is cancelled, and
   *   the signal's reason is thrown.
   * @throws {ApiError} every failure, mapped to what the caller should know and do.
   */
  abstract infer(request: InferenceRequest, signal: AbortSignal): Promise<ProviderAnswer>;
}

// What Cerebro asks of a model and gets back, in its own words: no OpenAI and no Replicate here.
import type { Prompt } from './conversation.js';
import type { ParamNames } from './param-names.js';
import type { PredictionRecord, PredictionReport } from './prediction-record.js';
import type { Price } from './price.js';
import type { TokenCounts } from './token-counts.js';
import type { UpstreamAccount } from './upstream-account.js';

/** How an answer is to be made. Undefined, everywhere: the model's own default. */
export interface Sampling {
  /** Most tokens that the answer may have. */
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  /** How much a token is held back for having been said often, or at all; 0 is not at all. */
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  /** Texts that end the answer, and are no part of it. */
  readonly stop?: readonly string[];
  /** Whether to sample; false is greedy decoding. */
  readonly doSample?: boolean;
}

/** One model that callers may name. */
export interface ModelSpec {
  /** The name that callers use and that answers carry. */
  readonly id: string;
  /** The provider's name of the model: `owner/name`, or `deployments/owner/name`. */
  readonly upstream: string;
  /** The pinned version at the provider; absent where the provider is asked which one is current. */
  readonly version?: string;
  /** What this model's answers cost, where the operator has said so. */
  readonly price?: Price;
  /** Taken where a caller says nothing, before the model's own defaults. */
  readonly defaults?: Sampling;
  /** Inputs of the model that the operator has fixed, by the model's own names. */
  readonly input?: Readonly<Record<string, unknown>>;
  /** How long a prediction may take, boot included, in milliseconds; absent: as long as any. */
  readonly timeoutMs?: number;
}

/** One question or conversation, about any number of images. */
export interface InferenceRequest extends Sampling {
  readonly model: ModelSpec;
  readonly prompt: Prompt;
  /** What the model should know before the question. */
  readonly system?: string;
  /** How many images come with it. */
  readonly imageCount: number;
  /** How many predictions are made of it at the same time; absent: one. */
  readonly choices?: number;
  /** Whose account at the provider pays; absent: the gateway's own. */
  readonly account?: UpstreamAccount;
  /** What the caller calls all this. */
  readonly names?: ParamNames;
  /** Whether sampling parameters that the model lacks are left out of what it is sent, instead of refused. */
  readonly dropsUnsupported?: boolean;
}

/** How a model can be handed an image: an address or data URI; an address that it fetches itself; bare base64. */
export type ImageForm = 'uri' | 'address' | 'base64';

/** An image on its way to a model. */
export type ImagePayload =
  | { readonly kind: 'address'; readonly url: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly mediaType: string };

/** A request that fits its model: everything about it is checked but the images themselves. */
export interface InferencePlan {
  readonly request: InferenceRequest;
  /** The version that will answer; absent where the provider picks it at each create. */
  readonly version: string | undefined;
  /** The forms in which the model takes images, none for a model that takes none. */
  readonly imageForms: readonly ImageForm[];
  /** Parameters that the model lacks and that were left out, by the callers' names. */
  readonly dropped: readonly string[];
  /** The operator's price; absent: the list price of the hardware, where that is known. */
  readonly price: Price | undefined;
  /** What the model runs on, by the provider's name for it, where the provider tells. */
  readonly hardware: string | undefined;
  /** The token limit that the model will be given; absent where nobody knows. */
  readonly tokenLimit?: number;
  /** From now to the time when the prediction is cancelled, in milliseconds. */
  readonly timeoutMs: number;
}

/** A plan with its images: exactly what the provider will be sent. */
export interface InferenceCall {
  readonly plan: InferencePlan;
  /** SHA-256 of the model's input, to find its prediction by where its id was lost. */
  readonly inputDigest: Buffer;
}

/** Where the time went, in milliseconds; a part is absent where the provider does not tell. */
export interface Timings {
  /** Until the provider was asked: our own checks, images, and waits for our turn. */
  readonly queueMs: number;
  /** From being accepted to beginning to run: the provider's queue and the model's cold boot. */
  readonly bootMs?: number;
  /** Running, which is what is billed as a rule. */
  readonly runMs?: number;
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
  /** When the provider was asked, by `performance.now()`; absent where somebody else had asked already. */
  readonly askedAt?: number | undefined;
  /** See {@link Timings}. */
  readonly bootMs?: number;
  readonly runMs?: number;
}

/** Why an answer ended: by itself or at a stop text, or at the token limit. */
export type FinishReason = 'stop' | 'length';

/** Takes an answer while it is made, piece by piece. Where it gives a promise, it can take no more until then. */
export type TextSink = (piece: string) => Promise<void> | undefined;

/** Where models run. All methods throw ApiErrors: failures mapped to what the caller should know and do. */
export abstract class InferenceProvider {
  /**
   * Finds out what the model takes, and checks the request against it. Costs nothing.
   *
   * @throws {ApiError} naming the parameter that the model cannot take; `model_not_found` with the reason for
   *   a model that cannot answer with text
   */
  abstract plan(request: InferenceRequest, signal: AbortSignal): Promise<InferencePlan>;

  /** Puts the images into the plan, uploading them where the model takes them so. Nothing is billed yet. */
  abstract prepare(
    plan: InferencePlan,
    images: readonly ImagePayload[],
    signal: AbortSignal,
  ): Promise<InferenceCall>;

  /**
   * Asks the model, once, and waits for its answer through cold boots, up to the deadline. Tells the record
   * everything that it learns on the way, also after it has thrown: a create that is on its way cannot be
   * called back, and its answer comes later.
   *
   * @param signal aborted when nobody waits any more; its reason is thrown, and the prediction runs on
   * @param sink given the text as the model makes it, or at the end by a model that does not stream; by the time
   *   that the answer is there, all of its text
   */
  abstract infer(
    call: InferenceCall,
    record: PredictionRecord,
    signal: AbortSignal,
    sink?: TextSink,
  ): Promise<ProviderAnswer>;

  /** Waits for the answer of a prediction that somebody else has started, as `infer` does. */
  abstract resume(
    plan: InferencePlan,
    upstreamId: string,
    record: PredictionRecord,
    signal: AbortSignal,
    sink?: TextSink,
  ): Promise<ProviderAnswer>;

  /**
   * How a prediction stands; undefined when the provider does not know it any more.
   *
   * @param account whose it is; absent: the gateway's own
   */
  abstract look(upstreamId: string, account?: UpstreamAccount): Promise<PredictionReport | undefined>;

  /** Asks for a prediction's end, and tells how it stands then. One that has ended already stays as it is. */
  abstract cancel(upstreamId: string, account?: UpstreamAccount): Promise<PredictionReport | undefined>;

  /** An account's newest predictions, so many pages of them, with the digests of their inputs. */
  abstract list(pages: number, account?: UpstreamAccount): Promise<readonly ListedPrediction[]>;
}

/** A prediction as the provider lists it. */
export interface ListedPrediction {
  readonly report: PredictionReport;
  readonly inputDigest: Buffer;
  /** The record that its webhook names, where it has one. */
  readonly recordId: string | undefined;
  /** By the provider's clock; undefined where it does not tell. */
  readonly createdAt?: Date | undefined;
}

// The images of one question, loaded once for all of its predictions, and not before one is needed.
import type { ImageSource } from '../images/image-source.js';
import type { Call } from '../inference/call.js';
import type {
  ImagePayload,
  InferenceCall,
  InferencePlan,
  InferenceProvider,
} from '../inference/inference.js';
import type { ImagesForPlan } from './images-for-plan.js';

/** What loads and prepares. */
export interface MaterialSources {
  readonly images: Pick<ImagesForPlan, 'load'>;
  readonly provider: Pick<InferenceProvider, 'prepare'>;
}

/** The material of one question. */
export class Material {
  private payloads: Promise<ImagePayload[]> | undefined;
  private readonly prepared = new Map<InferencePlan, Promise<InferenceCall>>();

  constructor(
    private readonly from: MaterialSources,
    private readonly images: readonly ImageSource[],
    private readonly call: Call,
  ) {}

  /**
   * A plan with its images, ready to be sent; the same for each that asks for the same plan.
   *
   * @throws {ApiError} naming the image that cannot be used
   */
  ready(plan: InferencePlan): Promise<InferenceCall> {
    const known = this.prepared.get(plan);
    if (known) return known;
    const made = this.prepare(plan);
    this.prepared.set(plan, made);
    return made;
  }

  private async prepare(plan: InferencePlan): Promise<InferenceCall> {
    this.payloads ??= this.from.images.load(plan, this.images, this.call);
    return this.from.provider.prepare(plan, await this.payloads, this.call.signal);
  }
}

// From a request to exactly what Replicate will be sent: the model's interface, its input, its images.
import { ApiError } from '../../errors/api-error.js';
import type {
  ImagePayload,
  InferenceCall,
  InferencePlan,
  InferenceRequest,
} from '../../inference/inference.js';
import { namesOf } from '../../inference/param-names.js';
import { faultToApiError } from './failure.js';
import type { ImageDelivery } from './image-delivery.js';
import { digestOf } from './input-digest.js';
import { type PlannedInput, planInput, toParam, withImages } from './input.js';
import type { ModelInterfacesStore, ResolvedModel } from './model-interfaces.store.js';

/** What a plan is for Replicate. */
export interface ReplicatePlan extends InferencePlan {
  readonly resolved: ResolvedModel;
  readonly planned: PlannedInput;
}

/** A plan with its input complete. */
export interface ReplicateCall extends InferenceCall {
  readonly plan: ReplicatePlan;
  readonly input: object;
}

/** Makes plans, and fills them in. */
export class Planner {
  /** @param timeoutMs how long a prediction may take where its model says nothing else */
  constructor(
    private readonly interfaces: ModelInterfacesStore,
    private readonly delivery: ImageDelivery,
    private readonly timeoutMs: number,
  ) {}

  /** See `InferenceProvider.plan`. */
  async plan(request: InferenceRequest, signal: AbortSignal): Promise<ReplicatePlan> {
    const { model } = request;
    const resolved = this.interfaces.known(model) ?? (await this.interfaces.resolve(model, signal));
    const planned = planInput(request, resolved.model);
    return {
      request,
      resolved,
      planned,
      version: resolved.version,
      imageForms: planned.imageForms,
      dropped: planned.dropped,
      price: model.price,
      hardware: resolved.hardware,
      timeoutMs: model.timeoutMs ?? this.timeoutMs,
      ...(planned.tokenLimit !== undefined && { tokenLimit: planned.tokenLimit }),
    };
  }

  /** See `InferenceProvider.prepare`. */
  async prepare(
    plan: ReplicatePlan,
    images: readonly ImagePayload[],
    signal: AbortSignal,
  ): Promise<ReplicateCall> {
    const { planned, resolved } = plan;
    try {
      const values = planned.messages
        ? this.delivery.inline(images)
        : await this.delivery.deliver(images, planned.imageForms, signal);
      const input = withImages(planned, resolved.model, values);
      return { plan, input, inputDigest: digestOf(input) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw toPrepareError(error);
    }
  }

  /** The caller's name of a field of the model. */
  paramOf({ resolved, request }: ReplicatePlan): (field: string) => string | undefined {
    return (field) => toParam(field, resolved.model, namesOf(request));
  }
}

/** Nothing was asked of the model yet, so whatever went wrong is safe to try again. */
function toPrepareError(error: unknown): ApiError {
  const known = faultToApiError(error, () => undefined);
  if (error instanceof ApiError || known.reason === 'upstream_auth' || known.reason === 'upstream_billing') {
    return known;
  }
  return new ApiError('upstream_unavailable', { cause: error, retryAfterMs: 5000 });
}

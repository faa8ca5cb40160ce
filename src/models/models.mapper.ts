// From the catalogue's models to OpenAI's.
import type { ModelSpec } from '../inference/inference.js';
import type { ModelObject } from './models.contract.js';

/** A model on the wire, under the name that callers use. */
export function toModelObject({ id, upstream }: ModelSpec): ModelObject {
  return { id, object: 'model', created: 0, owned_by: ownerOf(upstream) };
}

/** The owner in `owner/name` and in `deployments/owner/name`. */
function ownerOf(upstream: string): string {
  return upstream.split('/').at(-2) ?? '';
}

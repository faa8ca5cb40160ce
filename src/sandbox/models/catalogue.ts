// Which models the sandbox publishes, and what the three ways of naming a version mean.
import { conversationModels } from './conversation-models.data.js';
import { describedModels } from './described-models.data.js';
import { mutePictureModels } from './mute-picture-models.data.js';
import { phiModels } from './phi.data.js';
import type { PublishedModel, PublishedVersion } from './published-model.js';
import { textModels } from './text-models.data.js';
import { visionModels } from './vision-models.data.js';

/** A version together with the model it belongs to. */
export interface ModelVersion {
  readonly model: PublishedModel;
  readonly version: PublishedVersion;
}

/** Every model of the sandbox. */
export const publishedModels: readonly PublishedModel[] = [
  ...phiModels,
  ...visionModels,
  ...conversationModels,
  ...textModels,
  ...describedModels,
  ...mutePictureModels,
];

/** The full name of a model or a deployment, `owner/name`. */
export function fullName({ owner, name }: { readonly owner: string; readonly name: string }): string {
  return `${owner}/${name}`;
}

/** The model of that owner and name, or nothing. */
export function findModel(owner: string, name: string): PublishedModel | undefined {
  return publishedModels.find((model) => model.owner === owner && model.name === name);
}

/** The version that runs when none is named, or nothing when the model has none. */
export function latestVersion(model: PublishedModel): ModelVersion | undefined {
  const version = model.versions[0];
  return version && { model, version };
}

/**
 * What the `version` of a create names: 64 hexadecimal digits, `owner/name:digits`, or, for official
 * models alone, `owner/name`. Nothing when Replicate would answer "Invalid version or not permitted".
 */
export function resolveVersion(name: string): ModelVersion | undefined {
  if (/^[0-9a-f]{64}$/.test(name)) return versionById(name);
  const parts = /^([^/:]+)\/([^/:]+)(?::([0-9a-f]{64}))?$/.exec(name);
  const model = findModel(parts?.[1] ?? '', parts?.[2] ?? '');
  if (!model) return undefined;
  const id = parts?.[3];
  if (id === undefined) return model.official ? latestVersion(model) : undefined;
  const found = versionById(id);
  return found?.model === model ? found : undefined;
}

function versionById(id: string): ModelVersion | undefined {
  for (const model of publishedModels) {
    const version = model.versions.find((candidate) => candidate.id === id);
    if (version) return { model, version };
  }
  return undefined;
}

// The sandbox's deployments: models that somebody runs on machines of their own choice, asked by name.
import { findModel, fullName, latestVersion, type ModelVersion } from './catalogue.js';

/** A deployment's present release. */
export interface Deployment {
  readonly owner: string;
  readonly name: string;
  /** Counts the releases, from 1. */
  readonly number: number;
  readonly target: ModelVersion;
  /** RFC 3339 with microseconds. */
  readonly createdAt: string;
  /** The machine, in Replicate's words. */
  readonly hardware: string;
  readonly minInstances: number;
  readonly maxInstances: number;
}

/** The deployment of that owner and name, or nothing. */
export function findDeployment(owner: string, name: string): Deployment | undefined {
  return deployments.find((deployment) => deployment.owner === owner && deployment.name === name);
}

/** A deployment as `GET /v1/deployments/{owner}/{name}` shows it. */
export function deploymentBody(deployment: Deployment): object {
  const { owner, name, target } = deployment;
  return {
    owner,
    name,
    current_release: {
      number: deployment.number,
      model: fullName(target.model),
      version: target.version.id,
      created_at: deployment.createdAt,
      created_by: { type: 'organization', username: owner, name: owner, avatar_url: null, github_url: null },
      configuration: {
        hardware: deployment.hardware,
        min_instances: deployment.minInstances,
        max_instances: deployment.maxInstances,
      },
    },
  };
}

const deployments: readonly Deployment[] = [
  {
    owner: 'acme',
    name: 'claims-vision',
    number: 1,
    target: published('yorickvp', 'llava-13b'),
    createdAt: '2026-01-01T12:00:00.000000Z',
    hardware: 'gpu-l40s',
    minInstances: 0,
    maxInstances: 5,
  },
];

function published(owner: string, name: string): ModelVersion {
  const model = findModel(owner, name);
  const found = model && latestVersion(model);
  if (!found) throw new Error(`The sandbox publishes no ${owner}/${name}`);
  return found;
}

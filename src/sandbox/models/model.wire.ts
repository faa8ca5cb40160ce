// Models and versions as Replicate's HTTP API shows them. The titles that cog adds are made here, not stored.
import type { InputProperty, PublishedModel, PublishedVersion } from './published-model.js';

/** A model as `GET /v1/models/{owner}/{name}` shows it. */
export function modelBody(model: PublishedModel): object {
  const [latest] = model.versions;
  return {
    url: `https://replicate.com/${model.owner}/${model.name}`,
    owner: model.owner,
    name: model.name,
    description: `Served by the Cerebro sandbox with the published schema of ${model.owner}/${model.name}`,
    visibility: 'public',
    is_official: model.official,
    github_url: null,
    paper_url: null,
    license_url: null,
    run_count: model.runCount,
    cover_image_url: null,
    default_example: null,
    latest_version: latest ? versionBody(latest) : null,
  };
}

/** A version as `GET /v1/models/{owner}/{name}/versions/{id}` shows it, with its `openapi_schema`. */
export function versionBody(version: PublishedVersion): object {
  return {
    id: version.id,
    created_at: version.createdAt,
    cog_version: '0.9.20',
    openapi_schema: openApiSchema(version),
  };
}

function openApiSchema(version: PublishedVersion): object {
  return {
    info: { title: 'Cog', version: '0.1.0' },
    paths: {},
    openapi: '3.0.2',
    components: {
      schemas: {
        Input: {
          type: 'object',
          title: 'Input',
          ...(version.input.required && { required: version.input.required }),
          properties: mapValues(version.input.properties, titled),
        },
        Output: { ...version.output, title: 'Output' },
        ...mapValues(version.choices ?? {}, choice),
      },
    },
  };
}

function titled(property: InputProperty, name: string): object {
  return property.allOf ? property : { ...property, title: titleCase(name) };
}

function choice(values: readonly (string | number)[], name: string): object {
  const type = typeof values[0] === 'number' ? 'integer' : 'string';
  return { enum: values, type, title: name, description: 'An enumeration.' };
}

/** `max_new_tokens` becomes `Max New Tokens`: pydantic's rule, which cog inherits. */
function titleCase(name: string): string {
  return name.replaceAll('_', ' ').replace(/(^| )[a-z]/g, (letter) => letter.toUpperCase());
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

// Builds the OpenAPI document out of the controllers and serves it, with Swagger UI.
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { contractNames } from '../contracts/contract-fields.js';
import { SCHEMES } from '../contracts/requires.decorator.js';

/** What the document of one deployment says that the committed one does not. */
export interface DocumentOptions {
  /** A picture that this deployment's models can fetch, for the examples to work as they stand. */
  readonly exampleImage?: string;
}

interface Operation {
  security?: object[];
  parameters?: Parameter[];
}

interface Parameter {
  name: string;
  in: string;
  schema?: Schema;
}

interface Schema {
  nullable?: boolean | undefined;
  enum?: unknown[];
  oneOf?: Schema[];
}

/** The picture in the committed document's examples: the one of the default model's own example. */
const EXAMPLE_IMAGE = 'https://github.com/JimothyJohn/cerebro/blob/master/data/images/zidane.jpg?raw=true';

/** The OpenAPI document of an application. */
export function buildDocument(
  app: INestApplication,
  { exampleImage = EXAMPLE_IMAGE }: DocumentOptions,
): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Cerebro')
    .setDescription(
      "OpenAI-compatible gateway in front of vision models hosted on Replicate. Point your OpenAI client at this server's /v1.",
    )
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addTag('Chat', "OpenAI's chat completions, with pictures.")
    .addTag('Completions', "OpenAI's completions, about images.")
    .addTag('Models', 'The models that a request may name.')
    .addTag('Files', 'Images that are uploaded once, and named in requests by their id.')
    .addTag(
      'Admin',
      'Tenants, their keys and limits, and the audit log: for the root key (CEREBRO_ADMIN_KEY) and keys with the scope for it.',
    )
    .addTag('Usage', 'What tenants use and spend: usage, ledger, budgets and alerts.')
    .addTag('Operations', 'Probes for load balancers and orchestrators.')
    .addTag('Provider', 'What Replicate calls: webhooks, and pictures that its models fetch.')
    .addBearerAuth({ type: 'http', description: "A tenant's key, cbr_live_…" }, SCHEMES.inference)
    .addBearerAuth({ type: 'http', description: 'The root key of the admin API.' }, SCHEMES.admin)
    .addServer('/', 'This server')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  for (const name of contractNames()) {
    const schema = document.components?.schemas?.[name];
    if (schema && 'properties' in schema) schema.additionalProperties = false;
  }
  for (const operation of Object.values(document.paths).flatMap(
    (path) => Object.values(path) as Operation[],
  )) {
    // Said, not left out: this route asks for nothing.
    operation.security ??= [];
    for (const parameter of operation.parameters ?? []) {
      if (parameter.in === 'query' && parameter.schema) parameter.schema = withoutNull(parameter.schema);
    }
  }
  document.paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, methods]) => [nameRest(path, methods), methods]),
  );
  return JSON.parse(
    JSON.stringify(document).replaceAll('https://example.com/image.jpg', exampleImage),
  ) as OpenAPIObject;
}

/** Where bodies take null, queries leave a parameter out. */
function withoutNull(schema: Schema): Schema {
  return {
    ...schema,
    nullable: undefined,
    ...(schema.enum && { enum: schema.enum.filter((value) => value !== null) }),
    ...(schema.oneOf && { oneOf: schema.oneOf.map(withoutNull) }),
  };
}

/** Swagger calls a route's `*` `path`; here it is called what the route itself calls it. */
function nameRest(path: string, methods: object): string {
  const [operation] = Object.values(methods) as Operation[];
  const parameter = operation?.parameters?.find((it) => it.in === 'path' && !path.includes(`{${it.name}}`));
  return parameter ? path.replace(/\{path\}$/, `{${parameter.name}}`) : path;
}

/** Serves the document at `/openapi.json` and Swagger UI at `/docs`. */
export function serveDocument(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, {
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Cerebro',
    swaggerOptions: { displayRequestDuration: true },
  });
}

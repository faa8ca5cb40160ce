// The schemas of an OpenAPI document as it is, by the letter of version 3.0: null only where `nullable` stands beside a
// `type`. For what the document says of itself; answers are held against it in conformance-schemas.ts.
import { Ajv } from 'ajv';
import formats from 'ajv-formats';

/** An example or a default, and the schema that it is of. */
export interface Said {
  /** Where the schema stands: a JSON pointer. */
  readonly pointer: string;
  readonly value: unknown;
}

type Node = Readonly<Record<string, unknown>>;

/** One document. */
export class DocumentSchemas {
  private readonly ajv = new Ajv({ strict: false, allErrors: true, logger: false });

  constructor(private readonly document: object) {
    formats.default(this.ajv);
    this.ajv.addFormat('binary', true);
    this.ajv.addSchema(document, 'openapi.json');
  }

  /** What is wrong with a value of the schema at a pointer; undefined: nothing. */
  complaint(pointer: string, value: unknown): string | undefined {
    const path = pointer.split('/').map(encodeURIComponent).join('/');
    const validate = this.ajv.compile({ $ref: `openapi.json#${path}` });
    return validate(value) === true ? undefined : `${pointer}: ${this.ajv.errorsText(validate.errors)}`;
  }

  /** Every example and default. */
  said(): Said[] {
    return [...walk(this.document as Node, '')].flatMap(([pointer, node]) => {
      const schema = isNode(node.schema) ? `${pointer}/schema` : pointer;
      const examples = isNode(node.examples)
        ? Object.values(node.examples).map((it) => (it as Node).value)
        : [];
      const own = ['example', 'default'].filter((name) => name in node).map((name) => node[name]);
      return [...own, ...examples].map((value) => ({ pointer: schema, value }));
    });
  }
}

/** Every object of the document with its pointer, but for what is inside of examples and defaults. */
function* walk(node: Node, pointer: string): Generator<[string, Node]> {
  // Among properties, a property that is called `example` is one.
  if (!/\/(properties|responses)$/.test(pointer)) yield [pointer, node];
  for (const [name, value] of Object.entries(node)) {
    const isValue =
      ['example', 'examples', 'default', 'enum'].includes(name) && !pointer.endsWith('/properties');
    if (!isValue && isNode(value))
      yield* walk(value, `${pointer}/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}

// What the sandbox knows about a model that Replicate publishes: the shape of the data files beside it.

/** One input of a model, in the form cog writes into a version's `openapi_schema`. */
export interface InputProperty {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly nullable?: boolean;
  readonly items?: { readonly type: string; readonly format?: string };
  /** A reference to one of the version's choices: `#/components/schemas/<name>`. */
  readonly allOf?: readonly { readonly $ref: string }[];
  /** The place in the model's `predict()` signature. */
  readonly 'x-order': number;
}

/** The type of a model's answer, as `components.schemas.Output` has it. */
export interface OutputSchema {
  readonly type: 'string' | 'array' | 'object';
  readonly items?: { readonly type: string };
  /** `uri` for a file. */
  readonly format?: 'uri';
  /** A model whose answer may be nothing; in the sandbox it is. */
  readonly nullable?: true;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, object>>;
  /** `iterator` means that the answer grows, item by item, while the model runs. */
  readonly 'x-cog-array-type'?: 'iterator';
  readonly 'x-cog-array-display'?: 'concatenate';
}

/** One version of a model. */
export interface PublishedVersion {
  /** 64 hexadecimal digits, or `hidden` for an official model. */
  readonly id: string;
  /** RFC 3339 with microseconds. */
  readonly createdAt: string;
  readonly input: {
    readonly required?: readonly string[];
    readonly properties: Readonly<Record<string, InputProperty>>;
  };
  readonly output: OutputSchema;
  /** Values of the inputs that are one of a list, by the name the input's `$ref` gives. */
  readonly choices?: Readonly<Record<string, readonly (string | number)[]>>;
}

/** A model as the sandbox publishes it. */
export interface PublishedModel {
  readonly owner: string;
  readonly name: string;
  /** Only official models run without a version. */
  readonly official: boolean;
  readonly runCount: number;
  /** Newest first; never empty. */
  readonly versions: readonly PublishedVersion[];
}

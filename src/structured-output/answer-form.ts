// What an answer must look like.

/** Any JSON object, or JSON that fits a schema. */
export type AnswerForm = JsonObjectForm | SchemaForm;

/** Any JSON object. */
export interface JsonObjectForm {
  readonly kind: 'json_object';
}

/** JSON that fits a schema. */
export interface SchemaForm {
  readonly kind: 'json_schema';
  /** What the caller calls it. */
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema (2020-12), as the caller sent it. */
  readonly schema: unknown;
  /** Where the schema is in the request, for errors: `response_format.json_schema.schema`. */
  readonly param: string;
}

// Which fields each contract has, for the questions that are asked of every request. Filled by the decorators.
import type { Check } from './complaint.js';

/** One field of a contract. */
export interface Field {
  readonly check: Check;
  readonly required: boolean;
}

/** A class that describes a body or a query. */
export interface Contract {
  readonly prototype: object;
}

/** The fields that each contract declares itself, by its prototype. */
const declared = new Map<object, Map<string, Field>>();

/** The same with inherited fields, made when a contract is first asked for. */
const complete = new Map<object, ReadonlyMap<string, Field>>();

/** Adds a field to the contract with this prototype. */
export function declareField(prototype: object, name: string, field: Field): void {
  declared.set(prototype, (declared.get(prototype) ?? new Map<string, Field>()).set(name, field));
}

/** The names of all contracts: what describes a body or a query takes no other fields. */
export function contractNames(): string[] {
  return [...declared.keys()].map(({ constructor }) => constructor.name);
}

/** The first key of a query that its contract does not know. */
export function unknownField(contract: Contract, query: object): string | undefined {
  const fields = fieldsOf(contract);
  return Object.keys(query).find((name) => !fields.has(name));
}

/** The fields of a contract by their names, inherited ones first. */
export function fieldsOf({ prototype }: Contract): ReadonlyMap<string, Field> {
  const known = complete.get(prototype);
  if (known) return known;
  const parent = Object.getPrototypeOf(prototype) as object | null;
  const inherited = parent ? fieldsOf({ prototype: parent }) : new Map<string, Field>();
  const fields = new Map([...inherited, ...(declared.get(prototype) ?? [])]);
  complete.set(prototype, fields);
  return fields;
}

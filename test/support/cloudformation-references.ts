// Whether everything that a template refers to is there: parameters, resources and their attributes, conditions.
import { functionOf, isRecord, resourcesOf, type Template } from './cloudformation.js';
import { schemaOf } from './cloudformation-schemas.js';

/** Pseudo parameters: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html. */
const PSEUDO = ['AccountId', 'NoValue', 'Partition', 'Region', 'StackName', 'URLSuffix'].map(
  (name) => `AWS::${name}`,
);

/** Attributes of SAM's resources, which its schema does not list. */
const SAM_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = { 'AWS::Serverless::Function': ['Arn'] };

/** What a template uses. */
export interface Uses {
  readonly refs: ReadonlySet<string>;
  /** As `Id.Attribute`. */
  readonly attributes: ReadonlySet<string>;
  readonly conditions: ReadonlySet<string>;
}

/** Everything that a part of a template refers to. */
export function usesOf(part: unknown): Uses {
  const refs = new Set<string>();
  const attributes = new Set<string>();
  const conditions = new Set<string>();
  visit(part);
  return { refs, attributes, conditions };

  function visit(value: unknown): void {
    const call = functionOf(value);
    if (call) note(...call);
    if (Array.isArray(value)) value.forEach(visit);
    else if (isRecord(value)) Object.values(value).forEach(visit);
  }

  function note(name: string, given: unknown): void {
    if (name === 'Ref') refs.add(String(given));
    if (name === 'Fn::If' && Array.isArray(given)) conditions.add(String(given[0]));
    if (name === 'Fn::GetAtt' && Array.isArray(given)) attributes.add(given.join('.'));
    if (name !== 'Fn::Sub') return;
    for (const [, id = ''] of String(given).matchAll(/\$\{([^!}][^}]*)\}/g))
      (id.includes('.') ? attributes : refs).add(id);
  }
}

/** What a template refers to and does not have, or has and does not use; a clause each. */
export async function loose(template: Template): Promise<string[]> {
  const resources = resourcesOf(template);
  const uses = usesOf(template);
  const conditions = new Set([
    ...uses.conditions,
    ...Object.values(resources).flatMap(({ Condition }) =>
      typeof Condition === 'string' ? [Condition] : [],
    ),
  ]);
  const known = Object.keys(template.Conditions ?? {});
  const parameters = Object.keys(template.Parameters ?? {});
  const missing = [...uses.refs].filter(
    (id) => !(id in resources) && !parameters.includes(id) && !PSEUDO.includes(id),
  );
  return [
    ...missing.map((id) => `${id} is neither parameter nor resource`),
    ...parameters.filter((id) => !uses.refs.has(id)).map((id) => `the parameter ${id} is not used`),
    ...[...conditions].filter((id) => !known.includes(id)).map((id) => `there is no condition ${id}`),
    ...known.filter((id) => !conditions.has(id)).map((id) => `the condition ${id} is not used`),
    ...(await looseAttributes(template, uses)),
    ...looseDependencies(template),
  ];
}

async function looseAttributes(template: Template, { attributes }: Uses): Promise<string[]> {
  const found: string[] = [];
  for (const path of attributes) {
    const [id = '', ...rest] = path.split('.');
    const type = template.Resources[id]?.Type ?? '';
    const known = SAM_ATTRIBUTES[type] ?? Object.keys((await schemaOf(type))?.attributes ?? {});
    if (!known.includes(rest.join('.'))) found.push(`${path} is no attribute`);
  }
  return found;
}

function looseDependencies({ Resources }: Template): string[] {
  return Object.entries(Resources).flatMap(([id, { DependsOn = [] }]) =>
    [DependsOn]
      .flat()
      .filter((other) => !(String(other) in Resources))
      .map((other) => `${id} depends on ${String(other)}, which is none`),
  );
}

/** Ways through which a resource needs itself; each is a list of resources. */
export function circles(template: Template): string[] {
  const resources = resourcesOf(template);
  const needs = new Map(
    Object.entries(resources).map(([id, resource]) => {
      const { refs, attributes } = usesOf(resource);
      const ids = [...refs, ...[...attributes].map((path) => path.split('.')[0] ?? '')];
      return [id, ids.filter((other) => other in resources)] as const;
    }),
  );
  return [...needs.keys()].filter((id) => reaches(id, id, new Set()));

  function reaches(from: string, to: string, seen: Set<string>): boolean {
    return (needs.get(from) ?? []).some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  }
}

// Whether resources are as the schemas of CloudFormation and of SAM say: the data that AWS's CDK is generated from.
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import type { Property, PropertyType, Resource as Schema, SpecDatabase } from '@aws-cdk/service-spec-types';
import { functionOf, isRecord, type Resource, resourcesOf, type Template } from './cloudformation.js';

/** Properties of functions that SAM hands on to CloudFormation, and that the data of SAM's own types lacks. */
const HANDED_ON = ['LoggingConfig'];

/** What every resource may have besides `Type` and `Properties`. */
const ATTRIBUTES = [
  'Type',
  'Properties',
  'Condition',
  'DependsOn',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
];

let loaded: Promise<SpecDatabase> | undefined;

/** The schema of a type of resource, such as `AWS::Lambda::Url`. */
export async function schemaOf(type: string): Promise<Schema | undefined> {
  const database = await (loaded ??= loadAwsServiceSpec());
  return [...database.lookup('resource', 'cloudFormationType', 'equals', type)][0];
}

/** What is wrong with the resources of a template, a clause each; none where all is well. */
export async function complaints(template: Template): Promise<string[]> {
  const database = await (loaded ??= loadAwsServiceSpec());
  const found: string[] = [];
  for (const [id, resource] of Object.entries(resourcesOf(template))) {
    const schema = await schemaOf(resource.Type);
    if (!schema) found.push(`${id}: there is no type ${resource.Type}`);
    else found.push(...complaintsOf(database, id, resource, await propertiesOf(schema)));
  }
  return found;
}

async function propertiesOf(schema: Schema): Promise<Readonly<Record<string, Property>>> {
  if (schema.cloudFormationType !== 'AWS::Serverless::Function') return schema.properties;
  const handedOn = (await schemaOf('AWS::Lambda::Function'))?.properties ?? {};
  const more = Object.entries(handedOn).filter(([name]) => HANDED_ON.includes(name));
  return { ...schema.properties, ...Object.fromEntries(more) };
}

function complaintsOf(
  database: SpecDatabase,
  id: string,
  resource: Resource,
  properties: Readonly<Record<string, Property>>,
): string[] {
  const unknown = Object.keys(resource).filter((name) => !ATTRIBUTES.includes(name));
  return [
    ...unknown.map((name) => `${id}: ${name} is no attribute of resources`),
    ...check(database).object(resource.Properties ?? {}, properties, id),
  ];
}

/** The checks, each of which returns what is wrong at a path. */
function check(database: SpecDatabase) {
  function object(given: unknown, properties: Readonly<Record<string, Property>>, path: string): string[] {
    if (!isRecord(given)) return [`${path} must be an object`];
    const missing = Object.entries(properties).filter(
      ([name, { required }]) => required === true && !(name in given),
    );
    return [
      ...missing.map(([name]) => `${path}.${name} is missing`),
      ...Object.entries(given).flatMap(([name, value]) => {
        const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
        if (!property) return [`${path}.${name} is no property`];
        return anyOf(value, [property.type, ...(property.previousTypes ?? [])], `${path}.${name}`);
      }),
    ];
  }

  /** Of several types the one that fits best tells what is wrong. */
  function anyOf(given: unknown, types: readonly PropertyType[], path: string): string[] {
    const all = types.map((type) => value(given, type, path));
    return all.reduce((best, it) => (it.length < best.length ? it : best));
  }

  function value(given: unknown, type: PropertyType, path: string): string[] {
    const call = functionOf(given);
    if (call) return called(call, type, path);
    switch (type.type) {
      case 'json':
        return isRecord(given) || typeof given === 'string' ? [] : [`${path} must be JSON`];
      case 'string':
        return text(given, type.allowedValues, path);
      case 'number':
      case 'integer':
        return typeof given === 'number' ? [] : [`${path} must be a number`];
      case 'boolean':
        return typeof given === 'boolean' ? [] : [`${path} must be true or false`];
      case 'array':
        if (!Array.isArray(given)) return [`${path} must be a list`];
        return given.flatMap((it, index) => value(it, type.element, `${path}.${index}`));
      case 'map':
        if (!isRecord(given)) return [`${path} must be a map`];
        return Object.entries(given).flatMap(([key, it]) => value(it, type.element, `${path}.${key}`));
      case 'union':
        return anyOf(given, type.types, path);
      case 'ref':
        return object(given, database.get('typeDefinition', type.reference.$ref).properties, path);
      default:
        return [];
    }
  }

  /** A choice must fit either way; what another function gives is known at the deploy only. */
  function called([name, given]: readonly [string, unknown], type: PropertyType, path: string): string[] {
    if (name !== 'Fn::If' || !Array.isArray(given)) return [];
    return given.slice(1).flatMap((it, index) => value(it, type, `${path}.${index === 0 ? 'then' : 'else'}`));
  }

  return { object };
}

/** CloudFormation takes numbers and booleans for texts, and writes them out. */
function text(given: unknown, allowed: readonly (string | number)[] | undefined, path: string): string[] {
  if (!['string', 'number', 'boolean'].includes(typeof given)) return [`${path} must be a text`];
  const isAllowed = allowed === undefined || allowed.includes(String(given));
  return isAllowed ? [] : [`${path} must be one of ${allowed.join(', ')}`];
}

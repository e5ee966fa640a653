/** A part of a schema; what is read of it is checked where it is read. */
type Node = Record<string, unknown>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What Kubernetes forbids in a structural schema (or prunes without a word). */
const FORBIDDEN = [
  '$ref',
  'nullable',
  'oneOf',
  'allOf',
  'not',
  'uniqueItems',
  'const',
  'propertyNames',
  'exclusiveMinimum',
  'exclusiveMaximum',
];

/**
 * What is wrong with a schema for a CustomResourceDefinition: beside what Kubernetes forbids, everything must be
 * bounded and described, and numbers are whole.
 */
export function structuralProblems(schema: unknown, path = ''): string[] {
  if (!isNode(schema)) return [`${path}: not a schema`];
  const say = (problem: string): string => `${path === '' ? '.' : path}: ${problem}`;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  return [
    ...FORBIDDEN.filter((key) => key in schema).map((key) => say(`${key} is not allowed`)),
    ...(intOrString ? [] : typeProblems(schema).map(say)),
    ...boundProblems(schema, intOrString).map(say),
    ...childrenOf(schema).flatMap(([name, child]) => structuralProblems(child, `${path}.${name}`)),
  ];
}

function typeProblems(schema: Node): string[] {
  const { type } = schema;
  const problems: string[] = [];
  if (typeof type !== 'string') problems.push('no type');
  if (type === 'number') problems.push('floats are not allowed: use a decimal string');
  if ('anyOf' in schema) problems.push('anyOf is not allowed');
  if (type === 'object' && 'properties' in schema && 'additionalProperties' in schema) {
    problems.push('additionalProperties beside properties');
  }
  if (type === 'array' && !('x-kubernetes-list-type' in schema)) problems.push('no list type');
  return problems;
}

/** CEL rules cost what the largest value costs. */
function boundProblems(schema: Node, intOrString: boolean): string[] {
  const bounds: Record<string, string> = {
    string: 'maxLength',
    integer: 'maximum',
    array: 'maxItems',
    ...('additionalProperties' in schema && { object: 'maxProperties' }),
  };
  const bound = intOrString ? 'maxLength' : bounds[String(schema['type'])];
  return bound === undefined || bound in schema || 'enum' in schema ? [] : [`no ${bound}`];
}

function childrenOf(schema: Node): Array<[string, unknown]> {
  const { properties, items, additionalProperties } = schema;
  return [
    ...(isNode(properties) ? Object.entries(properties) : []),
    ...(items === undefined ? [] : [['[]', items] as [string, unknown]]),
    ...(additionalProperties === undefined
      ? []
      : [['*', additionalProperties] as [string, unknown]]),
  ];
}

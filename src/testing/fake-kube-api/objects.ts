interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** An object as the fake API server keeps it: JSON, and nothing known of its kind. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: Owner[];
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [field: string]: unknown;
}

/** A change, as watches tell it. */
export interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly object: KubeObject;
}

/** A refusal with the body that Kubernetes gives it. */
export class Refused extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** What a test gives to make an object. */
export type NewObject = Record<string, unknown> & {
  metadata: Partial<KubeObject['metadata']> & { name: string };
};

/**
 * Objects with the rules of the API server that controllers trip over: resource versions, the status subresource,
 * generations, writes that change nothing, preconditions, dependants that go with their owner.
 */
export class ObjectTable {
  readonly changes: Change[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #onChange: (change: Change) => void;
  #version = 1000;
  /** Of the next object, ms: each a second after the last, since Kubernetes keeps whole seconds. */
  #created = Date.now();
  #uids = 0;

  constructor(onChange: (change: Change) => void) {
    this.#onChange = onChange;
  }

  get version(): number {
    return this.#version;
  }

  list(resource: string, namespace: string | null): KubeObject[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${resource} ${namespace === null ? '' : `${namespace} `}`))
      .map(([, object]) => object);
  }

  get(resource: string, namespace: string, name: string): KubeObject {
    const object = this.#objects.get(`${resource} ${namespace} ${name}`);
    if (object === undefined) throw new Refused(404, 'NotFound', `${resource} "${name}" not found`);
    return object;
  }

  create(resource: string, namespace: string, given: NewObject, hasStatus = true): KubeObject {
    const { name } = given.metadata;
    if (this.#objects.has(`${resource} ${namespace} ${name}`)) {
      throw new Refused(409, 'AlreadyExists', `${resource} "${name}" already exists`);
    }
    const { status, ...rest } = given;
    return this.#put('ADDED', resource, {
      ...rest,
      ...(hasStatus && status !== undefined && { status: status as Record<string, unknown> }),
      metadata: {
        creationTimestamp: this.#nextTime(),
        ...given.metadata,
        name,
        namespace,
        uid: given.metadata.uid ?? `uid-${(this.#uids += 1)}`,
        resourceVersion: '',
        generation: 1,
      },
    });
  }

  /** Changes an object; a resource version or uid given must be those that it has. */
  update(
    resource: string,
    namespace: string,
    name: string,
    change: (object: KubeObject) => Partial<KubeObject>,
    given: { resourceVersion?: string | undefined; uid?: string | undefined } = {},
  ): KubeObject {
    const before = this.get(resource, namespace, name);
    assertSame(before, given);
    const after: KubeObject = { ...before, ...change(structuredClone(before)) };
    if (JSON.stringify(after) === JSON.stringify(before)) return before;
    const grown = JSON.stringify(after.spec) === JSON.stringify(before.spec) ? 0 : 1;
    const generation = before.metadata.generation + grown;
    return this.#put('MODIFIED', resource, {
      ...after,
      metadata: { ...after.metadata, generation },
    });
  }

  delete(resource: string, namespace: string, name: string, uid?: string): KubeObject {
    const object = this.get(resource, namespace, name);
    assertSame(object, { uid });
    this.#objects.delete(`${resource} ${namespace} ${name}`);
    this.#tell('DELETED', resource, this.#stamped(object));
    for (const [key, dependant] of [...this.#objects]) {
      const owners = dependant.metadata.ownerReferences ?? [];
      if (!owners.some((owner) => owner.uid === object.metadata.uid)) continue;
      const [kind = '', place = '', dependantName = ''] = key.split(' ');
      this.delete(kind, place, dependantName);
    }
    return object;
  }

  #nextTime(): string {
    this.#created += 1000;
    return `${new Date(this.#created).toISOString().slice(0, 19)}Z`;
  }

  #put(type: Change['type'], resource: string, object: KubeObject): KubeObject {
    const stamped = this.#stamped(object);
    const { namespace, name } = stamped.metadata;
    this.#objects.set(`${resource} ${namespace} ${name}`, stamped);
    this.#tell(type, resource, stamped);
    return stamped;
  }

  #stamped(object: KubeObject): KubeObject {
    const resourceVersion = String((this.#version += 1));
    return { ...object, metadata: { ...object.metadata, resourceVersion } };
  }

  #tell(type: Change['type'], resource: string, object: KubeObject): void {
    const change = { version: this.#version, type, resource, object };
    this.changes.push(change);
    this.#onChange(change);
  }
}

function assertSame(
  { metadata }: KubeObject,
  given: { resourceVersion?: string | undefined; uid?: string | undefined },
): void {
  const { resourceVersion = metadata.resourceVersion, uid = metadata.uid } = given;
  if (resourceVersion !== metadata.resourceVersion || uid !== metadata.uid) {
    throw new Refused(409, 'Conflict', `the object "${metadata.name}" has been modified`);
  }
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged = new Map(Object.entries((target ?? {}) as Record<string, unknown>));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

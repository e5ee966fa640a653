/** The parts of Kubernetes objects that the chart's tests look at. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec?: Workload & Partial<Pod>;
}

interface Workload {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly template?: Template;
  readonly jobTemplate?: { readonly spec: { readonly template: Template } };
}

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Pod;
}

export interface Pod {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: object;
}

/** The pod that an object is or makes; null for other objects. */
export function podOf({ kind, spec }: Manifest): Pod | null {
  if (kind === 'Pod') return { containers: [], ...spec };
  return (spec?.jobTemplate?.spec.template ?? spec?.template)?.spec ?? null;
}

export function containersOf(object: Manifest): Container[] {
  const pod = podOf(object);
  return pod === null ? [] : [...(pod.initContainers ?? []), ...pod.containers];
}

export const probesOf = (container: Container): string[] =>
  Object.keys(container)
    .filter((key) => key.endsWith('Probe'))
    .toSorted();

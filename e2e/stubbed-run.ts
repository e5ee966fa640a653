import { type Behaviour, StubbedProject } from '../src/testing/stubbed-project.ts';

const FILES = [
  'e2e/run.sh',
  'e2e/k3d.sh',
  'e2e/diagnose.sh',
  'e2e/store-image.sh',
  'hack/build-images.sh',
  'Makefile',
  'package.json',
];
const TOOLS =
  'bash cat dirname env grep head make mkdir mktemp od rm sed seq sh sort tail tr'.split(' ');
const NODE = 'node_modules/.bin/node';

/** Programs of a machine on which all is well. */
const WELL: Behaviour = {
  'k3d version': 'echo "k3d version v5.9.0"',
  'k3d kubeconfig get *': 'echo "apiVersion: v1"',
  'helm template *':
    'echo "          image: bookrec-api:0.1.0"; echo "          image: docker.dragonflydb.io/dragonflydb/dragonfly:v1"',
};
export const PROGRAMS = ['docker', 'k3d', 'kubectl', 'helm'];

/** e2e/run.sh among stubbed programs; `behaviour` says where they differ from those of a machine on which all is well. */
export function stubbedRun(
  behaviour: Behaviour = {},
  programs: readonly string[] = PROGRAMS,
): StubbedProject {
  const project = new StubbedProject(FILES, TOOLS);
  project.stub([...programs, 'sleep', NODE], behaviour, WELL);
  return project;
}

/** Calls with the names that differ from run to run replaced. */
export const withoutNames = (calls: readonly string[]): string[] =>
  calls.map((call) =>
    call
      .replaceAll(/\be2e-[0-9a-z]+-[0-9a-f]{8}\b/g, 'TAG')
      .replaceAll(/\bbookrec-[0-9a-f]{8}\b/g, 'CLUSTER'),
  );

/** What tells calls apart: the program and its verb. */
export const verbs = (calls: readonly string[]): string[] =>
  calls.map((call) => call.split(' ').slice(0, 3).join(' '));

#!/usr/bin/env bash
# Runs the end-to-end tests on a cluster: what `make e2e` calls. Arguments go to vitest, such as a scenario's name.
#
#   E2E_KUBECONFIG  kubeconfig of a cluster to use; without it, one of k3d is created and deleted
#   E2E_BUILD       command that builds images, with the arguments of `docker build` (docker build)
#   E2E_LOAD        command that brings the images that it is given into that cluster
#   E2E_RESTART     command that restarts the API server of that cluster; without it that scenario is left out
#   E2E_IMAGE_TAG   tag of images which that cluster has already, so that nothing is built
#   E2E_KEEP=1      leave the cluster and what the tests made in it, to be looked at
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'e2e: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# need PROGRAM HOW: complains, with the way to get it, if a program is missing
missing=
need() {
  command -v "$1" >/dev/null && return
  say "$1 is missing: $2"
  missing=yes
}

# shellcheck source=SCRIPTDIR/k3d.sh
source e2e/k3d.sh

given=${E2E_KUBECONFIG:-}
targets='api batch controller'
figures=var/e2e-figures.txt
cluster='' testing='' interrupted='' child=''
work=$(mktemp -d)

preflight() {
  need kubectl 'install it as https://kubernetes.io/docs/tasks/tools/ says'
  need helm 'install Helm 3.14 or newer as https://helm.sh/docs/intro/install/ says'
  need node_modules/.bin/node "run 'make install'"
  [[ -n $given ]] || cluster_preflight
  [[ -z $missing ]] || exit 1
  [[ -n $given ]] || return 0
  [[ $given == /* ]] || given=$PWD/$given
  [[ -r $given ]] || fail "E2E_KUBECONFIG: there is no readable file $given"
  [[ -n ${E2E_LOAD:-}${E2E_IMAGE_TAG:-} ]] ||
    fail 'E2E_LOAD is not set: name the command that brings images into the cluster of E2E_KUBECONFIG'
  KUBECONFIG=$given kubectl get --raw /readyz --request-timeout=10s >/dev/null ||
    fail "the cluster of $given does not answer"
}

build() {
  # Attestations would make each image an index of several, which k3d cannot import from some engines.
  MAKEFLAGS='' BUILDX_NO_DEFAULT_ATTESTATIONS=1 IMAGE_BUILDER=${E2E_BUILD:-docker build} IMAGE_PREFIX='' \
    IMAGE_TAG=$E2E_IMAGE_TAG IMAGE_TARGETS=$targets make --no-print-directory images
}

clean_up() {
  [[ -n $cluster$testing ]] || return 0
  if [[ ${E2E_KEEP:-} == 1 ]]; then
    say "kept; once more: E2E_KUBECONFIG=$KUBECONFIG E2E_IMAGE_TAG=$E2E_IMAGE_TAG make e2e"
    [[ -z $cluster ]] || say "to delete it: $(cluster_delete_command "$cluster")"
    return
  fi
  if [[ -n $cluster ]]; then
    cluster_delete "$cluster" || {
      say "cluster $cluster is still there; delete it by: $(cluster_delete_command "$cluster")"
      return 1
    }
  elif [[ -n $testing ]]; then
    kubectl delete namespace --selector "bookrec.dev/e2e=$E2E_IMAGE_TAG" --timeout=180s >&2 || {
      say 'not all namespaces of the tests could be deleted'
      return 1
    }
  fi
}

finish() {
  local code=$?
  trap - EXIT
  # A second Ctrl-C must not leave a cluster behind.
  trap '' INT TERM
  if [[ -n $testing && -z $interrupted ]]; then
    ((code == 0)) || bash e2e/diagnose.sh
    [[ ! -f $figures ]] || sed 's/^/e2e: /' "$figures"
  fi
  clean_up || ((code > 0)) || code=1
  [[ ${E2E_KEEP:-} == 1 && -n $cluster ]] || rm -rf "$work"
  exit "$code"
}

interrupt() {
  interrupted=yes
  [[ -z $child ]] || { kill "$child" && wait "$child"; } 2>/dev/null || true
  exit "$1"
}

trap finish EXIT
trap 'interrupt 130' INT
trap 'interrupt 143' TERM

preflight
unique=$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')
if [[ -n $given && -n ${E2E_IMAGE_TAG:-} ]]; then
  say "using the images of tag $E2E_IMAGE_TAG"
  export KUBECONFIG=$given
else
  E2E_IMAGE_TAG=e2e-$(git rev-parse --short HEAD 2>/dev/null || echo none)-$unique
  images=()
  for target in $targets; do images+=("bookrec-$target:$E2E_IMAGE_TAG"); done
  say "building ${images[*]}"
  build || fail 'the images could not be built'
  if [[ -n $given ]]; then
    export KUBECONFIG=$given
    # E2E_LOAD is a command with arguments.
    # shellcheck disable=SC2086
    $E2E_LOAD "${images[@]}" || fail "the images could not be brought in by: $E2E_LOAD"
  else
    export KUBECONFIG=$work/kubeconfig
    store=$(e2e/store-image.sh)
    [[ -n $store ]] || fail 'the chart names no image of Dragonfly'
    docker pull --quiet "$store" || fail "$store could not be pulled"
    cluster=bookrec-$unique
    cluster_create "$cluster" || fail "cluster $cluster could not be created"
    cluster_load "$cluster" "${images[@]}" "$store" || fail "the images could not be brought into $cluster"
  fi
fi

mkdir -p var
rm -f "$figures"
testing=yes
export E2E_KUBECONFIG=$KUBECONFIG E2E_IMAGE_TAG
# Of its own, since that of `make test` is printed with its tests.
export BOOKREC_LEFT_OUT=$work/left-out
# In the background, since a trap would have to wait for a program in the foreground.
node_modules/.bin/node node_modules/vitest/vitest.mjs run --config e2e/vitest.config.ts "$@" &
child=$!
wait "$child"

#!/usr/bin/env bash
# diagnose.sh [NAMESPACE...]: prints what explains a failure in the cluster of KUBECONFIG: its nodes and pods, and of each namespace
# (without one, those of the run E2E_IMAGE_TAG) its objects and events, and of each pod its description and its logs, also those
# from before a restart.
set -uo pipefail

# What is printed of each part at most: its first or last lines.
lines=100

kubectl() { command kubectl --request-timeout=20s "$@"; }

title() { printf '\n--- %s\n' "$*"; }

# logs NAMESPACE POD CONTAINER [--previous]: its last lines, if it has written any
logs() {
  local text
  text=$(kubectl logs --namespace "$1" "$2" --container "$3" --tail "$lines" "${@:4}" 2>&1) || return 0
  [[ -n $text ]] || return 0
  title "logs $1/$2 $3 ${*:4}"
  tail -n "$lines" <<<"$text"
}

title nodes
kubectl get nodes --output wide 2>&1
kubectl describe nodes 2>&1 | sed -n '/^Conditions:/,/^Addresses:/p;/^Allocated resources:/,$p' | head -n "$lines"
title pods of all namespaces
kubectl get pods --all-namespaces --output wide 2>&1 | head -n "$lines"

namespaces=$*
if (($# == 0)); then
  namespaces=$(kubectl get namespaces --selector "bookrec.dev/e2e=$E2E_IMAGE_TAG" --output 'jsonpath={.items[*].metadata.name}')
fi
for namespace in $namespaces; do
  title "objects $namespace"
  kubectl get all,persistentvolumeclaims,configmaps,ingresses,networkpolicies --namespace "$namespace" 2>&1 | head -n "$lines"
  title "events $namespace"
  kubectl get events --namespace "$namespace" --sort-by .metadata.creationTimestamp 2>&1 | tail -n "$lines"
  for pod in $(kubectl get pods --namespace "$namespace" --output 'jsonpath={.items[*].metadata.name}'); do
    title "pod $namespace/$pod"
    kubectl describe pod --namespace "$namespace" "$pod" 2>&1 | head -n "$lines"
    for container in $(kubectl get pod --namespace "$namespace" "$pod" \
      --output 'jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}'); do
      logs "$namespace" "$pod" "$container" --previous
      logs "$namespace" "$pod" "$container"
    done
  done
done

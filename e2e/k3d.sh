# The verbs of e2e/run.sh for clusters of k3d; a file with the same functions would serve for kind.
# They use its `say` and `need`; KUBECONFIG is the file that cluster_create writes.
#
#   E2E_K3D_ARGS  more arguments of `k3d cluster create`, such as `--registry-config FILE` for mirrors
# shellcheck shell=bash

K3S_IMAGE=docker.io/rancher/k3s:v1.35.5-k3s1

cluster_preflight() {
  need docker 'install Docker Engine as https://docs.docker.com/engine/install/ says'
  need k3d 'install k3d 5 as https://k3d.io/stable/#installation says, or name a cluster of your own by E2E_KUBECONFIG'
  [[ -z $missing ]] || return 0
  docker info >/dev/null 2>&1 || {
    say 'docker does not answer: start Docker, or see that you may use it'
    missing=yes
  }
  [[ $(k3d version) == 'k3d version v5'* ]] || {
    say 'k3d is not of version 5: install it as https://k3d.io/stable/#installation says'
    missing=yes
  }
}

# cluster_create NAME: tries twice, since name resolution in a new cluster sometimes does not come up.
cluster_create() {
  create_once "$1" && return
  say "cluster $1 did not come up; its node said last:"
  docker logs --tail 40 "$(node_of "$1")" >&2 || true
  cluster_delete "$1" || true
  say 'trying once more'
  create_once "$1"
}

create_once() {
  # E2E_K3D_ARGS are several words; metrics-server is not used, and slows the deletion of namespaces until it runs.
  # shellcheck disable=SC2086
  k3d cluster create "$1" --image "$K3S_IMAGE" --servers 1 --agents 0 --no-lb --no-image-volume \
    --api-port 127.0.0.1:random --kubeconfig-update-default=false --kubeconfig-switch-context=false \
    --k3s-arg '--disable=traefik@server:*' --k3s-arg '--disable=servicelb@server:*' \
    --k3s-arg '--disable=metrics-server@server:*' --wait --timeout 180s ${E2E_K3D_ARGS:-} &&
    (umask 077 && k3d kubeconfig get "$1" >"$KUBECONFIG") &&
    appears "node/$(node_of "$1")" &&
    kubectl wait --for=condition=Ready nodes --all --timeout=120s &&
    rolled_out coredns && rolled_out local-path-provisioner
}

rolled_out() {
  appears "deployment/$1" && kubectl --namespace kube-system rollout status "deployment/$1" --timeout=120s
}

# appears KIND/NAME: waits up to a minute until the cluster has made one of its own objects.
appears() {
  local tries=60
  until kubectl --namespace kube-system get "$1" >/dev/null 2>&1; do
    ((tries-- > 0)) || {
      say "the cluster has no $1"
      return 1
    }
    sleep 1
  done
}

# cluster_load NAME IMAGE...: brings images of the engine into the node and makes sure that they arrived.
cluster_load() {
  local name=$1 image
  shift
  k3d image import --mode direct --cluster "$name" "$@" || say 'k3d could not import the images'
  for image; do
    has_image "$name" "$image" && continue
    say "$image did not arrive; bringing it in by ctr"
    docker save "$image" | docker exec -i "$(node_of "$name")" ctr -n k8s.io images import - || return 1
    has_image "$name" "$image" || {
      say "$image did not arrive in the node"
      return 1
    }
  done
}

has_image() { docker exec "$(node_of "$1")" crictl inspecti --quiet "$2" >/dev/null 2>&1; }

cluster_delete() { k3d cluster delete "$1"; }

cluster_delete_command() { echo "k3d cluster delete $1"; }

# The container that is the cluster's only node.
node_of() { echo "k3d-$1-server-0"; }

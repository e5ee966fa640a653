#!/bin/sh
# Builds every target of images/Dockerfile as ${IMAGE_PREFIX}bookrec-TARGET:VERSION.
# IMAGE_BUILDER takes the arguments of `docker build`; BASE_IMAGE replaces the base, a release pins it by digest.
set -eu
cd "$(dirname "$0")/.."
version=${IMAGE_TAG:-$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
# Builders that know it set file times from it, so that the same commit gives the same layers.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH
for target in ${IMAGE_TARGETS:-api batch batch-gpu controller}; do
  # IMAGE_BUILDER is a command with arguments.
  # shellcheck disable=SC2086
  ${IMAGE_BUILDER:-docker build} --file images/Dockerfile --target "$target" \
    --tag "${IMAGE_PREFIX:-}bookrec-$target:$version" \
    --label "org.opencontainers.image.version=$version" \
    --label "org.opencontainers.image.revision=$revision" \
    --build-arg "BASE_IMAGE=${BASE_IMAGE:-node:24-bookworm-slim}" .
done

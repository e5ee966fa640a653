#!/bin/sh
# Fails if `make generate` changed a file.
set -eu
changed=$(git status --porcelain -- docs/errors.md docs/openapi.json \
  charts/bookrec/values.schema.json charts/bookrec/README.md \
  charts/bookrec/files/recommenderruns.crd.yaml \
  src/batch/train/kernel src/model/dense)
[ -z "$changed" ] && exit 0
printf 'Not current; run "make generate" and commit:\n%s\n' "$changed" >&2
exit 1

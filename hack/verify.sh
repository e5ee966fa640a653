#!/bin/sh
# Fails if `make generate` changed a file or made a new one under docs/.
set -eu
changed=$(git status --porcelain -- docs/errors.md docs/openapi.json)
[ -z "$changed" ] && exit 0
printf 'Not current; run "make generate" and commit:\n%s\n' "$changed" >&2
exit 1

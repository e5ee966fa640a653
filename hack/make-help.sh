#!/bin/sh
# Prints the targets of a Makefile from their `##` comments, by `##@` groups.
set -eu
awk -F ':.*## ' '
  /^##@ / { printf "\n%s\n", substr($0, 5) }
  /^[a-z][a-z0-9-]*:.*## / { printf "  make %-11s %s\n", $1, $2 }
' "$@"

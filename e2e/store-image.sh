#!/bin/sh
# Prints the image of the store, as the chart names it.
set -eu
cd "$(dirname "$0")/.."
helm template e2e charts/bookrec |
  sed -n 's/^ *image: "\{0,1\}\([^" ]*dragonfly[^" ]*\)"\{0,1\}$/\1/p' | sort -u

#!/bin/sh
# Installs the packages of package-lock.json and makes sure that Node 24 is among them.
set -eu

if ! command -v npm >/dev/null; then
  echo 'npm is not installed. Install Node.js 20 or newer (https://nodejs.org) and try again.' >&2
  exit 1
fi
npm ci --no-audit --no-fund --loglevel=error

node=node_modules/.bin/node
# Where scripts of packages are switched off, the binary has not been fetched yet.
"$node" --version >/dev/null 2>&1 || npm rebuild node --ignore-scripts=false --loglevel=error
echo "installed, with Node $("$node" --version)"
# npm may leave it older than the lock file, which would install again each time.
touch node_modules/.package-lock.json

#!/bin/sh
# Runs the tests of trainings on a GPU: on the machine's, or in software on what comes with Chromium where there is no Vulkan.
set -eu
software=/usr/lib/chromium
if ! ldconfig -p | grep -q libvulkan && [ -e "$software/vk_swiftshader_icd.json" ]; then
  export LD_LIBRARY_PATH="$software" VK_DRIVER_FILES="$software/vk_swiftshader_icd.json"
fi
exec node_modules/.bin/node node_modules/vitest/vitest.mjs run --config hack/gpu.vitest.config.ts "$@"

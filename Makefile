# Node 24 comes with `npm ci`; the machine's own Node (20 or newer) serves for that alone.
SHELL := /bin/sh
NODE := node_modules/.bin/node
INSTALLED := node_modules/.package-lock.json
export BOOKREC_LEFT_OUT ?= $(CURDIR)/var/left-out

.DEFAULT_GOAL := help
.PHONY: help install demo train api test test-gpu e2e lint fmt fmt-check typecheck generate golden images verify bench sizes clean ci

##@ Use
help: ## This list
	@sh hack/make-help.sh $(MAKEFILE_LIST)

install: $(INSTALLED) ## Install what is needed, Node 24 included
$(INSTALLED): package-lock.json
	@sh hack/install.sh

demo: install ## Train on data/bookcrossing if nothing is trained yet, then serve on port 8000
	@bin/bookrec demo

train: install ## Train on data/bookcrossing and publish
	@bin/bookrec train

api: install ## Serve the published model
	@bin/bookrec api

##@ Develop
test: install ## Run all tests; says which suites this machine cannot run
	@mkdir -p var && rm -f $(BOOKREC_LEFT_OUT)
	@$(NODE) node_modules/vitest/vitest.mjs run

test-gpu: install ## Run the tests of trainings on a GPU, in software where the machine has none
	@mkdir -p var && rm -f $(BOOKREC_LEFT_OUT)
	@sh hack/test-gpu.sh

e2e: install ## Run the end-to-end tests on a cluster of k3d, or on that of E2E_KUBECONFIG
	@e2e/run.sh $(ARGS)

lint: install ## ESLint
	@$(NODE) node_modules/eslint/bin/eslint.js .

fmt: install ## Format all files
	@$(NODE) node_modules/prettier/bin/prettier.cjs --log-level warn --write .

fmt-check: install ## Fail if a file is not formatted
	@$(NODE) node_modules/prettier/bin/prettier.cjs --check .

typecheck: install ## Check types, each folder under its own tsconfig.json
	@$(NODE) hack/typecheck.ts

generate: install ## Write the files that are generated from code
	@for part in errors openapi values-schema chart-readme crd kernel; do $(NODE) hack/gen-$$part.ts || exit 1; done

golden: install ## Render the chart's test cases anew with Helm; look at the diff before committing
	@$(NODE) hack/gen-chart-golden.ts

images: ## Build the container images with IMAGE_BUILDER (docker build)
	@sh hack/build-images.sh

verify: generate ## Fail if a generated file is not current, or a value of the chart is not used
	@sh hack/verify.sh
	@$(NODE) hack/check-values.ts

bench: install ## Measure the main figures and write docs/benchmarks.md
	@$(NODE) hack/bench.ts

sizes: install ## Measure memory by the size of the data and write the tables in docs/operations.md
	@$(NODE) hack/measure-sizes.ts

ci: ## What CI runs: system packages, checks, tests, and end-to-end tests where there is a cluster
	@.ci/run

clean: ## Delete what was installed and trained
	@rm -rf node_modules var coverage

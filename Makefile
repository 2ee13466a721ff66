# One command per purpose; `make help` lists them. Each installs what it needs into .venv, once.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
WORKERS ?= 2
ENV ?=
SETTINGS ?=
PARAMETERS ?=
YES ?=
AT_ONCE ?=
DYNAMODB_PORT ?= 8000
LOAD ?=
VERIFY ?=
CLEAN ?=
DYNAMODB_DATA ?= .rollcall/dynamodb
BIN := .venv/bin
export SAM_CLI_TELEMETRY := 0
export UV_SYSTEM_CERTS := true
# A container image may set it: then each process would compile all packages once more.
unexport PYTHONDONTWRITEBYTECODE

# The AWS CLI prefers AWS_REGION; the SAM CLI and boto3 read AWS_DEFAULT_REGION alone.
AWS_REGION ?=
ifneq ($(AWS_REGION),)
ifneq ($(filter-out $(AWS_REGION),$(AWS_DEFAULT_REGION)),)
TWO_REGIONS := The region is $(AWS_REGION), from AWS_REGION; AWS_DEFAULT_REGION is $(AWS_DEFAULT_REGION) and is ignored
endif
# Of a variable that the command line sets as well.
override AWS_DEFAULT_REGION := $(AWS_REGION)
export AWS_REGION AWS_DEFAULT_REGION
endif

# Installing and building run third-party code, which gets neither AWS credentials nor the tokens that CI exchanges for them.
SECRETS := $(filter-out AWS_REGION AWS_DEFAULT_REGION AWS_CA_BUNDLE, \
	$(filter AWS_% ACTIONS_ID_TOKEN_% ACTIONS_RUNTIME_% GITHUB_TOKEN GH_TOKEN, $(.VARIABLES)))
# MAKEFLAGS would pass on the variables of the command line.
WITHOUT_CREDENTIALS := env -u MAKEFLAGS -u MFLAGS $(SECRETS:%=-u %) \
	AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true

SLOW_TIERS := dynamodb_local or sam_local or browser or prove

.PHONY: help
help: ## List the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-22s %s\n", $$1, $$2}'

# --- Run ---------------------------------------------------------------------

.PHONY: run
run: .venv/.local ## Serve SCIM on this machine (PORT=8080, CONNECTOR_KEY, DYNAMODB_ENDPOINT, EVENTS_URL, EVENTS_SECRET, EVENTS_FILE)
	@$(BIN)/python -m local.serve

.PHONY: run-dynamodb-local
run-dynamodb-local: .venv/.local .dynamodb-local/.installed ## Serve SCIM on DynamoDB Local, which keeps the users (needs JDK 17, Maven)
	@scripts/dynamodb-local '$(DYNAMODB_PORT)' '$(DYNAMODB_DATA)'

# --- Test and check ----------------------------------------------------------

.PHONY: test
test: .venv/.dev ## Run the tests that need no Docker, Java or browser (THOROUGH=1: with more examples)
	@echo 'Not included: make test-dynamodb-local (JDK 17, Maven), make test-sam-local (Docker), make test-browser (Chromium), make prove'
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m 'not ($(SLOW_TIERS))'

.PHONY: test-dynamodb-local
test-dynamodb-local: .venv/.dev .dynamodb-local/.installed ## Run the storage, contract and concurrency tests on DynamoDB Local (needs JDK 17, Maven)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m dynamodb_local

.PHONY: test-sam-local
test-sam-local: .venv/.dev build ## Run every function with its events, and the contract tests, in the SAM CLI (needs Docker)
	@PATH="$(CURDIR)/.venv-sam/bin:$$PATH" $(BIN)/pytest -m sam_local

.PHONY: test-browser
test-browser: .venv/.dev ## Test the pages in Chromium
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m browser

.PHONY: conformance
conformance: .venv/.dev ## Run the conformance checkers and tests, and update docs/conformance.md
	@PYTHONPATH=src:tests $(BIN)/python -m conformance.write

.PHONY: prove
prove: .venv-prove/.installed ## Deploy the whole stack to an AWS emulator and use it, without an AWS account or Docker
	@PYTHONPATH=src:tests $(BIN)/python -m support.reduced_templates
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m prove tests/prove tests/contract

.PHONY: screenshots
screenshots: test-browser ## Update the pictures in docs/images from the browser tests
	@cp build/screenshots/*.png docs/images/

.PHONY: lint
lint: lint-types lint-style lint-words lint-template ## Check style, types, wording, the direction of imports and the template

# Apart, so that `make -j2 lint` checks the rest during the types, which take the longest.
.PHONY: lint-types lint-style lint-words lint-template
lint-types: .venv/.dev
	@$(BIN)/mypy

lint-style: .venv/.dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo 'The code is not formatted: run make format'; exit 1; }
	@report=$$($(BIN)/lint-imports --no-logo) || { echo "$$report"; exit 1; }

# What people read: documents, templates, and what programs show and log, which is in their source. In tests, words that
# are data are right: missing users, abbreviations, mistakes made on purpose.
TEXTS := *.md *.yaml Makefile docs examples/*.md examples/*/*.md schemas src scripts verify_aws artifact bench tests/support/README.md tests/conformance
lint-words: .venv/.dev
	@$(BIN)/codespell $(TEXTS) && $(BIN)/codespell --ignore-words tests/.codespell-ignore.txt --skip '*/test_words.py,*/data/*' tests \
		|| { echo 'Use the words after the arrow. If a word is a technical term, add it to ignore-words-list in pyproject.toml; if it is data of a test, to tests/.codespell-ignore.txt'; exit 1; }
	@$(MEASURE) -m support.phrases $(TEXTS) \
		|| { echo 'Use the words after the arrow, or write the sentence in another way (.phrases.txt lists the phrases)'; exit 1; }

lint-template: .venv/.dev
	@$(BIN)/cfn-lint

.PHONY: format
format: .venv/.dev ## Format the code and fix what ruff can fix
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

# --- Measure -----------------------------------------------------------------

MEASURE := PYTHONPATH=src:tests $(BIN)/python

.PHONY: bench
bench: .venv/.dev ## Compare the SCIM engine with other implementations
	@$(MEASURE) bench/protocol.py

.PHONY: bench-cold-start
bench-cold-start: .venv/.dev ## Compare cold starts with a minimal and a typical function (needs Python 3.13)
	@$(MEASURE) bench/cold_start.py

.PHONY: bench-hostile
bench-hostile: .venv/.dev ## Measure requests that are designed to be expensive
	@$(MEASURE) bench/hostile.py

.PHONY: bench-import
bench-import: .venv/.dev .dynamodb-local/.installed ## Measure the import of users on DynamoDB Local (needs JDK 17, Maven)
	@$(MEASURE) bench/user_import.py

.PHONY: bench-storage
bench-storage: .venv/.dev .dynamodb-local/.installed ## Measure the cost of requests with 1,000 to 100,000 users (needs JDK 17, Maven)
	@$(MEASURE) bench/storage_costs.py

.PHONY: bench-cursors
bench-cursors: .venv/.dev .dynamodb-local/.installed ## Measure pages by cursor at every depth of a list (needs JDK 17, Maven)
	@$(MEASURE) bench/cursor_pages.py

.PHONY: bench-groups
bench-groups: .venv/.dev .dynamodb-local/.installed ## Measure groups and their members on DynamoDB Local (needs JDK 17, Maven)
	@$(MEASURE) bench/groups.py

.PHONY: load
load: .venv/.dev .dynamodb-local/.installed ## Send 25 requests a second for five minutes to DynamoDB Local (LOAD='--rate 50 --accounts 10'; needs JDK 17, Maven)
	@$(MEASURE) bench/load.py $(LOAD)

.PHONY: bench-fairness
bench-fairness: .venv/.dev .dynamodb-local/.installed ## Measure how an account at ten times its limit affects others (needs JDK 17, Maven)
	@$(MEASURE) bench/fairness.py

# --- Build and deploy --------------------------------------------------------

# ENV chooses a section of samconfig.toml, for the build and the deployment alike: they must be for the same processor.
section = $(if $(1),--config-env $(1))
architecture = $(shell sed -n '/^\[$(or $(ENV),default)\.build/,/^$$/s/^parameter_overrides.*Architecture=\([a-z0-9_]*\).*/\1/p' samconfig.toml)

.PHONY: known-section
known-section:
	@[[ -z '$(ENV)' ]] || grep -q '^\[$(ENV)\.deploy' samconfig.toml || { echo 'samconfig.toml has no section "$(ENV)" to deploy: use ENV=dev or ENV=prod' >&2; exit 1; }

# Before what deploys. (As `known-section`, no target for people.)
.PHONY: one-region
one-region:
	@$(if $(TWO_REGIONS),echo '$(TWO_REGIONS)' >&2,:)

.PHONY: build
build: known-section .venv-sam/.installed ## Build the functions to run them here (to deploy them: ENV=dev or ENV=prod)
	@echo 'Building the artifact of all functions into build/artifact ($(architecture))'
	@$(WITHOUT_CREDENTIALS) $(BIN)/python artifact/build.py '$(architecture)'
	@echo 'Building the templates into .aws-sam/build'
	@report=$$($(WITHOUT_CREDENTIALS) .venv-sam/bin/sam build $(call section,$(ENV)) 2>&1) || { echo "$$report" >&2; exit 1; }
	@$(WITHOUT_CREDENTIALS) $(BIN)/python artifact/build.py --stamp .aws-sam/build/template.yaml
	@echo '$(architecture)' > .aws-sam/build/architecture

# What somebody named: without a section, the check says which other stack is there.
SECTION_NAMED := $(ENV)
export PARAMETERS SETTINGS
said = $(filter-out 0 no false,$(1))
# Looks, asks, and writes the parameters of the deployment to a file.
PREPARED = build/deploy-$(ENV)
prepare = mkdir -p build; $(BIN)/rollcall deploy prepare $(SECTION_NAMED) $(if $(call said,$(YES)),--yes) \
	--parameters "$$PARAMETERS$(if $(call said,$(AT_ONCE)), Rollout=at-once)" > $(PREPARED)
sam_deploy = .venv-sam/bin/sam deploy $(call section,$(ENV)) --parameter-overrides "$$(cat $(PREPARED))" \
	$(if $(call said,$(YES)),--no-confirm-changeset) $(SETTINGS) \
	|| { echo 'Not deployed. See docs/deploy.md, "When it fails". If this was the first deployment, you can simply run the command again.' >&2; exit 1; }

# What would deploy something else than what was checked.
known_settings = [[ ! "$$SETTINGS" =~ --(parameter-overrides|config-env|stack-name|region|profile) ]] || \
	{ echo "SETTINGS may not have $${BASH_REMATCH[0]}, because it would not be checked. Set parameters with PARAMETERS='Name=value Name=value', and the rest with ENV or in the section of samconfig.toml" >&2; exit 1; }

.PHONY: deploy
deploy: ENV := $(or $(ENV),dev)
deploy: known-section one-region .venv/.local ## Check, ask, build, deploy and verify (ENV=dev or prod, YES=1, AT_ONCE=1, PARAMETERS)
	@$(known_settings)
	@$(prepare)
	@$(MAKE) --no-print-directory -f '$(firstword $(MAKEFILE_LIST))' build ENV='$(ENV)'
	@$(sam_deploy)
	@$(BIN)/rollcall deploy verify '$(ENV)'

.PHONY: deploy-built
deploy-built: ENV := $(or $(ENV),dev)
deploy-built: known-section one-region .venv-sam/.installed .venv/.local ## Check, ask and deploy the result of `make build` (ENV=dev or prod, YES=1)
	@$(known_settings)
	@[[ "$$(cat .aws-sam/build/architecture 2>/dev/null)" == '$(architecture)' ]] || \
		{ echo 'The build is not for $(architecture), the architecture of $(ENV). Run: make build ENV=$(ENV)' >&2; exit 1; }
	@$(prepare)
	@$(sam_deploy)

TAG ?=
.PHONY: release-files
release-files: .venv/.dev sbom ## Build the files of a release into build/release (TAG=vX.Y.Z: check the tag first)
	@$(if $(TAG),$(BIN)/python artifact/release.py --check '$(TAG)')
	@$(WITHOUT_CREDENTIALS) $(BIN)/python artifact/release.py
	@$(BIN)/cfn-lint --template build/release/*.yaml

.PHONY: verify-aws
verify-aws: one-region .venv/.dev ## Deploy a separate stack to your AWS account, use and measure it, delete it (VERIFY='--dry-run', CLEAN=1)
	@PYTHONPATH=.:src:tests:bench $(BIN)/python -m verify_aws $(if $(CLEAN),--clean-up) $(VERIFY)

.PHONY: sbom
sbom: .venv-audit/.installed ## List the packages of the artifact in build/sbom.cyclonedx.json (CycloneDX)
	@mkdir -p build
	@PYTHONWARNINGS=ignore .venv-audit/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml \
		--output-reproducible --short-PURLs --output-file build/sbom.cyclonedx.json
	@echo 'The packages of the artifact are listed in build/sbom.cyclonedx.json'

.PHONY: audit
audit: .venv-audit/.installed ## Check the pinned packages for known vulnerabilities; fails if this is not possible
	@$(BIN)/python artifact/audit.py .venv-audit/bin/pip-audit requirements.txt $(filter-out requirements.txt,$(wildcard requirements*.txt))

.PHONY: install-sam
install-sam: .venv-sam/.installed .venv/.local ## Install the SAM CLI and rollcall, to build and deploy

.PHONY: events
events: .venv/.local ## Regenerate events/, and the schemas of events and command answers in docs
	@$(BIN)/python -m local.sample_events
	@$(BIN)/python -m operations.event_schemas
	@$(BIN)/python -m operations.answers.schema

.PHONY: reference
reference: .venv/.local ## Regenerate the OpenAPI document and the other pages of docs/reference
	@$(BIN)/python -m reference
	@$(BIN)/python -m cli.reference_pages

.PHONY: record-release
record-release: .venv/.dev ## Record the templates as the previous release, which the update tests start from
	@$(MEASURE) -m support.previous_release

# --- Set-up ------------------------------------------------------------------

# Installs with uv, four times as fast as pip; with pip where uv fails (a package mirror that only pip is configured for).
# $(1): environment, $(2): arguments
install = $(WITHOUT_CREDENTIALS) VIRTUAL_ENV=$(1) $(BIN)/uv pip install --quiet $(2) || $(WITHOUT_CREDENTIALS) $(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2) || $(no-packages)
no-packages = { echo 'The packages could not be installed (see above). Check the network, or use a mirror of PyPI: export PIP_INDEX_URL=https://...' >&2; exit 1; }

.venv/.uv: requirements-uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo 'Rollcall needs Python 3.11 or newer, and $(PYTHON) is older or missing. Use another one: make PYTHON=python3.13' >&2; exit 1; }
	@[[ -x $(BIN)/python ]] && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv \
		|| { echo '$(PYTHON) cannot create a virtual environment with pip. Install its packages venv and pip (Debian, Ubuntu: apt install python3-venv), or use another Python: make PYTHON=python3.13' >&2; exit 1; }
	@$(WITHOUT_CREDENTIALS) $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements-uv.txt || $(no-packages)
	@touch $@

.venv/.local: .venv/.uv requirements-local.txt pyproject.toml
	@echo 'Installing the packages to run the service into .venv'
	@$(call install,.venv,--require-hashes -r requirements-local.txt)
	@$(call install,.venv,--no-deps --no-build-isolation --editable .)
	@touch $@

.venv/.dev: .venv/.local requirements-dev.txt
	@echo 'Installing the packages for tests and checks into .venv'
	@$(call install,.venv,--require-hashes -r requirements-dev.txt)
	@touch $@

.venv-sam/.installed: .venv/.uv requirements-sam.txt
	@echo 'Installing the SAM CLI into .venv-sam'
	@[[ -x .venv-sam/bin/python ]] || $(BIN)/python -m venv --clear .venv-sam
	@$(call install,.venv-sam,--require-hashes -r requirements-sam.txt)
	@touch $@

# The functions' Python where there is one: the emulator runs them with its own.
.venv-prove/.installed: .venv/.dev requirements-prove.txt requirements.txt
	@echo 'Installing an AWS emulator into .venv-prove'
	@[[ -x .venv-prove/bin/python ]] || "$$($(BIN)/python artifact/build.py --python)" -m venv --clear .venv-prove
	@$(call install,.venv-prove,--require-hashes -r requirements-prove.txt)
	@touch $@

.venv-audit/.installed: .venv/.uv requirements-audit.txt
	@echo 'Installing the packages that list and audit packages into .venv-audit'
	@[[ -x .venv-audit/bin/python ]] || $(BIN)/python -m venv --clear .venv-audit
	@$(call install,.venv-audit,--require-hashes -r requirements-audit.txt)
	@touch $@

.dynamodb-local/.installed: tests/dynamodb-local/pom.xml
	@{ java --list-modules | grep jdk.compiler && command -v mvn; } >/dev/null 2>&1 || { echo 'DynamoDB Local needs a JDK (version 17) and Maven: install them first' >&2; exit 1; }
	@echo 'Fetching DynamoDB Local into .dynamodb-local'
	@rm -rf .dynamodb-local; report=$$(mvn -q -B -f $< dependency:copy-dependencies -DoutputDirectory='$(CURDIR)/.dynamodb-local' 2>&1) || { echo "$$report"; exit 1; }
	@touch $@

.PHONY: requirements
requirements: .venv/.uv ## Pin the dependencies of pyproject.toml in requirements*.txt (UPGRADE=1: the newest versions)
	@compile() { UV_CUSTOM_COMPILE_COMMAND='make requirements' $(BIN)/uv pip compile --quiet --no-config $(if $(UPGRADE),--upgrade) \
		--universal --python-version 3.11 --generate-hashes --no-strip-extras "$$@" >/dev/null; }; \
	compile pyproject.toml --extra cli --extra local --group build --group dev -o requirements-dev.txt; \
	compile pyproject.toml --extra cli --extra local --group build -c requirements-dev.txt -o requirements-local.txt; \
	compile pyproject.toml -c requirements-dev.txt -o requirements.txt; \
	for group in sam prove audit uv; do compile --group $$group -o requirements-$$group.txt; done

.PHONY: clean
clean: ## Delete everything that make created
	@rm -rf .venv .venv-sam .venv-prove .venv-audit build .aws-sam .dynamodb-local .node-packages examples/typescript/build examples/typescript/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache src/rollcall.egg-info
	@find src tests bench verify_aws -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# What a person types. `make` alone lists the targets; CI (.ci/run) runs the same ones.
# No service has to be started and no variable has to be set: PostgreSQL's programs are found or installed by
# scripts/ensure-postgres, and EventLease runs a cluster of its own from them.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run debug build postgres test test-nextest test-otel lint format-check clippy docs deny alerts fuzz demo check-api openapi clients clients-python clients-typescript clients-typescript-tools clients-typescript-build examples-typescript clients-conformance clients-conformance-typescript clients-faults clients-faults-typescript clients-runtimes clients-bench check-dashboard dashboard-api dashboard-budgets dashboard-pictures dashboard-tools server-wheel bench bench-full bench-peers faults check-deploy dist restore-drill clean

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
# What is run, played and checked from here: the debug build, which the tests are made of, too. It is built in a third of the
# time that `release` takes, and is several times slower.
BINARY := $(TARGET_DIR)/debug/eventlease
# Where Python and what the clients, the demo and their checks need are installed.
CLIENTS_VENV := $(abspath $(TARGET_DIR))/clients-python/venv
CLIENTS_BIN := $(CLIENTS_VENV)/bin
# Where the tools of the TypeScript client are installed, and where the examples that are written for it are compiled to.
CLIENTS_NODE := $(abspath $(TARGET_DIR))/clients-typescript
EXAMPLES_NODE := $(abspath $(TARGET_DIR))/examples-typescript
# Where the tools of the dashboard's checks are installed.
DASHBOARD_NODE := $(abspath $(TARGET_DIR))/check-dashboard

# Where `make run` listens, and further flags of `eventlease serve` or of the test runner.
LISTEN ?= $(or $(EVENTLEASE_LISTEN),127.0.0.1:8080)
ARGS ?=

# PG=17 or PG=18 runs the tests on that PostgreSQL; otherwise they run on the one that is found.
ifdef PG
use_postgres = PG_BIN_DIR=$$(scripts/fetch-postgres $(PG)) && export PG_BIN_DIR
else
use_postgres = scripts/ensure-postgres
endif

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: LISTEN=$(LISTEN) (run), PG=17 or PG=18 (test, test-nextest), ARGS='...' (run, test, test-nextest, demo, bench)"

run: postgres debug ## Build (debug) and serve on http://127.0.0.1:8080 (a private database, or DATABASE_URL)
	exec $(BINARY) serve --listen $(LISTEN) $(ARGS)

debug: ## Build a binary quickly, without optimizations
	cargo build --locked $(DEBUG_TARGETS)

build: ## Build the release binary
	cargo build --locked --release

# With DATABASE_URL set, `serve` needs no programs of PostgreSQL here.
postgres:
	@test -n "$$DATABASE_URL" || scripts/ensure-postgres

# Tests wait for servers and for PostgreSQL more than they compute.
export RUST_TEST_THREADS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n > 6 ? n : 6)))

test: ## Run all tests (PG=17 or PG=18: on that PostgreSQL)
	$(use_postgres) && cargo test --locked $(ARGS)

test-nextest: ## Run all tests with cargo-nextest, if it is installed
	@cargo nextest --version >/dev/null 2>&1 || { echo "cargo-nextest is not installed: cargo install --locked cargo-nextest" >&2; exit 1; }
	$(use_postgres) && cargo nextest run --locked $(ARGS)

# Few dependencies are shared with the other builds: most have other features here.
test-otel: ## Check and test what the feature `otel` adds
	cargo clippy --locked --package eventlease --features otel --lib --bins --test otel -- -D warnings
	$(use_postgres) && cargo test --locked --package eventlease --features otel --test otel

lint: format-check clippy docs ## Check the format, the lints and the documentation's links

format-check:
	cargo fmt --all --check

clippy:
	cargo clippy --locked --workspace --all-targets -- -D warnings

# Of the whole workspace, as the lints are: so that both check the same builds of most dependencies.
docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

# `advisories` is not among the checks: its database comes from GitHub, and changes from one day to the next without a
# change here. Where there is a network: scripts/cargo-deny check advisories
deny: ## Check the licences, bans and sources of all dependencies (deny.toml); installs cargo-deny if it is missing
	scripts/cargo-deny --locked --workspace check bans licenses sources

alerts: ## Check the alert rules in docs/alerts.yml, and run their unit tests
	@command -v promtool >/dev/null || { echo "promtool is not installed: it is in Debian's package prometheus (apt-get install prometheus)" >&2; exit 1; }
	promtool check rules docs/alerts.yml
	promtool test rules docs/alerts_test.yml

fuzz: ## Send spoilt requests to the router for so long (MINUTES=10; EVENTLEASE_FUZZ_SEED=… replays), without a database
	EVENTLEASE_FUZZ_MINUTES=$(or $(MINUTES),10) cargo test --locked --test fuzz -- --ignored --nocapture

demo: debug $(CLIENTS_VENV)/installed examples-typescript ## Play examples/ with engines that crash, hang and restart, and account for every event (ARGS=--stay: leave its dashboard)
	scripts/ensure-postgres
	PYTHONPATH=$(CURDIR)/clients/python/src $(CLIENTS_BIN)/python examples/demo.py --server $(BINARY) \
		--node-engine $(EXAMPLES_NODE)/demo/unruly.js $(ARGS)

check-api: debug $(CLIENTS_VENV)/installed ## Check the HTTP interface with third-party tools, which it installs below target/ (ARGS='--seed 7')
	scripts/ensure-postgres
	$(CLIENTS_BIN)/python scripts/check-api --server $(BINARY) $(ARGS)

check-dashboard: debug dashboard-tools clients-typescript-build ## Check the dashboard: types, rules, and the page in Chromium before real servers (ARGS='--only lint')
	scripts/ensure-postgres
	node scripts/check_dashboard/check.mjs $(BINARY) $(ARGS)

dashboard-pictures: debug dashboard-tools clients-typescript-build ## Take pictures of all screens, light and dark, wide and narrow, below target/ (ARGS=--guides: and docs/pictures/)
	scripts/ensure-postgres
	node scripts/check_dashboard/check.mjs $(BINARY) --pictures $(ARGS)

dashboard-budgets: build dashboard-tools clients-typescript-build ## Print how long the dashboard takes, beside how long it may take (release build, on a machine that is quiet)
	scripts/ensure-postgres
	node scripts/check_dashboard/check.mjs $(TARGET_DIR)/release/eventlease --budgets

dashboard-api: ## Write what the dashboard knows of docs/openapi.json, and what its page loads at once, anew
	node scripts/check_dashboard/generate.mjs

# What a package.json and its lock name, in the folder of the target.
define install_npm_packages
scripts/ensure-node
rm -rf $(@D)
mkdir -p $(@D)
cp $^ $(@D)
cd $(@D) && npm ci --silent --no-audit --no-fund
touch $@
endef

# Node finds them by links beside what imports them.
dashboard-tools: $(DASHBOARD_NODE)/installed
	ln -sfn $(DASHBOARD_NODE)/node_modules scripts/check_dashboard/node_modules
	ln -sfn $(DASHBOARD_NODE)/node_modules tests/dashboard/node_modules

$(DASHBOARD_NODE)/installed: scripts/check_dashboard/package.json scripts/check_dashboard/package-lock.json
	$(install_npm_packages)

# By way of a second file, so that a failing build leaves the old document whole.
openapi: ## Write docs/openapi.json anew
	@mkdir -p docs $(TARGET_DIR)
	cargo run --quiet --locked -- openapi > $(TARGET_DIR)/openapi.json
	mv $(TARGET_DIR)/openapi.json docs/openapi.json

# The tools of the clients' checks are of pinned versions, and installed where their list has changed.
CLIENTS_FOLDERS := $(wildcard clients/conformance clients/bench) examples
$(CLIENTS_VENV)/installed: clients/python/requirements-dev.txt
	scripts/ensure-venv
	rm -rf $(CLIENTS_VENV)
	python3 -m venv $(CLIENTS_VENV)
	$(CLIENTS_BIN)/pip install --quiet --disable-pip-version-check -r $<
	touch $@

# Node finds them by a link beside the package's own files.
clients-typescript-tools: $(CLIENTS_NODE)/installed
	ln -sfn $(CLIENTS_NODE)/node_modules clients/typescript/node_modules

$(CLIENTS_NODE)/installed: clients/typescript/package.json clients/typescript/package-lock.json
	$(install_npm_packages)

clients: clients-python clients-typescript ## Check both clients and examples/: generated files, lints, types, unit tests, and their packages

clients-python: $(CLIENTS_VENV)/installed
	clients/generate.py --check
	cd clients/python && $(CLIENTS_BIN)/ruff check --quiet --no-cache . ../generate.py && \
		$(CLIENTS_BIN)/ruff format --quiet --no-cache --check . ../generate.py
	for folder in $(CLIENTS_FOLDERS); do (cd $$folder && $(CLIENTS_BIN)/ruff check --quiet --no-cache . && \
		$(CLIENTS_BIN)/ruff format --quiet --no-cache --check .) || exit 1; done
	for folder in clients/python examples; do (cd $$folder && \
		$(CLIENTS_BIN)/mypy --cache-dir $(CLIENTS_VENV)/mypy-$$(basename $$folder) && \
		PATH=$(CLIENTS_BIN):$$PATH $(CLIENTS_BIN)/pyright && \
		$(CLIENTS_BIN)/pytest -n 3) || exit 1; done
	scripts/check-python-package $(CLIENTS_VENV)

# Its few tests against the real server say that they are skipped where the debug build is not there.
clients-typescript: examples-typescript
	cd clients/typescript && npm run --silent lint && \
		EVENTLEASE_BINARY=$(wildcard $(abspath $(BINARY))) npm run --silent test
	cd examples && ../clients/typescript/node_modules/.bin/eslint . && \
		../clients/typescript/node_modules/.bin/prettier --config ../clients/typescript/.prettierrc.json --check --log-level warn '**/*.ts'
	node --test $(EXAMPLES_NODE)/llm-engine.test.js
	scripts/check-typescript-package $(CLIENTS_NODE) $(wildcard $(BINARY))

clients-typescript-build: clients-typescript-tools
	cd clients/typescript && npm run --silent build

# They find the package, as it is built, by its name.
examples-typescript: clients-typescript-build
	mkdir -p $(EXAMPLES_NODE)/node_modules
	ln -sfn $(CURDIR)/clients/typescript $(EXAMPLES_NODE)/node_modules/eventlease
	cp examples/package.json $(EXAMPLES_NODE)
	clients/typescript/node_modules/.bin/tsc -p examples/tsconfig.json --outDir $(EXAMPLES_NODE)

# `make clients-faults` runs what is marked as long too; MINUTES is how long a fleet is under faults.
clients-conformance: debug $(CLIENTS_VENV)/installed clients-typescript-build ## Hold clients, fake servers and real server to the same scenarios
	scripts/ensure-postgres
	cd clients/conformance && EVENTLEASE_BINARY=$(abspath $(BINARY)) $(CLIENTS_BIN)/pytest -m "not long" $(ARGS)
	cd clients/conformance && EVENTLEASE_FAKE='node ../typescript/conformance/fake.mjs' $(CLIENTS_BIN)/pytest wire -k fake

clients-faults: debug $(CLIENTS_VENV)/installed ## Run all scenarios of the clients, also the long ones (MINUTES=20)
	scripts/ensure-postgres
	cd clients/conformance && EVENTLEASE_BINARY=$(abspath $(BINARY)) EVENTLEASE_FAULT_MINUTES=$(MINUTES) \
		$(CLIENTS_BIN)/pytest $(ARGS)

# What engines do, but for what only Python has.
clients-conformance-typescript: debug $(CLIENTS_VENV)/installed clients-typescript-build ## The scenarios of engines, with the TypeScript client
	scripts/ensure-postgres
	cd clients/conformance && EVENTLEASE_BINARY=$(abspath $(BINARY)) EVENTLEASE_ENGINE='node ../typescript/conformance/engine.mjs' \
		$(CLIENTS_BIN)/pytest engine -m "not long and not python" $(ARGS)

clients-faults-typescript: debug $(CLIENTS_VENV)/installed clients-typescript-build ## All of them, also the long ones (MINUTES=20)
	scripts/ensure-postgres
	cd clients/conformance && EVENTLEASE_BINARY=$(abspath $(BINARY)) EVENTLEASE_FAULT_MINUTES=$(MINUTES) \
		EVENTLEASE_ENGINE='node ../typescript/conformance/engine.mjs' $(CLIENTS_BIN)/pytest engine -m "not python" $(ARGS)

# Not among CI's checks: it downloads some 500 MB, and takes minutes for each runtime.
clients-runtimes: debug $(CLIENTS_VENV)/installed clients-typescript-build ## Try the TypeScript client on other versions of Node, on Bun and on Deno (ARGS='bun deno')
	scripts/ensure-postgres
	cd clients/typescript && rm -rf built && node_modules/.bin/tsc -p tsconfig.test.json
	$(CLIENTS_BIN)/python scripts/check-typescript-runtimes --server $(BINARY) --folder $(TARGET_DIR)/clients-runtimes $(ARGS)

clients-bench: $(CLIENTS_VENV)/installed clients-typescript-build ## Measure the clients beside bare loops of requests (ARGS='--mode exchange-100')
	scripts/ensure-postgres
	cargo build --locked --release --package eventlease
	PYTHONPATH=clients/python/src $(CLIENTS_BIN)/python clients/bench/bench.py --server $(TARGET_DIR)/release/eventlease $(ARGS)

server-wheel: debug $(CLIENTS_VENV)/installed ## Check the server's Python package: install it, and have an event completed
	scripts/check-server-wheel $(CLIENTS_VENV) $(BINARY)

bench: ## Measure the main modes beside raw SQL (ARGS='--mode life-3 --rounds 1 --seconds 5', bench/README.md)
	scripts/ensure-postgres
	cargo build --locked --profile dist --package eventlease
	cargo run --locked --release --package eventlease-bench -- $(ARGS)

bench-full: ## Measure all modes, and write docs/benchmarks.md
	$(MAKE) bench ARGS="--full --write $(ARGS)"

# Their package has a workspace of its own: nothing of it is in the service's build. Without --locked: its lock file
# follows the workspace's, on whose benchmark it depends.
bench-peers: ## Measure other queues on PostgreSQL beside EventLease, and write docs/benchmarks-peers.md
	scripts/ensure-postgres
	cargo build --locked --profile dist --package eventlease
	cargo run --release --manifest-path bench/peers/Cargo.toml --target-dir $(TARGET_DIR)/peers -- \
		--server $(TARGET_DIR)/dist/eventlease --data-dir $(TARGET_DIR)/bench --write $(ARGS)

# With PROFILE=release the server is an optimized one. One build for each package: in one they would
# share the features of their dependencies, and the server would not be the one that `make debug` makes.
MINUTES ?= 2
SEED ?=
PROFILE ?= dev
faults: ## Kill, cut and stall replicas, PostgreSQL and engines for MINUTES=2, and check what was said (SEED=n replays)
	scripts/ensure-postgres
	cargo build --locked --profile $(PROFILE) --package eventlease
	cargo build --locked --profile $(PROFILE) --package eventlease-faults
	$(TARGET_DIR)/$(subst dev,debug,$(PROFILE))/eventlease-faults --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) \
		--server $(TARGET_DIR)/$(subst dev,debug,$(PROFILE))/eventlease --folder $(TARGET_DIR)/faults $(ARGS)

check-deploy: ## Check the systemd unit and the Kubernetes manifests; installs the schemas below target/
	scripts/check-deploy $(abspath $(TARGET_DIR))

# One build with link-time optimization of everything: some ten minutes on two cores.
dist: ## Build what is released: an archive with a static program, a Debian package, their SHA-256 sums (Linux)
	scripts/build-dist

restore-drill: debug ## Restore a database from a backup and from a dump, and try `after-restore` on it (docs/backup.md)
	scripts/restore-drill $(BINARY)

clean: ## Remove everything that was built or fetched
	cargo clean

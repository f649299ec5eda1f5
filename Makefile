# The front door of the repository. `make` alone lists what can be asked.

.DEFAULT_GOAL := help
TARGET := $(or $(CARGO_TARGET_DIR),target)
.PHONY: help demo demo-reset test conformance bench fmt lint docs deny

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a real directory, real CAS applications and Préau on this machine; Ctrl-C ends it; PEOPLE=100000 invents as many
	@tests/install.sh demo
	@cargo build --locked -p preau-server -p preau-demo
	@exec "$(TARGET)/debug/preau-demo" $(if $(PEOPLE),--people $(PEOPLE))

demo-reset: ## forget what the demo kept
	@if [ -e "$(TARGET)/demo/lock" ] && ! flock --nonblock "$(TARGET)/demo/lock" true; then \
		echo "A demo is running: end it first, with Ctrl-C where it runs."; exit 1; fi
	@rm -rf "$(TARGET)/demo"
	@echo "The next make demo starts from nothing."

test: ## everything: format, lints, every suite on both back ends, real clients, a browser
	@.ci/test

conformance: ## the OpenID Connect conformance modules on both back ends, and docs/reference/conformance.md from what came of them
	@tests/install.sh test
	@.ci/conformance update

bench: ## the figures of speed and size, each as a ratio taken in one run
	@tests/install.sh demo
	@cargo build --locked --release -p preau-server -p preau-load
	@if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then beside="env TEST_POSTGRES_FSYNC=on tests/contract/with-postgres.sh"; fi; \
		$$beside "$(TARGET)/release/preau-load" all --commit "$$(git rev-parse --short HEAD)" --date "$$(date +%F)"

fmt: ## format the code
	@cargo fmt --all

lint: ## format check and lints only
	@cargo fmt --all --check
	@cargo clippy --locked --workspace --all-targets -- -D warnings

docs: ## the documentation of the code, with warnings denied
	@RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

deny: ## licences, bans, sources and known vulnerabilities of what is used (needs cargo-deny and the network)
	@cargo deny --locked check

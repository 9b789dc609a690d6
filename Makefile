# Everything here works as root and as an ordinary user (who is asked for sudo when a system package is missing).
SHELL   := /bin/bash
GO      ?= go
BIN     := bin
TOOLS   := $(CURDIR)/.tools
INTENT  ?= a REST API in Go for a library: books with title, author, unique isbn and published year; members with name and unique email; loans link a book and a member and have a due date
OUT     ?= out
POSTGRES ?= $(if $(XDG_DATA_HOME),$(XDG_DATA_HOME),/tmp)/qlp-postgres-$(shell id -un)
export PATH := $(TOOLS)/bin:$(PATH)
export CGO_ENABLED ?= 0
# Handed over as it is: neither make nor the shell may read anything into an intent.
export INTENT_AS_IT_IS := $(value INTENT)

.DEFAULT_GOAL := help
.PHONY: help run run-postgres stop-postgres build test test-postgres test-pitr lint fmt generate check-generated unit fuzz e2e chaos bench eval doctor sandbox-images clean setup setup-run FORCE

help: ## show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup-run build ## take INTENT='...' to a verified capsule (has a sample intent)
	@mkdir -p $(OUT)
	./$(BIN)/qlp run --out $(OUT) $(if $(STACK),--stack $(STACK)) "$$INTENT_AS_IT_IS"

run-postgres: setup-run build ## the same over a private PostgreSQL with pgvector, which stays (POSTGRES=folder)
	@mkdir -p $(OUT)
	@scripts/postgres start $(POSTGRES) >/dev/null
	QLP_DATABASE_URL="$$(scripts/postgres url $(POSTGRES))" ./$(BIN)/qlp run --out $(OUT) $(if $(STACK),--stack $(STACK)) "$$INTENT_AS_IT_IS"
	@echo; echo "The server is still there; make stop-postgres stops it. For another command:"
	@echo "  export QLP_DATABASE_URL='$$(scripts/postgres url $(POSTGRES))'"

stop-postgres: ## stop that PostgreSQL; its data stays
	@scripts/postgres stop $(POSTGRES)

build: $(BIN)/qlp-init $(BIN)/qlp-gosec $(BIN)/qlp $(BIN)/tools ## build bin/qlp and its helpers bin/qlp-init and bin/qlp-gosec

$(BIN)/tools: # where qlp looks for what set-up installed
	@mkdir -p $(BIN)
	ln -sfn ../.tools/bin $@

$(BIN)/qlp-init: FORCE
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '-s -w' -o $@ ./cmd/qlp-init

$(BIN)/qlp-gosec: FORCE
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '-s -w' -o $@ ./cmd/qlp-gosec

$(BIN)/qlp: FORCE
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '-s -w' -o $@ ./cmd/qlp

FORCE:

test: setup build ## install what is needed and run everything; ends with a summary line
	@scripts/test

lint: setup ## formatters, linters and import rules
	golangci-lint fmt --diff
	golangci-lint run ./...

fmt: setup ## format the code
	golangci-lint fmt

generate: setup ## rewrite every generated file
	scripts/generate

unit: setup build ## unit and conformance suites with the race detector
	CGO_ENABLED=1 gotestsum --format pkgname -- $$(scripts/race-flags) ./cmd/... ./internal/...

test-pitr: setup build ## play the runbook of PostgreSQL's backups: a restore to a moment, with the blobs
	scripts/test-pitr

test-postgres: setup build ## the store's suites on PostgreSQL 15, 16, 17 and 18
	scripts/test-postgres

fuzz: setup ## every fuzz target for FUZZTIME (3s)
	scripts/fuzz

e2e: setup build ## scenarios through the real binary
	gotestsum --format testname -- -count=1 -timeout 25m ./e2e/...

chaos: setup build ## kill, freeze, cut off and fill up 1,000 times on each database (KILLS, SEED), and rewrite docs/operations/chaos-report.md
	scripts/chaos

bench: setup build ## run the benchmarks and rewrite bench/REPORT.md
	scripts/bench

eval: setup-run build ## measure the harness (HUMANEVAL=FILE) and the offline generator, and rewrite bench/EVAL.md
	scripts/eval $(HUMANEVAL)

sandbox-images: ## build the images of the docker driver, from this machine's own files
	scripts/sandbox-images

doctor: build ## try what a run needs on this machine
	./$(BIN)/qlp doctor

setup-run: ## install what a run needs
	@scripts/setup run

setup: ## install what development needs
	@scripts/setup all

clean: ## remove what was built (not the data folder)
	rm -rf $(BIN) $(OUT) coverage.out

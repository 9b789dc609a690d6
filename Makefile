# Everything here works as root and as an ordinary user (who is asked for sudo when a system package is missing).
SHELL   := /bin/bash
GO      ?= go
BIN     := bin
TOOLS   := $(CURDIR)/.tools
INTENT  ?= a REST API in Go for a library: books with title, author, unique isbn and published year; members with name and unique email; loans link a book and a member and have a due date
OUT     ?= out
export PATH := $(TOOLS)/bin:$(PATH)
export CGO_ENABLED ?= 0
# Handed over as it is: neither make nor the shell may read anything into an intent.
export INTENT_AS_IT_IS := $(value INTENT)

.DEFAULT_GOAL := help
.PHONY: help run build test lint fmt generate check-generated unit fuzz e2e bench eval doctor sandbox-images clean setup setup-run FORCE

help: ## show this help
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup-run build ## take INTENT='...' to a verified capsule (has a sample intent)
	@mkdir -p $(OUT)
	./$(BIN)/qlp run --out $(OUT) $(if $(STACK),--stack $(STACK)) "$$INTENT_AS_IT_IS"

build: $(BIN)/qlp-init $(BIN)/qlp $(BIN)/tools ## build bin/qlp and its helper bin/qlp-init

$(BIN)/tools: # where qlp looks for what set-up installed
	@mkdir -p $(BIN)
	ln -sfn ../.tools/bin $@

$(BIN)/qlp-init: FORCE
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags '-s -w' -o $@ ./cmd/qlp-init

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
	CGO_ENABLED=1 gotestsum --format pkgname -- -race ./cmd/... ./internal/...

fuzz: setup ## every fuzz target for FUZZTIME (3s)
	scripts/fuzz

e2e: setup build ## scenarios through the real binary
	gotestsum --format testname -- -count=1 -timeout 25m ./e2e/...

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

# The commands of the project. Each installs what it needs and doesn't find; `make run` needs nothing but the .NET SDK.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# No first-run banner, no questions, no build servers left behind in a container or a CI job
export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

artifacts := artifacts
program := $(artifacts)/flowpipe/flowpipe
# What the demo replays is published with it
samples := $(wildcard samples/*.pcap*)
# Left by the last publish: make compares it with the sources, MSBuild's own check takes seconds
stamp := $(artifacts)/flowpipe/.published

sources := $(shell find src -type f -not -path '*/obj/*' -not -path '*/bin/*') \
	Directory.Build.props Directory.Packages.props global.json .editorconfig

.PHONY: help run build test test-kafka test-faults bench parser lint format clean

help: ## what there is to type
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## replay the samples into an embedded Kafka, read the records back, print the sessions
	$(program) demo

build: $(stamp) ## leave the executable at artifacts/flowpipe/flowpipe

# From nothing: what an earlier publish has compiled ahead would stay though it fits no longer
$(stamp): $(sources) $(samples)
	rm -rf $(artifacts)/flowpipe
	dotnet publish src/Pipeline/FlowPipe.Pipeline.csproj --configuration Release --output $(artifacts)/flowpipe --verbosity quiet
	@test -x $(program) || { echo "make build: $(program) is missing after the publish" >&2; exit 1; }
	@touch $@

test: build ## run all tests, the last line says how many passed
	@scripts/test.sh

test-kafka: build ## the tests against a real Kafka and schema registry of ../shared/kafka; LONG=1 for all of them
	@scripts/test-kafka.sh

test-faults: build ## the fault campaign of docs/operations.md: brokers, topics, rights, the registry, FlowPipe itself and its writer fail in mid-replay; 20 minutes
	@FLOWPIPE_KILLS=50 dotnet run --project tests/Unit --configuration Release -- -class '*.KilledWriterTests'
	@LONG=1 scripts/test-kafka.sh -class 'FlowPipe.Tests.Kafka.Faults.*' -class '*.KilledReplayTests' -class '*.RegistryFaultTests'

bench: build ## measure speed and memory, against other tools where they are installed
	@tests/Benchmarks/run.sh

parser: ## begin a parser: make parser NAME=gopher
	@scripts/new-parser.sh "$(NAME)"

lint: ## formatting, warnings, shell scripts, compose files, repository hygiene
	@scripts/lint.sh

format: ## lay out the C# sources
	dotnet tool restore
	dotnet csharpier format .

clean: ## remove everything that was built
	rm -rf $(artifacts)

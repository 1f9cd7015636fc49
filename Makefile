# Each target installs the Debian packages it lacks, and nothing when it lacks none. `make` alone lists the targets.

PREFIX ?= /usr/local
MINUTES ?= 10
SECONDS ?= 60
MOVES ?= 10

BUILD_PACKAGES := libssl-dev libcurl4-openssl-dev libsqlite3-dev libpq-dev pkg-config
TEST_PACKAGES := postgresql curl openssl python3
MODEL_PACKAGES := spin gcc python3
BENCH_PACKAGES := nginx libnginx-mod-http-lua lua-cjson haproxy wrk nghttp2-client openssl python3
SOAK_PACKAGES := python3

ENSURE := config/ensure-packages.sh
TEST_TARGETS := $(notdir $(wildcard Tests/*Tests))
SWIFT_FILES := Package.swift Sources Tests
# The debug build is shared by demo, test and check; the release build by bench, soak and install.
# A release holds the Swift runtime: it needs none where it is installed, and its calls of the runtime are direct. What
# Package.swift says of exclusive access goes for the libraries of the event loop, too.
RELEASE := -c release --product residency-gateway --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked

.PHONY: help demo demo-fleet outage moves crashes pauses test check format bench bench-commits bench-feed soak hold fuzz install packages release

help: ## lists the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: packages ## builds, then shows two regions, a gateway and a host at work, and keeps serving on a terminal
	swift build --product residency-gateway
	.build/debug/residency-gateway demo

demo-fleet: packages ## builds, then tells of three regions with two gateways each that share a directory, and of losses
	@$(ENSURE) postgresql curl openssl python3
	swift build --product residency-gateway
	python3 Tests/Fleet/demo.py --gateway .build/debug/residency-gateway

moves: packages ## moves a tenant's data MOVES=10 times between two regions while its users and jobs write, and checks every write
	@$(ENSURE) postgresql curl python3
	swift build --product residency-gateway
	python3 Tests/Fleet/moves.py --gateway .build/debug/residency-gateway --moves $(MOVES)

crashes: packages ## kills -9 everything that takes part in a move, at every step, and looks what comes of it
	@$(ENSURE) postgresql curl openssl python3
	swift build --product residency-gateway
	python3 Tests/Fleet/crashes.py --gateway .build/debug/residency-gateway $(CRASHES)

pauses: release ## moves a tenant under 500 calls a second: 50 times, with 100 ms between the regions, with many rows
	@$(ENSURE) postgresql curl openssl python3
	python3 Tests/Fleet/pauses.py --gateway .build/release/residency-gateway --bar 300 $(PAUSES)
	python3 Tests/Fleet/pauses.py --gateway .build/release/residency-gateway --round-trip 100 --bar 1000 $(PAUSES)
	python3 Tests/Fleet/pauses.py --gateway .build/release/residency-gateway --rows 2000000 --moves 4 --bar 300 $(PAUSES)

outage: packages ## stops the directory for SECONDS=60 under load, restarts a gateway meanwhile, and says what it came to
	@$(ENSURE) postgresql curl openssl python3
	swift build --product residency-gateway
	python3 Tests/Fleet/outage.py --gateway .build/debug/residency-gateway --seconds $(SECONDS)

# One target after the other: all tests at once would keep each other waiting on a small machine.
test: packages ## runs every test
	@$(ENSURE) $(TEST_PACKAGES)
	swift build --build-tests
	@failed=; for target in $(TEST_TARGETS); do \
		swift test --skip-build --filter "^$$target\." || failed="$$failed $$target"; \
	done; \
	python3 Tests/Fleet/crashes.py --gateway .build/debug/residency-gateway --quick || failed="$$failed crashes"; \
	[ -z "$$failed" ] || { echo "Tests failed in:$$failed"; exit 1; }

check: packages ## format, the taste of the house, imports of what a target does not depend on, and the models of cutover and move
	@$(ENSURE) $(MODEL_PACKAGES)
	swift format lint --strict --recursive --parallel $(SWIFT_FILES)
	swift build --build-tests --explicit-target-dependency-import-check error
	swift test --skip-build --filter TidyTests
	python3 Tests/Model/check.py

format: ## formats every Swift file in place
	swift format format --in-place --recursive --parallel $(SWIFT_FILES)

bench-commits: ## measures how many changes a second the directory takes when a commit takes long
	@$(ENSURE) postgresql
	python3 Tests/Benchmarks/commits.py $(BENCH_ARGUMENTS)

bench-feed: packages ## measures how soon a change of the directory is applied on every gateway
	@$(ENSURE) postgresql curl openssl python3
	swift build --product residency-gateway
	python3 Tests/Fleet/spread.py --gateway .build/debug/residency-gateway $(BENCH_ARGUMENTS)

bench: release ## measures the gateway beside nginx, nginx with Lua, HAProxy, and Envoy where ENVOY=path is given
	@$(ENSURE) $(BENCH_PACKAGES)
	python3 Tests/Benchmarks/bench.py --gateway .build/release/residency-gateway $(if $(ENVOY),--envoy $(ENVOY)) $(BENCH_ARGUMENTS)

soak: release ## mixed load for MINUTES=10, with clients and app instances killed at random
	@$(ENSURE) $(SOAK_PACKAGES)
	python3 Tests/Soak/soak.py --gateway .build/release/residency-gateway --minutes $(MINUTES)

hold: release ## holds a tenant for a second under load, and shows what its clients and others see of it
	@$(ENSURE) $(SOAK_PACKAGES)
	swift build -c release --product HoldDriver --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
	python3 Tests/Fleet/hold.py --gateway .build/release/residency-gateway --driver .build/release/HoldDriver

fuzz: packages ## feeds what reads from the network with what nobody would send, SECONDS=60 for each subject
	Tests/Fuzz/fuzz.sh $(SECONDS)

install: release ## installs a release build under PREFIX=/usr/local
	install -D -m 755 .build/release/residency-gateway $(DESTDIR)$(PREFIX)/bin/residency-gateway

packages:
	@$(ENSURE) $(BUILD_PACKAGES)

release: packages
	swift build $(RELEASE)

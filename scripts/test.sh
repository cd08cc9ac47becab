#!/bin/bash
# Runs every test project of the solution in Release. The last line is `N passed, N failed`, with `, N skipped` where some were;
# the status is not 0 when a test failed, a test process broke or ran out of time, or nothing ran at all.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

# Limit of the whole run, in minutes: the tests' own --timeout waits for the test that hangs.
test_minutes=${TEST_MINUTES:-60}

give_up() {
    echo "make test: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

scripts/ensure-packages.sh tshark tcpdump kcat python3-avro python3-confluent-kafka python3-scapy libpcap0.8 python3-yaml python3-jsonschema ||
    give_up "Debian packages that the tests use are missing"
if [ ! -d artifacts/node/node_modules/avsc ] || [ ! -d artifacts/node/node_modules/dt-sql-parser ]; then
    command -v npm >/dev/null || give_up "npm is missing: install Node.js (the tests read our Avro with avsc and parse our SQL with dt-sql-parser)"
    npm install --silent --no-audit --no-fund --prefix artifacts/node avsc@5 dt-sql-parser@4 || give_up "npm could not install avsc and dt-sql-parser"
fi

dotnet build FlowPipe.sln --configuration Release --verbosity quiet || give_up "the solution does not build"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# One project at a time: some measure allocation or drive a broker, and machines with two cores are common.
# 8 is the exit code of a project without tests.
timeout --kill-after=1m "${test_minutes}m" \
    dotnet test --solution FlowPipe.sln --configuration Release --no-build --no-ansi --no-progress --max-parallel-test-modules 1 \
    --ignore-exit-code 8 | tee "$log"
status=${PIPESTATUS[0]}

# The summary over all projects:  "  failed: 1"
count() { sed -n '/^Test run summary/,$ s/^ *'"$1"': *\([0-9]*\)$/\1/p' "$log" | tail -1; }
passed=$(count succeeded) failed=$(count failed) skipped=$(count skipped)
passed=${passed:-0} failed=${failed:-0} skipped=${skipped:-0}

echo
if [ "$failed" -gt 0 ]; then
    echo "Failed:"
    sed -n 's/^failed /  /p' "$log" | sort -u
elif [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
    echo "The tests did not end within $test_minutes minutes (TEST_MINUTES). Which one hangs:"
    echo "  dotnet test --solution FlowPipe.sln --configuration Release --no-build --output Detailed"
    failed=1
elif [ "$status" -ne 0 ]; then
    echo "dotnet test ended with status $status though no test failed: a test process crashed or hung, see above."
    failed=1
elif [ "$passed" -eq 0 ]; then
    echo "No test ran."
    status=1
fi
summary="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || summary+=", $skipped skipped"
echo "$summary"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ]

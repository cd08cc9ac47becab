#!/bin/bash
# Runs tests/Kafka against the Apache Kafka and the schema registry of ../shared/kafka (without those, or Java, they are skipped).
# Short by default; LONG=1 takes every sample and whatever else lasts. The last line is `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

scripts/ensure-packages.sh kcat python3-avro python3-confluent-kafka || exit
if [ ! -d artifacts/node/node_modules/avsc ] && command -v npm >/dev/null; then
    npm install --silent --no-audit --no-fund --prefix artifacts/node avsc@5 || exit
fi
dotnet build tests/Kafka --configuration Release --verbosity quiet || exit

log=$(mktemp)
trap 'rm -f "$log"' EXIT
FLOWPIPE_KAFKA_LONG=${LONG:-} dotnet artifacts/bin/FlowPipe.Tests.Kafka/release/FlowPipe.Tests.Kafka.dll "$@" | tee "$log"
status=${PIPESTATUS[0]}

# "   FlowPipe.Tests.Kafka  Total: 5, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 60.1s"
count() { sed -n 's/.*\b'"$1"': \([0-9]*\).*/\1/p' "$log" | tail -1; }
total=$(count Total) failed=$(($(count Errors) + $(count Failed))) skipped=$(count Skipped)
summary="$((${total:-0} - failed - ${skipped:-0})) passed, $failed failed"
[ "${skipped:-0}" -eq 0 ] || summary+=", $skipped skipped"
echo "$summary"
exit "$status"

#!/bin/bash
# Into a real Apache Kafka (../shared/kafka), as issue 7 asks for it:
#   tests/Benchmarks/kafka.sh [RUNS]            the goals
#   tests/Benchmarks/kafka.sh settings [RUNS]   compression, linger.ms and batch.size beside one another
# 1. records/s of the Kafka sink alone, of a bare loop around Confluent.Kafka, and of a whole replay, beside kafka-producer-perf-test, which
#    takes its payloads from a file with the same records; the same settings for all; in turn.
# 2. mix.pcap into Kafka beside its replay to null:?format=json, which makes the same documents, plus the bare producer's time for its records.
# Medians. The captures are those of run.sh, which makes them ($BENCH_DIR). Read the ratios, on a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
what=goals
if [ "${1:-}" = settings ]; then
    what=settings
    shift
fi
runs=${1:-5}
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/flowpipe-bench}
kafka=$PWD/../shared/kafka/run
program=${FLOWPIPE:-$PWD/artifacts/flowpipe/flowpipe}
bench=(dotnet "$PWD/artifacts/bin/FlowPipe.Tests.Benchmarks/release/FlowPipe.Tests.Benchmarks.dll")
port=${KAFKA_PORT:-33500}
brokers=127.0.0.1:$port

[ -x "$program" ] || { echo "kafka.sh: $program is not there: type 'make build'" >&2; exit 1; }
[ -x "$kafka" ] || { echo "kafka.sh: $kafka is not there: it starts the broker" >&2; exit 1; }
[ -f "$dir/mix.pcap" ] || { echo "kafka.sh: $dir/mix.pcap is not there: type 'make bench', which makes it" >&2; exit 1; }
[ -f "${bench[1]}" ] || dotnet build tests/Benchmarks --configuration Release --verbosity quiet

work=$(mktemp -d)
trap '"$kafka" --dir "$work/kafka" stop --delete >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
"$kafka" --dir "$work/kafka" start --port "$port" --heap 1g >/dev/null

topics=0
# A topic of its own for each run, and the one before deleted: logs of equal length, disks that don't fill
new_topic() {
    [ "$topics" -eq 0 ] || "$kafka" tool topics --bootstrap-server "$brokers" --delete --topic "bench-$topics" >/dev/null
    topics=$((topics + 1))
    topic=bench-$topics
    "$kafka" tool topics --bootstrap-server "$brokers" --create --topic "$topic" --partitions 4 >/dev/null
}

# replay SINK OPTIONS...: seconds from the first packet to the last acknowledgement, records and bytes delivered
replay() {
    local sink=$1
    shift
    "$program" replay --quiet -r "$dir/mix.pcap" --to "$sink" --stats "$work/stats.json" "$@"
    python3 - "$work/stats.json" <<'PY'
import json, sys
stats = json.load(open(sys.argv[1]))
sink = stats["sinks"][0]
print(sink["delivered"], sink["bytes"], stats["seconds"])
PY
}

# What kafka-producer-perf-test says of itself, without the start of its virtual machine
perf_test() {
    "$kafka" tool producer-perf-test --bootstrap-server "$brokers" --topic "$topic" --num-records "$records" --payload-file "$work/records.json" --throughput -1 \
        --command-property acks=all enable.idempotence=true compression.type="$compression" linger.ms="$linger" batch.size="$batch" buffer.memory=67108864 |
        tail -1 | python3 -c '
import re, sys
line = sys.stdin.read()
records, per_second = re.search(r"^(\d+) records sent, ([\d.]+) records/sec", line).groups()
print(records, 0, int(records) / float(per_second))'
}

# ours NAME: librdkafka's setting in KafkaClientSettings
ours() { sed -n 's/.*\["'"$1"'"\] = "\([^"]*\)".*/\1/p' src/Blocks/Core/Emitting/KafkaClientSettings.cs | head -1; }
compression=$(ours compression.codec) linger=$(ours linger.ms) batch=$(ours batch.size)
batch=${batch:-1000000}

"$program" replay --quiet -r "$dir/mix.pcap" --to "ndjson:$work/records.json"
records=$(wc -l <"$work/records.json")
bytes=$(stat -c %s "$work/records.json")
echo "$records records of $((bytes / records)) bytes; compression $compression, linger.ms $linger, batch.size $batch; $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"

if [ "$what" = goals ]; then
    for ((run = 0; run < runs; run++)); do
        new_topic
        perf_test >>"$work/perf"
        new_topic
        "${bench[@]}" sink "$brokers" "$topic" "$work/records.json" >>"$work/sink"
        new_topic
        "${bench[@]}" produce "$brokers" "$topic" "$work/records.json" >>"$work/bare"
        new_topic
        replay "kafka://$brokers/$topic" >>"$work/replay"
        replay "null:?format=json" >>"$work/null" # the same form of the records
    done
    python3 - "$work" "$records" "$bytes" <<'PY'
import statistics, sys
work, records, bytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def median(what):
    rows = [line.split() for line in open(f"{work}/{what}")]
    short = [row for row in rows if int(row[0]) != records]
    assert not short, f"{what}: {short[0][0]} of {records} records"
    return statistics.median(float(row[2]) for row in rows)
perf, sink, bare, replay, null = map(median, ("perf", "sink", "bare", "replay", "null"))
def rate(name, seconds, goal=None):
    ratio = perf / seconds
    met = "" if goal is None else f", goal {goal}: " + ("met" if ratio >= goal else "NOT MET")
    print(f"{name:26} {seconds:6.2f} s {records / seconds:9,.0f} records/s {bytes / seconds / 1e6:6.1f} MB/s  {ratio:.2f} of perf-test{met}")
rate("kafka-producer-perf-test", perf)
rate("Kafka sink alone", sink, 0.75)
rate("bare Confluent.Kafka", bare)
rate("replay of mix.pcap", replay)
ratio = replay / (null + bare)
print(f"mix.pcap into Kafka {replay:.2f} s; to null: {null:.2f} s and bare producer {bare:.2f} s; ratio {ratio:.2f}, goal 1.15: {'met' if ratio <= 1.15 else 'NOT MET'}")
PY
    exit
fi

# Wall and CPU time of the whole replay, its instructions where perf can count them (they repeat on a busy machine, too), bytes on the broker's disk
count=()
! perf stat -e instructions:u true >/dev/null 2>&1 || count=(perf stat -x ' ' -e instructions:u -o "$work/perf.txt")
printf '%-11s %9s %10s %9s %9s %13s %9s\n' compression linger.ms batch.size wall CPU instructions disk
for combination in none,20,1000000 snappy,20,1000000 lz4,20,1000000 zstd,20,1000000 \
    zstd,5,1000000 zstd,100,1000000 zstd,20,16384 zstd,20,131072 lz4,5,1000000 lz4,100,1000000 lz4,20,131072; do
    IFS=, read -r compression linger batch <<<"$combination"
    rm -f "$work/times" "$work/instructions"
    for ((run = 0; run < runs; run++)); do
        new_topic
        /usr/bin/time -a -o "$work/times" -f '%e %U %S' "${count[@]}" "$program" replay --quiet -r "$dir/mix.pcap" --to "kafka://$brokers/$topic" \
            --set "kafka.compression.codec=$compression" --set "kafka.linger.ms=$linger" --set "kafka.batch.size=$batch"
        [ ${#count[@]} -eq 0 ] || grep instructions "$work/perf.txt" | cut -d' ' -f1 >>"$work/instructions"
    done
    disk=$(cat "$work"/kafka/data-*/"$topic"-*/*.log | wc -c)
    python3 - "$work" "$compression" "$linger" "$batch" "$disk" <<'PY'
import os, statistics, sys
work = sys.argv[1]
rows = [[float(v) for v in line.split()] for line in open(f"{work}/times")]
wall, cpu = statistics.median(r[0] for r in rows), statistics.median(r[1] + r[2] for r in rows)
counted = f"{work}/instructions"
instructions = f"{statistics.median(map(int, open(counted))) / 1e9:11.2f} G" if os.path.exists(counted) else f"{'-':>13}"
print(f"{sys.argv[2]:11} {sys.argv[3]:>9} {sys.argv[4]:>10} {wall:7.2f} s {cpu:7.2f} s {instructions} {int(sys.argv[5]) / 1e6:6.1f} MB", flush=True)
PY
done

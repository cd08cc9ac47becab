#!/bin/bash
# Measures FlowPipe beside other tools, in turn and in one run each, so that the machine's moods meet all alike:
#   tests/Benchmarks/run.sh [RUNS]
# Makes three captures (2 GB) in $BENCH_DIR, by default a folder under the temporary one, and leaves them for the next time.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-5}
bench=../shared/bench
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/flowpipe-bench}
program=$PWD/artifacts/flowpipe/flowpipe

[ -d "$bench" ] || { echo "make bench: $bench is not there: it has the generator of the captures and compare.py" >&2; exit 1; }
[ -x "$program" ] || { echo "make bench: $program is not there: type 'make build'" >&2; exit 1; }
scripts/ensure-packages.sh tcpdump nfdump libndpi-bin gcc
mkdir -p "$dir/nf"
[ -x "$dir/gen" ] || cc -O2 -o "$dir/gen" "$bench/gen.c" -lm
[ -f "$dir/small.pcap" ] || "$dir/gen" small "$dir/small.pcap"
[ -f "$dir/bulk.pcap" ] || "$dir/gen" bulk "$dir/bulk.pcap"
[ -f "$dir/mix.pcap" ] || "$dir/gen" mix "$dir/mix.pcap" ../shared/corpus/arkime/pcap/*.pcap

cd "$dir"
compare=$OLDPWD/$bench/compare.py
for name in small mix bulk; do
    echo "== $name.pcap"
    cat "$name.pcap" >/dev/null
    python3 "$compare" -n "$runs" \
        "ndpiReader -q -i $name.pcap" \
        "nfpcapd -r $name.pcap -w nf" \
        "tcpdump -r $name.pcap -w /dev/null" \
        "$program replay --quiet --to null: -r $name.pcap" \
        "$program replay --quiet --to avro:$name.avro -r $name.pcap"
done
rm -rf nf ./*.avro

#!/bin/bash
# What it costs to write packets: bulk.pcap through FlowPipe, with each method, beside `tcpdump -r bulk.pcap -w FILE` on the same disk, in turn, as
# issue 8 asks for it:
#   tests/Benchmarks/writer.sh [RUNS]
# Medians of wall and CPU time, and ratios to tcpdump's. bulk.pcap is that of run.sh, which makes it ($BENCH_DIR); files are written beside it.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-5}
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/flowpipe-bench}
program=${FLOWPIPE:-$PWD/artifacts/flowpipe/flowpipe}
capture=$dir/${CAPTURE:-bulk}.pcap

[ -x "$program" ] || { echo "writer.sh: $program is not there: type 'make build'" >&2; exit 1; }
[ -f "$capture" ] || { echo "writer.sh: $capture is not there: type 'make bench', which makes it" >&2; exit 1; }
[ -x /usr/bin/time ] || { echo "writer.sh: /usr/bin/time is not there" >&2; exit 1; }
work=$(mktemp -d "$dir/writer-XXXXXX")
trap 'rm -rf "$work"' EXIT

measure() {
    local name=$1
    shift
    rm -rf "$work/packets" "$work/tcpdump.pcap"
    sync
    /usr/bin/time -a -o "$work/$name" -f '%e %U %S' "$@" >/dev/null 2>&1
}
replay() { measure "$1" "$program" replay --quiet --to null: -r "$capture" --pcap-dir "$work/packets" --set parsers.supportMd5=false "${@:2}"; }

cat "$capture" >/dev/null
for ((run = 0; run < runs; run++)); do
    measure tcpdump tcpdump -r "$capture" -w "$work/tcpdump.pcap"
    replay simple --pcap-write-method simple
    replay simple-zstd --pcap-write-method simple --set writer.simpleCompression=zstd --set writer.simpleZstdLevel=1
    replay inplace --pcap-write-method inplace
    replay null --pcap-write-method null
done
python3 - "$work" <<'PY'
import statistics, sys
work = sys.argv[1]
def medians(name):
    rows = [[float(v) for v in line.split()] for line in open(f"{work}/{name}")]
    return statistics.median(r[0] for r in rows), statistics.median(r[1] + r[2] for r in rows)
base = medians("tcpdump")
for name in ("tcpdump", "simple", "simple-zstd", "inplace", "null"):
    wall, cpu = medians(name)
    print(f"{name:12} wall {wall:5.2f} s, {wall / base[0]:.2f} of tcpdump's; CPU {cpu:5.2f} s, {cpu / base[1]:.2f}", flush=True)
PY

#!/bin/bash
# FlowPipe with all parsers and Avro records to a file beside ndpiReader, in turn, as issue 6 asks for it:
#   tests/Benchmarks/goals.sh [RUNS]
# Medians of FlowPipe's wall and CPU time, and their ratios to ndpiReader's, with the goal of each. The captures are those of run.sh, which
# makes them ($BENCH_DIR). Ratios repeat to some 5 % on a machine that does nothing else, and not at all on one that does.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-5}
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/flowpipe-bench}
program=${FLOWPIPE:-$PWD/artifacts/flowpipe/flowpipe}

[ -x "$program" ] || { echo "goals.sh: $program is not there: type 'make build'" >&2; exit 1; }
command -v ndpiReader >/dev/null || { echo "goals.sh: ndpiReader is not there: install libndpi-bin" >&2; exit 1; }
[ -x /usr/bin/time ] || { echo "goals.sh: /usr/bin/time is not there" >&2; exit 1; }
for name in small mix bulk; do
    [ -f "$dir/$name.pcap" ] || { echo "goals.sh: $dir/$name.pcap is not there: type 'make bench', which makes it" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compare CAPTURE WALL-GOAL CPU-GOAL SETTINGS...: a goal of - is none
compare() {
    local capture=$dir/$1.pcap wall=$2 cpu=$3
    shift 3
    cat "$capture" >/dev/null
    : >"$work/ndpi"
    : >"$work/flowpipe"
    for ((run = 0; run < runs; run++)); do
        /usr/bin/time -a -o "$work/ndpi" -f '%e %U %S' ndpiReader -q -i "$capture" >/dev/null 2>&1
        /usr/bin/time -a -o "$work/flowpipe" -f '%e %U %S' "$program" replay --quiet --to "avro:$work/out.avro" -r "$capture" "$@" >/dev/null
        rm -f "$work/out.avro"
    done
    python3 - "$work" "$(basename "$capture") $*" "$wall" "$cpu" <<'PY'
import statistics, sys
work, name, *goals = sys.argv[1:]
def medians(tool):
    rows = [[float(v) for v in line.split()] for line in open(f"{work}/{tool}")]
    return statistics.median(r[0] for r in rows), statistics.median(r[1] + r[2] for r in rows)
theirs, ours = medians("ndpi"), medians("flowpipe")
parts = []
for kind, mine, other, goal in zip(("wall", "CPU"), ours, theirs, goals):
    met = "" if goal == "-" else f", goal {goal}: " + ("met" if mine / other <= float(goal) else "NOT MET")
    parts.append(f"{kind} {mine:.2f} s, {mine / other:.2f} of {other:.2f} s{met}")
print(f"{name}: {'; '.join(parts)}", flush=True)
PY
}

compare mix 0.5 0.8
compare small 0.25 -
compare bulk 1.0 - --set parsers.supportMd5=false
compare bulk 4.0 - --set parsers.supportSha256=true

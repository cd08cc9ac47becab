#!/bin/bash
# Loss of live captures: small.pcap is sent through a cable at several rates, and each listener in turn says how many packets it has seen. Needs root,
# ip, tcpreplay, tcpdump and, where they are to be compared, nfpcapd and ndpiReader.
#   usage: live.sh [CAPTURE [RATE...]]      a rate is in packets a second, 0 is as fast as it goes
#   LISTENERS="written tcpdump" runs these alone; SECONDS_EACH is how long each is sent to
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
capture=${1:-/tmp/bench/small.pcap}
shift || true
rates=("$@")
[ ${#rates[@]} -gt 0 ] || rates=(100000 200000 400000 0)
seconds=${SECONDS_EACH:-10}
program=${PROGRAM:-artifacts/flowpipe/flowpipe}
[ -x "$program" ] || { echo "live.sh: $program is missing: make build makes it" >&2; exit 1; }
sink=null:
[ "$(id -u)" = 0 ] || { echo "live.sh: needs root, for a network namespace" >&2; exit 1; }
[ -r "$capture" ] || { echo "live.sh: $capture is missing: make bench makes it" >&2; exit 1; }

name=fpbench$$
work=$(mktemp -d)
ip netns add "$name"
trap 'ip netns del "$name"; rm -rf "$work"' EXIT
inside() { ip netns exec "$name" "$@"; }
inside ip link add v0 type veth peer name v1
for end in v0 v1; do
    inside sysctl -qw "net.ipv6.conf.$end.disable_ipv6=1"
    inside ip link set "$end" up
done
received() { inside cat /sys/class/net/v1/statistics/rx_packets; }

# Each listener: starts, leaves its process in $pid (so no function of ours may stand between), and says after its end how many packets it has seen.
flowpipe() {
    ip netns exec "$name" "$program" capture -i v1 --set capture.allowRoot=true --set "capture.stateDir=$work/state" --quiet --to "$sink" \
        --stats "$work/stats" "$@" 2>"$work/err" &
    pid=$!
}
start_tpacketv3() { flowpipe --set capture.tpacketv3NumThreads=1; }
start_tpacketv3x2() { flowpipe --set capture.tpacketv3NumThreads=2; }
start_libpcap() { flowpipe --set capture.pcapReadMethod=libpcap; }
start_sessions() { mkdir -p "$work/empty"; flowpipe --set capture.tpacketv3NumThreads=1 --set "parsersDir=$work/empty"; }
start_avro() {
    sink=avro:$work/out.avro
    flowpipe --set capture.tpacketv3NumThreads=1
    sink=null:
}
start_written() { flowpipe --set capture.tpacketv3NumThreads=1 --pcap-dir "$work/packets"; }
start_written_libpcap() { flowpipe --set capture.pcapReadMethod=libpcap --pcap-dir "$work/packets"; }
start_tcpdump() { ip netns exec "$name" tcpdump -i v1 -Z root -B 131072 -w "$work/out.pcap" 2>"$work/err" & pid=$!; }
start_nfpcapd() { mkdir -p "$work/nf"; ip netns exec "$name" nfpcapd -i v1 -w "$work/nf" -b 128 >"$work/err" 2>&1 & pid=$!; }
start_ndpi() { ip netns exec "$name" env --default-signal=INT ndpiReader -i v1 -s 3600 >"$work/err" 2>&1 & pid=$!; }

figure() { sed -n "s/^ *\"$1\": \([0-9]*\),\{0,1\}$/\1/p" "$work/stats" | head -1; }
# what reached a record: read, less what was shed or refused
seen_flowpipe() { echo $(($(figure packets) - $(figure shed) - $(figure overloadDropped) - $(figure refused))); }
seen_written() { echo $(($(seen_flowpipe) - $(figure unsaved) - $(figure lost))); }
# where FlowPipe says that packets were lost
where_flowpipe() {
    echo "  dropped by the kernel $(figure kernelDropped), shed $(figure shed) and $(figure overloadDropped), of refused sessions $(figure refused)," \
        "not written $(($(figure unsaved) + $(figure lost)))"
}
seen_tcpdump() { sed -n 's/^\([0-9]*\) packets captured$/\1/p' "$work/err"; }
seen_nfpcapd() { nfdump -R "$work/nf" -I 2>/dev/null | sed -n 's/^Packets: //p' | head -1; }
seen_ndpi() { sed -n 's/.*IP packets: *\([0-9]*\) .*/\1/p' "$work/err" | head -1; }

printf '%-15s %10s %12s %12s %10s %8s\n' listener "rate asked" sent "sent a second" lost "lost %"
for rate in "${rates[@]}"; do
    for listener in ${LISTENERS:-tpacketv3 tpacketv3x2 libpcap sessions avro written written_libpcap tcpdump nfpcapd ndpi}; do
        case $listener in
        nfpcapd) command -v nfpcapd >/dev/null || continue ;;
        ndpi) command -v ndpiReader >/dev/null || continue ;;
        esac
        rm -rf "$work"/out* "$work/packets" "$work/nf" "$work/stats"
        "start_$listener"
        sleep 3
        before=$(received)
        speed=(--topspeed)
        [ "$rate" = 0 ] || speed=("--pps=$rate" --limit=$((rate * seconds)))
        sent=$(inside tcpreplay -q -i v0 --preload-pcap "${speed[@]}" --loop=1 "$capture" 2>"$work/replay" | sed -n 's/^Rated: .* \([0-9.]*\) pps$/\1/p')
        sleep 2
        count=$(($(received) - before))
        case $listener in
        ndpi)
            # it looks at the signal when a packet comes
            kill -INT "$pid"
            inside tcpreplay -q -i v0 --limit=1 "$capture" >/dev/null 2>&1
            ;;
        *) kill -TERM "$pid" ;;
        esac
        wait "$pid" 2>/dev/null
        case $listener in
        tcpdump) seen=$(seen_tcpdump) ;;
        nfpcapd) seen=$(seen_nfpcapd) ;;
        ndpi) seen=$(seen_ndpi) ;;
        written*) seen=$(seen_written) ;;
        *) seen=$(seen_flowpipe) ;;
        esac
        lost=$((count - ${seen:-0}))
        printf '%-15s %10s %12s %12s %10s %8s\n' "$listener" "$([ "$rate" = 0 ] && echo top || echo "$rate")" "$count" "${sent:-?}" "$lost" \
            "$(awk -v lost=$lost -v count=$count 'BEGIN { printf "%.2f", count ? 100 * lost / count : 0 }')"
        [ "$lost" -eq 0 ] || [ ! -e "$work/stats" ] || where_flowpipe
    done
done

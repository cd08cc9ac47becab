#!/bin/bash
# Records the sample captures: real clients talk to real servers from Debian, in network namespaces of this script's own.
# Usage: samples/record.sh [FOLDER]   (as root; FOLDER is where the captures go, by default the script's own folder)
#
# The script runs itself again in new mount, process and network namespaces. Interfaces, mounts and servers exist only in
# them, so the kernel clears everything away when the script ends, however it ends; nothing can leave by a real interface.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
if [ "${FLOWPIPE_RECORDING:-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] || { echo "record.sh: namespaces and tcpdump need root: sudo $0 $*" >&2; exit 1; }
    "$here/recorder/install.sh"
    output=$(readlink -f "${1:-$here}")
    work=$(mktemp -d /tmp/flowpipe-samples.XXXXXX)
    # The first process of the inner namespace takes all others with it; unshare --kill-child sees to it that it goes.
    trap 'kill "$inner" 2>/dev/null || true; wait "$inner" 2>/dev/null || true; rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
    FLOWPIPE_RECORDING=inside unshare --mount --pid --net --ipc --uts --fork --kill-child --mount-proc \
        "$here/record.sh" "$output" "$work" &
    inner=$!
    wait "$inner"
    exit
fi

output=$1
work=$2
captured=$work/captured
mkdir -p "$captured"
# shellcheck source=samples/recorder/network.sh
. "$here/recorder/network.sh"
# shellcheck source=samples/recorder/servers.sh
. "$here/recorder/servers.sh"
# shellcheck source=samples/recorder/scenes.sh
. "$here/recorder/scenes.sh"

# capture INTERFACE-OWNER INTERFACE FILE [TCPDUMP OPTION OR FILTER]... -- SCENE
# Records what passes the interface while the scene runs. OWNER is client, server or switch.
capture() {
    local owner=$1 interface=$2 file=$captured/$3 inside=() options=() tcpdump_pid status
    shift 3
    [ "$owner" = switch ] || inside=(ip netns exec "$owner")
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    : >"$work/tcpdump.log" # or the capture before would answer for this one
    # a command, not a function of ours: the process to stop is then tcpdump itself
    "${inside[@]}" tcpdump -Z root -i "$interface" -s 0 -U --immediate-mode -B 16384 -w "$file" "${options[@]}" 2>"$work/tcpdump.log" &
    tcpdump_pid=$!
    wait_until "tcpdump on $interface" grep -q 'listening on' "$work/tcpdump.log"
    set +e # in a condition bash would not stop at the scene's first failure
    (set -e; "$@") >"$work/scene.log" 2>&1
    status=$?
    set -e
    [ "$status" -eq 0 ] || { echo "record.sh: $* failed:" >&2; cat "$work/scene.log" >&2; exit 1; }
    sleep 0.5 # the last acknowledgements
    kill "$tcpdump_pid"
    wait "$tcpdump_pid" || true
    ! grep -q '^0 packets captured' "$work/tcpdump.log" || { echo "record.sh: $(basename "$file") is empty" >&2; exit 1; }
    grep -q '^0 packets dropped by kernel' "$work/tcpdump.log" || { echo "record.sh: tcpdump lost packets of $(basename "$file"), run it again" >&2; exit 1; }
    echo "$(basename "$file"): $(grep -o '[0-9]* packets\? captured' "$work/tcpdump.log")"
}

build_network
start_servers

# In the order of their names: replayed as a folder, the files' times then go forward, as those of rotated captures do.
capture client eth0 dhcp.pcap 'udp port 67 or udp port 68' -- scene_dhcp
capture client eth0 dns.pcap 'port 53' -- scene_dns
capture client eth0 fragments.pcap 'icmp or icmp6 or ip6 proto 44' -- scene_fragments
capture client eth0 ftp.pcap 'tcp' -- scene_ftp
capture client eth0 http.pcap 'tcp port 80' -- scene_http
capture client eth0 http2.pcap 'tcp port 8080' -- scene_http2
capture client eth0 icmp.pcap 'icmp or icmp6 or arp or udp port 4444' -- scene_icmp
# Two interfaces in one pcapng file, with nanoseconds: what passes the client's interface, and the trunk.
start_vlan_switch 8100:7
capture client eth0 mixed-eth0.pcap --time-stamp-precision=nano -- scene_mixed
capture switch trunk0 mixed-trunk.pcap --time-stamp-precision=nano -- scene_vlan
mergecap -F pcapng -I none -w "$captured/mixed.pcapng" "$captured/mixed-eth0.pcap" "$captured/mixed-trunk.pcap"
rm "$captured"/mixed-*.pcap
capture client eth0 ntp.pcap 'udp port 123' -- scene_ntp
start_vlan_switch 88a8:100,8100:5
capture switch trunk0 qinq.pcap -- scene_vlan
capture client eth0 sctp.pcap 'sctp' -- scene_sctp
capture client eth0 smtp.pcap 'tcp port 25 or tcp port 465' -- scene_smtp
capture client eth0 snmp.pcap 'udp port 161' -- scene_snmp
capture client eth0 ssh.pcap 'tcp port 22' -- scene_ssh
capture client eth0 tls.pcap 'tcp port 443 or tcp port 8443' -- scene_tls
start_vlan_switch 8100:5
capture switch trunk0 vlan.pcap -- scene_vlan
gzip -9n "$captured/ftp.pcap"

cp "$captured"/* "$output/"
/usr/bin/python3 "$here/recorder/describe.py" "$output"

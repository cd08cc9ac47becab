# shellcheck shell=bash disable=SC2154  # here and work are record.sh's
# The network of the samples. The script's own namespace is the switch between client and server:
#
#   client eth0 10.77.0.1, fd00:77::1 ─────────────────────────────────── eth0 10.77.0.2, fd00:77::2 server
#   client eth1 10.77.5.1, fd00:77:5::1 ── port0 │ trunk0 ═══ trunk1 │ port1 ── eth1 10.77.5.2, fd00:77:5::2 server
#                                              (vlan_switch.py tags)

in_client() { ip netns exec client "$@"; }
in_server() { ip netns exec server "$@"; }

# wait_until WHAT COMMAND...: tries the command until it succeeds, for ten seconds.
wait_until() {
    local what=$1 _
    shift
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.1
    done
    echo "record.sh: $what did not come up" >&2
    exit 1
}

build_network() {
    mount --make-rprivate /
    mount -t tmpfs tmpfs /run # the namespaces' names and the servers' pid files
    mkdir -p /run/netns /run/sshd /run/vsftpd/empty
    ip link set lo up
    ip netns add client
    ip netns add server
    ip link add eth0 netns client type veth peer name eth0 netns server
    ip link add port0 type veth peer name eth1 netns client
    ip link add port1 type veth peer name eth1 netns server
    ip link add trunk0 mtu 1600 type veth peer name trunk1 mtu 1600
    configure_host client 1
    configure_host server 2
    in_server sysctl -qw net.ipv4.ip_forward=1 # so that it says "time exceeded" and "no route"
    in_client ip route add default via 10.77.0.2
    in_server ip route add unreachable 10.78.0.0/16
    for interface in port0 port1 trunk0 trunk1; do
        sysctl -qw "net.ipv6.conf.$interface.disable_ipv6=1"
        ethtool -K "$interface" rx off tx off >/dev/null
        ip link set "$interface" up
    done
    name_hosts
}

# Fixed addresses, no offloads (captures then show checksums and segments as a wire would), no IPv6 start-up chatter.
configure_host() {
    local name=$1 number=$2 interface
    ip netns exec "$name" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
    ip netns exec "$name" ip link set lo up
    for interface in eth0 eth1; do
        ip netns exec "$name" sysctl -qw "net.ipv6.conf.$interface.accept_dad=0" "net.ipv6.conf.$interface.router_solicitations=0"
        ip netns exec "$name" ip link set "$interface" address "02:00:00:77:0${interface#eth}:0$number"
        ip netns exec "$name" ethtool -K "$interface" rx off tx off sg off tso off gso off gro off >/dev/null
        ip netns exec "$name" ip link set "$interface" up
    done
    ip netns exec "$name" ip address add "10.77.0.$number/24" dev eth0
    ip netns exec "$name" ip address add "10.77.5.$number/24" dev eth1
    ip netns exec "$name" ip address add "fd00:77::$number/64" dev eth0 nodad
    ip netns exec "$name" ip address add "fd00:77:5::$number/64" dev eth1 nodad
}

# Clients find servers by asking our DNS server; a user of our own logs in. Seen in this mount namespace only.
name_hosts() {
    hostname samples
    echo 'nameserver 10.77.0.2' >"$work/resolv.conf"
    echo '127.0.0.1 localhost samples' >"$work/hosts"
    mkdir -p "$work/home"
    { cat /etc/passwd; echo "sample:x:7777:7777:sample:$work/home:/bin/sh"; } >"$work/passwd"
    { cat /etc/shadow; echo "sample:$(openssl passwd -6 sample):19000:0:99999:7:::"; } >"$work/shadow"
    { grep -v '^hosts:' /etc/nsswitch.conf; echo 'hosts: files dns'; } >"$work/nsswitch.conf"
    mount --bind "$work/resolv.conf" "$(readlink -f /etc/resolv.conf)"
    mount --bind "$work/nsswitch.conf" /etc/nsswitch.conf
    mount --bind "$work/hosts" /etc/hosts
    mount --bind "$work/passwd" /etc/passwd
    mount --bind "$work/shadow" /etc/shadow
    chmod 755 "$work" && chown 7777:7777 "$work/home"
}

# start_vlan_switch TAGS: (re)starts the switch with these tags on its trunk, outermost first.
start_vlan_switch() {
    [ -z "${vlan_switch_pid:-}" ] || kill "$vlan_switch_pid"
    : >"$work/switch.log"
    /usr/bin/python3 -u "$here/recorder/vlan_switch.py" "$1" >"$work/switch.log" 2>&1 &
    vlan_switch_pid=$!
    wait_until "the VLAN switch" grep -q forwarding "$work/switch.log"
}

#!/bin/bash
# Installs what record.sh runs: servers, clients and the tools that record. Run outside its namespaces, where apt has a network.
set -euo pipefail
packages=(nginx-light dnsmasq-base openssh-server openssh-client exim4-daemon-light swaks libnet-ssleay-perl chrony vsftpd
    snmpd snmp bind9-dnsutils libusrsctp2 udhcpc ethtool iproute2 iputils-ping tcpdump tshark wireshark-common curl openssl
    python3 util-linux)
missing=()
for package in "${packages[@]}"; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

# The servers are only wanted inside the namespaces: keep Debian from starting them on this machine.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"

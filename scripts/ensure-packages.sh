#!/bin/bash
# ensure-packages.sh PACKAGE...: sees to it that these Debian packages are there. Root installs what is missing; anybody else is
# shown the one line to type.
set -euo pipefail
missing=()
for package in "$@"; do
    dpkg-query --show --showformat '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    {
        echo "These packages are missing. Please type:"
        echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}"
    } >&2
    exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# several makes may run at a time: wait for the lock instead of failing on it
apt=(apt-get -qq -o DPkg::Lock::Timeout=600)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null

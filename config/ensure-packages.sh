#!/bin/bash
# Installs the Debian packages named as arguments, those that are not there yet. Silent when all are there.
set -euo pipefail

missing=()
for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

give_up() {
    echo "These Debian packages are needed and $1: ${missing[*]}" >&2
    echo "Install them by hand (apt-get install ${missing[*]}), or their like, and run make again." >&2
    exit 1
}

command -v apt-get >/dev/null || give_up "this system has no apt-get to install them with"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || give_up "installing them needs root or sudo"
    as_root=(sudo)
fi

echo "Installing ${missing[*]}" >&2
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get install --yes --no-install-recommends "${missing[@]}")
# The package lists may be absent or too old: they are fetched only when the first try fails.
"${install[@]}" >/dev/null 2>&1 || {
    "${as_root[@]}" apt-get update >&2 || give_up "the package lists could not be fetched"
    "${install[@]}" >&2 || give_up "apt-get could not install them (its reason is above)"
}

#!/bin/sh
# Makes sure that Debian packages are installed.
# usage: tools/apt-need.sh PACKAGE...
#
# As root it installs what is missing. Otherwise it prints the one command that would, and fails: a build script has no
# business asking for a password.
set -eu

missing=
for package in "$@"; do
    # `install ok installed` is the only state that counts; a removed package may still be known to dpkg.
    if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$'; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "missing Debian packages; as root, run:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
    exit 1
fi

echo "installing:$missing" >&2
# One unreachable third-party source makes `update` fail although Debian's own lists are fresh; `install` decides.
apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 || echo "apt-get update complained; going on" >&2
# $missing is a list of words on purpose.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install -y --no-install-recommends $missing >&2

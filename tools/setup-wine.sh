#!/usr/bin/env bash
# Sets up two Wines side by side on Debian 12: 8.0, the machine's own package, and 10.0, unpacked from Debian 13.
# usage: tools/setup-wine.sh [FOLDER]      (default: tools/cache)
#
# Leaves in FOLDER:
#   wine-8.0, wine-10.0   scripts: `FOLDER/wine-10.0 program.exe ARGS…` runs a 64-bit Windows executable
#   prefix-8.0, …         their Windows folders, never ~/.wine
# and prints one line per Wine, `wine-10.0: PATH` or `wine-10.0: not available: REASON`. A missing Wine 10 is not an
# error; a missing Wine 8 is. Running it again costs nothing. docs/wine.md says what these are good for.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$tools/cache}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

# Two runs at once would initialise the same prefix twice; the second waits and then finds it done.
exec 9>"$folder/.lock"
flock 9

# How long an idle wineserver stays, in seconds. Starting one with its services costs a second or two, so it should survive
# from one program to the next.
linger=20

# The server must be of the same build as the program loader, but `wine64` starts the script `wineserver` beside it, which
# in Debian's packages ends the server with the last program. So each script first sees to its own server, which is quick
# when there is one already (it says so with a status that means nothing here).
#
# The environment is set, not inherited: a WINEPREFIX or WINEARCH meant for the machine's Wine must not get in here.
write_script() { # VERSION, folder of wine64 and wineserver64
    local name=wine-$1 programs=$2 prefix=$folder/prefix-$1
    cat >"$folder/$name" <<EOF
#!/bin/sh
# Written by tools/setup-wine.sh.
unset WINEARCH WINELOADER WINEDLLPATH WINESERVER WAYLAND_DISPLAY
export WINEPREFIX=${prefix@Q} WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" DISPLAY=
${programs@Q}/wineserver64 -p$linger </dev/null >/dev/null 2>&1
exec ${programs@Q}/wine64 "\$@"
EOF
    chmod +x "$folder/$name"
}

# Fills the prefix and proves that a program runs in it. Prints why when it cannot.
init_prefix() { # VERSION, folder of wineserver64
    local wine=$folder/wine-$1 server=$2/wineserver64 prefix=$folder/prefix-$1
    local done_mark=$prefix/.winaccept-ready
    if [ "$(cat "$done_mark" 2>/dev/null)" != "$folder" ]; then
        local zlib=$folder/root-$1/root/usr/x86_64-w64-mingw32/lib/zlib1.dll
        WINEPREFIX=$prefix "$server" -k 2>/dev/null || true
        rm -rf "$prefix"
        mkdir -p "$prefix/drive_c/windows/system32"
        # trixie's user32.dll imports zlib1.dll, from a package that puts it where Wine does not look. It must be there
        # before the first start, or every program that uses user32 dies with c0000135.
        if [ -f "$zlib" ]; then
            cp "$zlib" "$prefix/drive_c/windows/system32/"
        fi
        # File descriptors 0 to 2 and the lock would live on in Wine's services and keep our caller's pipe and the lock
        # open.
        "$wine" wineboot -i </dev/null >/dev/null 2>&1 9>&- || { echo "wineboot failed" && return 1; }
        # Without a display creating a window fails, and WSAAsyncSelect needs one: the null driver makes windows nobody sees.
        "$wine" reg add 'HKCU\Software\Wine\Drivers' /v Graphics /d null /f </dev/null >/dev/null 2>&1 9>&- ||
            { echo "the registry cannot be written" && return 1; }
        # Ending the server writes the registry to disk.
        WINEPREFIX=$prefix "$server" -k 2>/dev/null || true
        WINEPREFIX=$prefix "$server" -w 2>/dev/null 9>&- || true
    fi
    local said
    said=$("$wine" cmd /c echo ready </dev/null 2>/dev/null 9>&- | tr -d '\r') || true
    [ "$said" = ready ] || { echo "a program does not run: cmd said '$said'" && return 1; }
    said=$("$wine" --version 9>&-) || true
    case $said in
        "wine-$1" | "wine-$1 "*) ;;
        *) echo "this is $said" && return 1 ;;
    esac
    echo "$folder" >"$done_mark"
}

# Wine 8.0: the machine's package.
"$tools/apt-need.sh" wine64 patchelf debian-archive-keyring
[ -x /usr/lib/wine/wine64 ] || { echo "wine-8.0: not available: no /usr/lib/wine/wine64" && exit 1; }
write_script 8.0 /usr/lib/wine
if ! reason=$(init_prefix 8.0 /usr/lib/wine); then
    rm -f "$folder/wine-8.0"
    echo "wine-8.0: not available: $reason"
    exit 1
fi
echo "wine-8.0: $folder/wine-8.0"

# Wine 10.0: the mirror is the one that the machine's own packages come from.
root=$folder/root-10.0
if [ "$(cat "$root/.winaccept-ready" 2>/dev/null)" != "$folder" ]; then
    # apt fills in $(REPO_URI) itself.
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' \
        2>/dev/null | head -n 1) || true
    rm -rf "$root"
    if ! "$tools/unpack-wine-10.sh" "$root" "${mirror:-http://deb.debian.org/debian}" >"$folder/wine-10.0.log" 2>&1 9>&-; then
        rm -rf "$root" "$folder/wine-10.0"
        echo "wine-10.0: not available: $(grep -v '^ ' "$folder/wine-10.0.log" | tail -n 1) (all of it: $folder/wine-10.0.log)"
        exit 0
    fi
    echo "$folder" >"$root/.winaccept-ready"
fi
programs=$root/root/usr/lib/wine
write_script 10.0 "$programs"
if ! reason=$(init_prefix 10.0 "$programs"); then
    rm -f "$folder/wine-10.0"
    echo "wine-10.0: not available: $reason"
    exit 0
fi
echo "wine-10.0: $folder/wine-10.0"

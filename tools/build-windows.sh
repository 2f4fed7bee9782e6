#!/usr/bin/env bash
# Cross-compiles `winaccept` for 64-bit Windows on Debian 12, and prints the path of the executable.
# usage: tools/build-windows.sh            target-windows/x86_64-win7-windows-gnu/dist/winaccept.exe
#        tools/build-windows.sh --tests    its tests and those across the crates, one executable per line
#        tools/build-windows.sh --traces   only the test program that compares traces with the record; it wants `traces::`
#
# The executable needs nothing beside it: copied alone it runs on Windows 7 to 11 and on Wine 8 and 10.
#
# Rust's own toolchains for Windows cannot be assumed to be at hand, so Debian's compiler builds std from Debian's copy of
# its source. The target is the one for Windows 7: executables for `pc-windows` import bcryptprimitives.dll, which Wine 8
# does not have.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(dirname "$tools")
target=x86_64-win7-windows-gnu
# How large what is shipped may be, in bytes.
most=$((6 * 1024 * 1024))

case ${1-} in
    # What is shipped is small and measured; what tests only has to be there soon.
    '') profile=dist command=(build) packages=(--package winaccept-command) std=std,panic_unwind ;;
    --tests)
        profile=release command=(test --no-run) packages=(--package winaccept-lang --package winaccept --package winaccept-command --package winaccept-tests) std=std,panic_unwind,test
        ;;
    --traces)
        profile=release command=(test --no-run) packages=(--package winaccept-tests --test across) std=std,panic_unwind,test
        ;;
    *) echo "usage: $0 [--tests | --traces]" >&2 && exit 2 ;;
esac

"$tools/apt-need.sh" gcc libc6-dev gcc-mingw-w64-x86-64-win32 rustc-web cargo-web rust-web-src

# By full path: a rustup that comes first in PATH would bring a compiler of another version than std's source, and that
# does not compile.
RUSTC=$(dpkg -L rustc-web | grep '^/usr/bin/rustc$')
RUSTDOC=$(dirname "$RUSTC")/rustdoc
cargo=$(dpkg -L cargo-web | grep '^/usr/bin/cargo$')
export RUSTC RUSTDOC

wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$repo/Cargo.toml")
found=$("$RUSTC" --version | cut -d ' ' -f 2)
if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "Debian's rustc-web is $found, this needs $wanted: bookworm-security has a newer one. As root, run:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends rustc-web cargo-web rust-web-src" >&2
    exit 1
fi

# -Zbuild-std is not a stable option; this lets the stable compiler take it.
export RUSTC_BOOTSTRAP=1
export CARGO_TARGET_X86_64_WIN7_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
# What is meant for the host (`-D warnings`, a linker, coverage) must not reach std.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR

cd "$repo"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# With std's small sorts, since sixty types are sorted somewhere, and without backtraces, which would name nothing here: 450 KB less.
# An own folder: cargo would otherwise rebuild everything each time the other compiler had a turn.
"$cargo" "${command[@]}" --profile "$profile" --locked "${packages[@]}" --target "$target" --target-dir target-windows \
    "-Zbuild-std=$std" -Zbuild-std-features=panic-unwind,optimize_for_size 2>&1 | tee "$log" >&2

if [ "${command[0]}" = test ]; then
    # cargo says `Executable unittests src/lib.rs (target-windows/…/winaccept-0123456789abcdef.exe)`.
    sed -n "s|^ *Executable .*(\(.*\.exe\))\$|$repo/\1|p" "$log"
    exit 0
fi
executable=$repo/target-windows/$target/$profile/winaccept.exe

# Linked statically, or it would only run where MinGW's DLLs are.
foreign=$(x86_64-w64-mingw32-objdump -p "$executable" | sed -n 's/^\tDLL Name: //p' |
    grep -iE '^(lib|zlib)' || true)
if [ -n "$foreign" ]; then
    echo "winaccept.exe needs DLLs that Windows does not have: $foreign" >&2
    exit 1
fi

# It is copied to machines by hand, and it grew unseen once.
size=$(stat -c %s "$executable")
if [ "$size" -gt "$most" ]; then
    echo "winaccept.exe has $size bytes, and is to have $most at most" >&2
    exit 1
fi
echo "winaccept.exe: $size bytes of $most" >&2
echo "$executable"

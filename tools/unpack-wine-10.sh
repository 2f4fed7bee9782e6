#!/bin/sh
# Unpacks Debian trixie's Wine 10.0 into a folder, beside whatever Wine the machine has. Needs no root.
# usage: tools/unpack-wine-10.sh FOLDER MIRROR
#
# Wine 10 needs a newer libc than bookworm has, so its libc comes along and patchelf points the two executables at it.
# Nothing outside FOLDER is touched, and the system's own package lists stay as they are. FOLDER must not be moved
# afterwards: the path of the program interpreter is absolute.
set -eu

folder=$1
mirror=$2
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
apt=$folder/apt
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/empty" "$folder/debs"
: >"$apt/state/status"

# Signed by the key that bookworm's own keyring has for trixie: the packages are verified like any others.
key=$(dpkg -L debian-archive-keyring | grep 'trixie-stable\.gpg$') || {
    echo "debian-archive-keyring has no key for trixie" >&2
    exit 1
}
echo "deb [arch=amd64 signed-by=$key] $mirror trixie main" >"$apt/sources.list"

# Only sources, pins and state are replaced. Everything else of the system's configuration stays, for example its proxy.
cat >"$apt/apt.conf" <<EOF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$apt/empty";
Dir::State "$apt/state";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "$(id -un)";
APT::Architecture "amd64";
Acquire::Languages "none";
Acquire::Retries "3";
EOF
export APT_CONFIG="$apt/apt.conf"
# Without Error-Mode a failed download of the lists is only a warning, and the next command fails with a worse message.
apt-get -qq -o APT::Update::Error-Mode=any update
(cd "$folder/debs" && apt-get -qq download wine64 libwine libc6 libunwind8 liblzma5 libgcc-s1 libz-mingw-w64)

for deb in "$folder"/debs/*.deb; do
    dpkg-deb -x "$deb" "$folder/root"
done
libraries=$folder/root/usr/lib/x86_64-linux-gnu
programs=$folder/root/usr/lib/wine
for program in wine64 wineserver64; do
    patchelf --set-interpreter "$libraries/ld-linux-x86-64.so.2" --set-rpath "$libraries" "$programs/$program"
done
patchelf --set-rpath "$libraries" "$libraries/wine/x86_64-unix/ntdll.so" "$libraries/libunwind.so.8"
# Debian's `wineserver` is a script that starts the machine's own server, which is of another version.
ln -sfn wineserver64 "$programs/wineserver"

# 110 MB of packages and 50 MB of lists that nobody needs again.
rm -rf "$apt" "$folder/debs"

#!/usr/bin/env bash
# Uses the crates from outside: makes an empty crate somewhere else, adds them by their paths, and runs it.
# usage: tools/outside.sh
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT

# With the lock file and the profile of this workspace, what `cargo test` has built serves here too.
export CARGO_TARGET_DIR=$repo/target
export CARGO_PROFILE_DEV_DEBUG=line-tables-only

cd "$outside"
cargo init --quiet --name outside --vcs none
for crate in model sim conformance/lang conformance/chart conformance; do
    cargo add --quiet --path "$repo/$crate"
done
cp "$repo/Cargo.lock" .

cat >src/main.rs <<'RUST'
use winaccept::judge::model;
use winaccept::suite::Scenario;
use winaccept::verdict::Verdict;
use winaccept_lang::profiles::Choices;
use winaccept_model::step::Machine;
use winaccept_sim::run::{Guide, run};

const SCENARIO: &str = r#"scenario "accept before listen"

server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = L
server  accept(L, NULL, NULL) = INVALID_SOCKET WSAEINVAL  shows accept.err.WSAEINVAL.no-listen
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::read(SCENARIO.as_bytes(), "outside.winaccept")?;
    let machine = Machine::new(Choices::bundled().profile("documented")?);
    assert_eq!(model(&scenario, &machine).verdict, Verdict::Pass);
    let played = run(&scenario.program, &machine, Guide::Expectations);
    assert!(played.steps[1].rules.contains("accept.not-listening"), "{:?}", played.steps[1].rules);
    println!("outside: {} steps", played.steps.len());
    Ok(())
}
RUST
cargo run --quiet

# is_convicted WHAT CALL [TEST]: the test of the crate in this folder fails, and says the judge, the call, what happens event by event, and
# the words that replay it.
is_convicted() {
    local what=$1 call=$2 wanted
    shift 2
    if cargo test --quiet --lib "$@" >log 2>&1; then
        echo "$what was not convicted" >&2
        return 1
    fi
    for wanted in 'alive: ' "$call" 'what happens, event by event' '--replay'; do
        if ! grep -qF -- "$wanted" log; then
            cat log
            echo "the failing test of $what does not say: $wanted" >&2
            return 1
        fi
    done
}

# A program in the simulator, as README.md shows it: its test is to fail, and to say why.
mkdir "$outside/loop"
cd "$outside/loop"
cargo init --quiet --lib --name loop-outside --vcs none
cargo add --quiet --path "$repo/program"
cp "$repo/Cargo.lock" .
awk '/^```rust/ { inside = 1; next } /^```/ { inside = 0 } inside' "$repo/README.md" >src/lib.rs
is_convicted 'the loop of README.md' 'accept(L, NULL, NULL)'
echo "outside: the loop of README.md is convicted"

# A server that is written against windows-sys, one file that knows nothing of a simulator: with ours in its place it is convicted
# for what is wrong with it, and its mended form is not.
mkdir "$outside/windows"
cd "$outside/windows"
cargo init --quiet --lib --name windows-outside --vcs none
cargo add --quiet --path "$repo/program/windows-sys"
cp "$repo/Cargo.lock" .
cp "$repo/program/windows-sys/tests/servers/blocking.rs" src/server.rs
cat >src/lib.rs <<'RUST'
#![allow(unsafe_op_in_unsafe_fn)]
pub mod server;

#[test]
fn broken() {
    winaccept_windows_sys::fuzz(|| server::server(true)).check();
}

#[test]
fn mended() {
    winaccept_windows_sys::fuzz(|| server::server(false)).runs(300).check();
}
RUST
cargo test --quiet --lib mended
is_convicted 'the loop against windows-sys' 'accept(L, addr, 16)' broken
# The same file against windows-sys itself: whether it compiles does not depend on the system.
sed -i 's/cfg(windows)/cfg(all())/; s/cfg(not(windows))/cfg(any())/' src/server.rs
echo 'pub mod server;' >src/lib.rs
sed -i '/winaccept/d' Cargo.toml
cargo add --quiet windows-sys@0.61 --features Win32_Networking_WinSock,Win32_Security,Win32_System_IO,Win32_System_Threading
cargo check --quiet
echo "outside: a loop against windows-sys is convicted, its mended form is not, and windows-sys itself takes it"

//! What one step costs: time, and allocations, with an allocator that counts.
#![forbid(unsafe_code)]

use std::time::Instant;

use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Event;
use winaccept_model::world::World;
use winaccept_sim::config::{Config, Move, call_event};
use winaccept_sim::explore::{make, moves};
use winaccept_sim::script::Action;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use winaccept_bench::backlog::Setting;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How many steps are measured, and how often each: few enough that their worlds stay in the cache.
const STEPS: usize = 400;
const ROUNDS: usize = 1_000;

/// Steps of a walk through the backlog example, each from a world of its own.
fn main() {
    let setting = Setting::new(4);
    let walk = walk(&setting);
    let mut worlds: Vec<World> = walk.iter().map(|(world, _)| world.clone()).collect();
    let mut fx = Effects::default();
    let mut times = Vec::new();
    let mut allocated = 0;
    for round in 0..=ROUNDS {
        worlds.iter_mut().zip(&walk).for_each(|(world, (before, _))| world.clone_from(before));
        let (clock, region) = (Instant::now(), Region::new(ALLOCATOR));
        for (world, (_, event)) in worlds.iter_mut().zip(&walk) {
            setting.machine.step(world, *event, &mut Tape::default(), &mut fx);
        }
        let nanoseconds = clock.elapsed().as_secs_f64() * 1e9;
        allocated = region.change().allocations;
        // The first round warms the caches, and grows the buffers of the effects.
        if round > 0 {
            times.push(nanoseconds / walk.len() as f64);
        }
    }
    times.sort_by(f64::total_cmp);
    println!("{} steps of the backlog example with 4 clients, each from a world of its own:", walk.len());
    println!("{:.0} ns a step (median of {ROUNDS} rounds)", times[ROUNDS / 2]);
    println!("{:.4} allocations a step", allocated as f64 / walk.len() as f64);
}

/// A walk that takes each time one of the possible moves, always the same: the worlds, and the event in each.
fn walk(setting: &Setting) -> Vec<(World, Event)> {
    let Setting { program, machine, lanes, first } = setting;
    let (mut events, mut possible, mut fx) = (Vec::new(), Vec::new(), Effects::default());
    let mut config = first.clone();
    let mut walk = Vec::new();
    let mut random = 1u64;
    while walk.len() < STEPS {
        moves(program, lanes, &config, &mut events, &mut possible);
        if possible.is_empty() {
            config = first.clone();
            continue;
        }
        // Knuth's linear congruential generator, its better half.
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = possible[(random >> 33) as usize % possible.len()];
        if let Some(event) = event_of(setting, &config, chosen) {
            walk.push((config.world.clone(), event));
        }
        make(program, machine, lanes, &mut config, chosen, &mut Tape::default(), &mut fx, &mut Vec::new());
    }
    walk
}

fn event_of(setting: &Setting, config: &Config, chosen: Move) -> Option<Event> {
    match chosen {
        Move::Event(event) => Some(event),
        Move::Leave(_) => None,
        Move::Step(actor, number) => match &setting.program.steps[number].action {
            Action::Call(call) => Some(call_event(config, actor, call)),
            _ => None,
        },
    }
}

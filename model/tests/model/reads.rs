//! A step depends on nothing that it did not note: where other things stand in the places it did not read, it is the same step.

use crate::walk::{Numbers, busy_world, event, profile};
use winaccept_model::call::ThreadId;
use winaccept_model::parts::Parts;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::{Event, Machine, broken_invariant, invariants_hold};
use winaccept_model::world::{Bound, Touched, World};

/// The form that an owner's objects have in a world.
fn parts_of(world: &World, owner: usize) -> Parts {
    let mut parts = Parts::new(world, ThreadId::new(owner));
    parts.keep(world);
    parts
}

/// What an owner adds to the list of who is bound where.
fn bound_by(world: &World, owner: usize) -> Vec<Bound> {
    let own = |bound: &Bound| world.sockets()[bound.socket.index()].owner.index() == owner;
    world.bound().filter(own).collect()
}

/// This world with everything that was not read taken from another; tells whether anything is different now.
fn mixed(before: &World, donor: &World, read: &Touched) -> Option<World> {
    let mut mixed = before.clone();
    for owner in (0..before.threads().len()).filter(|&owner| !read.has(owner)) {
        if !read.has_ports() || bound_by(before, owner) == bound_by(donor, owner) {
            parts_of(donor, owner).put(0, &mut mixed);
        }
    }
    if !read.shared() {
        mixed.put_processes(donor.processes());
    }
    (mixed != *before).then_some(mixed)
}

/// Makes the step in the other world with the same decisions, and compares.
fn same_step(machine: &Machine, event: Event, taken: (&World, &Effects, &Tape), other: &World) {
    let (after, fx, tape) = taken;
    let (mut world, mut again, mut replay) = (other.clone(), Effects::default(), tape.replay());
    machine.step(&mut world, event, &mut replay, &mut again);
    let names = |fx: &Effects| fx.fired.iter().map(|rule| rule.name).collect::<Vec<_>>();
    let told = format!("{event:?}\nfired {:?}\nand then {:?}", names(fx), names(&again));
    assert_eq!(names(&again), names(fx), "{told}");
    assert_eq!(again.fired_from, fx.fired_from, "{told}");
    assert_eq!(again.returns, fx.returns, "{told}");
    assert_eq!((&again.touched, &again.read), (&fx.touched, &fx.read), "{told}");
    assert_eq!(replay.picks(), tape.picks(), "{told}");
    for owner in fx.read.owners() {
        assert!(parts_of(after, owner).same(0, &world), "{told}: what thread {owner} has is different");
    }
    assert!(!fx.read.shared() || world.processes() == after.processes(), "{told}: the processes are different");
    for owner in (0..other.threads().len()).filter(|&owner| !fx.read.has(owner)) {
        assert!(parts_of(other, owner).same(0, &world), "{told}: changed what thread {owner} has and did not note it");
    }
}

#[test]
fn what_was_not_read_does_not_matter() {
    let walks = std::env::var("WINACCEPT_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(400);
    let mut numbers = Numbers(7);
    let mut compared = 0;
    for _ in 0..walks {
        let machine = Machine::new(profile(&mut numbers));
        let mut world = busy_world(&machine, std::array::from_fn(|_| (numbers.next() % 5) as u8));
        let (mut donors, mut fx) = (vec![world.clone()], Effects::default());
        for _ in 0..100 {
            let Some(event) = event::event(&world, numbers.op()) else { continue };
            let (before, mut tape) = (world.clone(), Tape::default());
            machine.step(&mut world, event, &mut tape, &mut fx);
            let mut taken = tape;
            for _ in 0..numbers.next() % 3 {
                if !tape.advance() {
                    break;
                }
                world.clone_from(&before);
                machine.step(&mut world, event, &mut tape, &mut fx);
                taken = tape;
            }
            let donor = &donors[numbers.next() as usize % donors.len()];
            if let Some(other) = mixed(&before, donor, &fx.read) {
                same_step(&machine, event, (&world, &fx, &taken), &other);
                compared += 1;
            }
            assert!(fx.touched.owners().all(|owner| fx.read.has(owner)), "touched and not read");
            if numbers.next().is_multiple_of(4) {
                donors.push(world.clone());
            }
        }
    }
    assert!(compared > walks * 20, "only {compared} steps were compared");
}

/// Worlds from a walk, and mixtures of them, in which nothing needs to hold.
fn worlds(numbers: &mut Numbers) -> Vec<World> {
    let machine = Machine::new(profile(numbers));
    let mut world = busy_world(&machine, std::array::from_fn(|_| (numbers.next() % 5) as u8));
    let (mut worlds, mut fx) = (vec![world.clone()], Effects::default());
    for _ in 0..60 {
        let Some(event) = event::event(&world, numbers.op()) else { continue };
        machine.step(&mut world, event, &mut Tape::default(), &mut fx);
        worlds.push(world.clone());
    }
    for _ in 0..worlds.len() {
        let mut pick = || worlds[numbers.next() as usize % worlds.len()].clone();
        let (mut mixture, donor) = (pick(), pick());
        let owner = numbers.next() as usize % mixture.threads().len();
        parts_of(&donor, owner).put(0, &mut mixture);
        worlds.push(mixture);
    }
    worlds
}

#[test]
fn what_an_invariant_did_not_look_at_does_not_matter() {
    let mut numbers = Numbers(11);
    let (mut hold, mut broken) = (0, 0);
    for _ in 0..30 {
        let worlds = worlds(&mut numbers);
        for world in &worlds {
            let mut all = true;
            for owner in 0..world.threads().len() {
                let (mut read, mut again) = (Touched::default(), Touched::default());
                let holds = invariants_hold(world, ThreadId::new(owner), &mut read);
                all &= holds;
                let donor = &worlds[numbers.next() as usize % worlds.len()];
                if let Some(other) = mixed(world, donor, &read) {
                    assert_eq!(invariants_hold(&other, ThreadId::new(owner), &mut again), holds);
                    assert_eq!(again, read);
                    *if holds { &mut hold } else { &mut broken } += 1;
                }
            }
            assert_eq!(all, broken_invariant(world).is_none(), "what holds of each owner holds of all");
        }
    }
    assert!(hold > 1000 && broken > 200, "{hold} answers that all holds and {broken} that it does not");
}

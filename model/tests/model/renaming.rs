//! Who is alike may change places: a world is renamed object by object, and renamed again it is as it was.

use crate::walk::{Numbers, busy_world, event, profile};
use winaccept_model::invariant::broken_invariant;
use winaccept_model::parts::rename::Renaming;
use winaccept_model::profile::Tape;
use winaccept_model::rule::Effects;
use winaccept_model::step::Machine;
use winaccept_model::world::World;

/// Two threads of one process that own equally much.
const ALIKE: [usize; 2] = [1, 3];

/// The world in which these two have changed places.
fn exchanged(world: &World) -> World {
    let mut renaming = Renaming::new(world);
    renaming.set(ALIKE[0], ALIKE[1]);
    renaming.set(ALIKE[1], ALIKE[0]);
    let mut renamed = world.clone();
    (0..world.threads().len()).for_each(|owner| renaming.copy(world, owner, &mut renamed));
    renamed
}

#[test]
fn renamed_twice_is_as_before() {
    let mut numbers = Numbers(3);
    let mut different = 0;
    for _ in 0..200 {
        let machine = Machine::new(profile(&mut numbers));
        let mut world = busy_world(&machine, std::array::from_fn(|_| (numbers.next() % 5) as u8));
        let mut fx = Effects::default();
        for _ in 0..100 {
            let Some(event) = event::event(&world, numbers.op()) else { continue };
            machine.step(&mut world, event, &mut Tape::default(), &mut fx);
            let other = exchanged(&world);
            assert_eq!(broken_invariant(&other), None, "after {event:?}");
            assert_eq!(other.kept_twice_agrees(), Ok(()), "after {event:?}");
            assert_eq!(exchanged(&other), world, "after {event:?}");
            different += usize::from(other != world);
        }
    }
    assert!(different > 2_000, "in only {different} worlds it mattered who is who");
}

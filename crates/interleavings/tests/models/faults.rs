//! Each fault that is planted in the runtime is found: the models can see what they look for.

use crate::models::two_ways;
use crate::models::{abandoned, asleep, foreign_build, forgotten, handed_over, late, mismatch};
use crate::models::{not_needed, side_by_side, slices, stolen_in_turn, surplus, together, twice};
use crate::sleep;
use crate::team::{explore, Patient, AMID, BOTH, ENDLESS, FOREIGN, GROUP, OPENED, OTHER_GROUP};
use crate::team::{PIECEWISE, SHORTER, SHORTER_GROUP};
use runtime::{with_fault, Joined, Slice, Sliced, Static, Steal};
use std::process::Command;

/// Set in the process in which a fault is planted. It is one of its own, because loom's words must
/// not be touched while a panic unwinds, and members do that when they are dropped.
const PLANTED: &str = "FERRULE_PLANTED";

/// What loom says of an access to the arena that is not ordered.
const RACE: &str = "Causality violation";

/// What loom says of a thread that waits for ever.
const UNENDING: &str = "exceeded maximum number of branches";

/// What loom says when all threads sleep.
const ASLEEP: &str = "deadlock";

/// Two members of a group.
fn group(port: Patient) {
    together::<Joined<1>>(GROUP, 2, port);
}

/// Explores a model of a runtime with a fault, and expects this complaint.
fn finds(test: &str, fault: &'static str, complaint: &str, model: fn()) {
    if std::env::var_os(PLANTED).is_some() {
        return with_fault(fault, || explore(3, model));
    }
    let program = std::env::current_exe().expect("has a path");
    let child = Command::new(program)
        .args([test, "--exact", "--nocapture"])
        .env(PLANTED, fault)
        .output();
    let output = child.expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success(),
        "nobody noticed the fault `{fault}`"
    );
    assert!(
        said.contains(complaint),
        "the fault `{fault}` gave something else:\n{said}"
    );
}

macro_rules! found {
    ($($name:ident: $fault:literal, $complaint:expr, $model:expr;)*) => {$(
        #[test]
        fn $name() {
            let test = concat!("faults::", stringify!($name));
            finds(test, $fault, $complaint, || $model);
        }
    )*};
}

found! {
    publish_without_release: "publish", RACE, together::<Static>(BOTH, 2, Patient(4));
    close_without_release: "close", RACE, together::<Static>(BOTH, 2, Patient(4));
    wait_without_acquire: "wait_until", RACE, together::<Static>(BOTH, 2, Patient(4));
    longer_wait_without_acquire: "wait_longer", RACE, together::<Static>(BOTH, 2, Patient(4));
    shares_that_overlap_by_one_unit: "share", RACE, together::<Static>(BOTH, 2, Patient(4));
    leave_without_release: "leave", RACE, abandoned::<Static>(SHORTER);
    a_handle_that_is_dropped_before_its_member_has_left: "drops", ASLEEP,
        sleep::gives_back::<Static>();
    a_forgotten_member_that_leaves_without_release: "forgotten", RACE, forgotten::<Static>();
    pause_without_release: "pause", UNENDING, slices(PIECEWISE, Slice::until(0));
    a_pause_that_is_seen_before_its_step: "look", UNENDING, slices(PIECEWISE, Slice::until(0));
    a_slice_without_a_name_of_its_own: "rename", UNENDING, slices(PIECEWISE, Slice::until(0));
    a_pause_before_anybody_is_invited: "unpublished", UNENDING, slices(OPENED, Slice::steps(1));
    a_private_step_that_does_not_gather: "private", RACE, together::<Static>(AMID, 2, Patient(4));
    a_group_in_which_one_element_too_many_is_lent: "lends", RACE, group(Patient(4));
    a_group_of_which_only_the_first_step_is_compared: "joined", RACE,
        mismatch::<Joined<1>>(GROUP, OTHER_GROUP);
    a_group_that_is_longer_than_a_member_s: "longer", "wrong elements",
        mismatch::<Joined<1>>(GROUP, SHORTER_GROUP);
    a_group_that_is_published_one_step_short: "short", "result.is_ok()", group(ENDLESS);
    a_helper_that_arrives_after_the_first_step_of_a_group: "early", RACE, group(Patient(4));
    a_group_whose_shares_overlap: "share", RACE, group(Patient(4));
    looks_without_acquire: "looks", RACE, slices(PIECEWISE, Slice::until(0));
    told_without_acquire: "told", UNENDING, slices(PIECEWISE, Slice::until(0));
    clear_without_acquire: "clear", RACE, abandoned::<Static>(SHORTER);
    a_handle_that_nobody_has_taken_without_acquire: "take", RACE, abandoned::<Static>(SHORTER);
    a_core_that_is_expelled_but_may_join: "expel", RACE, abandoned::<Static>(SHORTER);
    steps_that_are_not_compared: "geometry", RACE, mismatch::<Static>(BOTH, FOREIGN);
    a_build_that_is_not_compared: "identity", "wrong elements", foreign_build::<Static, Static>();
    another_schedule_that_is_not_compared: "identity", RACE, foreign_build::<Static, Steal>();
    a_core_that_disagrees_and_does_not_say_so: "disagree", ASLEEP, sleep::disagrees::<Static>();
    a_core_that_disagrees_but_is_not_awaited: "awaited", "its units are stolen", not_needed();
    an_inference_that_is_not_compared: "begun", "units of another inference", surplus::<Static>();
    a_handle_given_without_release: "give", RACE, handed_over::<Static>();
    a_handle_taken_without_acquire: "take", RACE, handed_over::<Static>();
    two_ways_to_lock_that_do_not_see_each_other: "ways", "two ways", two_ways::<Static>();
    a_theft_that_overlaps_by_one_unit: "split", RACE, together::<Steal>(BOTH, 2, Patient(4));
    a_rest_of_a_theft_that_is_lost: "rest", "wrong elements", stolen_in_turn();
    a_seat_that_is_shut_though_its_unit_is_left: "needed", "wrong elements",
        side_by_side::<Steal>();
    a_seat_without_its_step: "seat", RACE, asleep();
    a_seat_that_is_shut_on_its_holder: "inside", RACE, late::<Steal>();
    a_report_that_comes_after_the_arrival: "report", "wrong elements", twice::<Steal>(SHORTER, 1);
    shut_without_acquire: "shut", RACE, together::<Steal>(BOTH, 2, Patient(4));
    close_without_release_when_stealing: "close", RACE, together::<Steal>(BOTH, 2, Patient(4));
    a_step_that_wakes_nobody: "publish sleeps", ASLEEP, sleep::work::<Static>(BOTH);
    an_arrival_that_wakes_nobody: "close sleeps", ASLEEP, sleep::work::<Static>(BOTH);
    a_dropped_lead_that_wakes_nobody: "drop sleeps", ASLEEP, sleep::told::<Static>(sleep::drops);
    a_new_beginning_that_wakes_nobody: "clear sleeps", ASLEEP,
        sleep::told::<Static>(sleep::forgets);
    a_helper_that_leaves_and_wakes_nobody: "leave sleeps", ASLEEP,
        sleep::told::<Static>(sleep::forgets);
    a_helper_that_joins_again_and_wakes_nobody: "forgotten sleeps", ASLEEP,
        sleep::joins_again::<Static>();
    a_pause_that_wakes_nobody: "pause sleeps", ASLEEP, sleep::told::<Sliced>(sleep::pauses);
    an_end_after_a_pause_that_wakes_nobody: "finish sleeps", ASLEEP, sleep::asks_amid_a_pause();
    a_dropped_handle_that_wakes_nobody: "given sleeps", ASLEEP, sleep::hands_over::<Static>();
    an_end_that_wakes_nobody: "cleared sleeps", ASLEEP, sleep::asks::<Static>();
    a_handle_that_is_awaited_though_nothing_is_stopped: "stopped", ASLEEP, sleep::asks::<Static>();
    a_helper_that_is_awaited_though_it_is_not_invited: "uninvited", ASLEEP,
        sleep::asks::<Static>();
    a_reclaimed_handle_that_wakes_nobody: "reclaim sleeps", ASLEEP, sleep::comes_back::<Static>();
    a_handle_given_back_that_wakes_nobody: "expel sleeps", ASLEEP, sleep::asks_amid::<Static>();
    another_lead_that_wakes_nobody: "follow sleeps", ASLEEP, sleep::follows::<Static>(true);
    handles_of_all_that_wake_nobody: "gives sleeps", ASLEEP, sleep::follows::<Static>(false);
}

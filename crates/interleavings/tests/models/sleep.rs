//! Members that sleep until they are woken: nobody sleeps for ever. Loom sees a thread that does.

use crate::team::{assist, explored, infer, run, Program, Team};
use crate::team::{BOTH, FIRST, FOREIGN, LAST, PIECEWISE, SHORTER};
use core::mem::forget;
use core::ops::ControlFlow;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread::{spawn, JoinHandle};
use runtime::{Helper, Port, Schedule, Slice, Sliced, Static, Steal, Stopped, Team as Memory};

loom::lazy_static! {
    static ref BELLS: (Mutex<[bool; 3]>, Condvar) = (Mutex::new([false; 3]), Condvar::new());
}

/// The port of a thread that has a bell of its own, which the others ring; its patience never ends.
#[derive(Clone, Copy)]
pub struct Sleeper(usize);

// SAFETY: loom models one coherent memory.
unsafe impl Port for Sleeper {
    fn wait(&self, _: u32) -> ControlFlow<()> {
        let mut rung = BELLS.0.lock().expect("no panic");
        while !core::mem::take(&mut rung[self.0]) {
            rung = BELLS.1.wait(rung).expect("no panic");
        }
        ControlFlow::Continue(())
    }

    fn wake(&self) {
        let mut rung = BELLS.0.lock().expect("no panic");
        for (thread, bell) in rung.iter_mut().enumerate() {
            *bell |= thread != self.0;
        }
        BELLS.1.notify_all();
    }
}

/// Two members that work.
pub fn work<M: Schedule>(program: Program) {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let helper = spawn(move || {
        let mut helper = other.helper(Sleeper(1), 1).expect("free");
        assert_eq!(assist(&mut helper, program), Ok(true));
    });
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    infer(&mut lead, program, 1).expect("the helper comes");
    helper.join().expect("no panic");
}

/// A helper that waits for a step is told that there is none, or that it comes later.
pub fn told<M: Schedule>(leave: fn(&Team<M>)) {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let helper = spawn(move || {
        // The lead may have it as it looks for helpers that have not left.
        let Some(mut helper) = other.helper(Sleeper(1), 1) else {
            return;
        };
        assert_eq!(assist(&mut helper, BOTH), Err(Stopped::Told));
        // Or it would wake the lead once more.
        forget(helper);
    });
    leave(&team);
    helper.join().expect("no panic");
}

/// The lead drops its member.
pub fn drops<M: Schedule>(team: &Team<M>) {
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&FIRST).expect("first").is_some());
}

/// The lead forgets its member, and begins anew; also for a helper that was not yet there.
pub fn forgets<M: Schedule>(team: &Team<M>) {
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&FIRST).expect("first").is_some());
    forget(member);
    let mut member = lead.begin().expect("it leaves").member();
    assert!(member.claim(&FIRST).expect("first").is_some());
}

/// The lead pauses.
pub fn pauses(team: &Team<Sliced>) {
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    let slice = member.slice(Slice::steps(1), |member| run(member, PIECEWISE));
    assert_eq!(slice, Ok(false));
    forget(member);
}

/// A lead that begins anew waits until a helper that has not joined drops its handle, or asks for it.
pub fn hands_over<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let helper = spawn(move || drop(other.helper(Sleeper(1), 1)));
    forgets(&team);
    helper.join().expect("no panic");
}

/// A helper in an inference that its lead has left, and whose member it has forgotten.
fn forgetful<M: Schedule>(team: &Team<M>) -> Helper<'_, Sleeper, M> {
    let mut helper = team.helper(Sleeper(1), 1).expect("free");
    let mut lead = team.lead(Sleeper(2), 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&FIRST).expect("first").is_some());
    drop(member);
    forget(helper.join().expect("invited"));
    helper
}

/// A lead on a thread of its own, that begins the next inference.
fn leads_anew<M: Schedule>(team: &Arc<Team<M>>) -> JoinHandle<()> {
    let team = team.clone();
    spawn(move || {
        let mut lead = team.lead(Sleeper(0), 2).expect("free");
        let mut member = lead.begin().expect("it leaves").member();
        assert!(member.claim(&FIRST).expect("first").is_some());
    })
}

/// A lead that begins anew waits until a helper that forgot its member joins again.
pub fn joins_again<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let mut helper = forgetful(&team);
    let lead = leads_anew(&team);
    assert!(helper.join().is_some());
    lead.join().expect("no panic");
}

/// The same, if it drops its handle, and who has that then does not join.
pub fn gives_back<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let helper = forgetful(&team);
    let lead = leads_anew(&team);
    drop(helper);
    let next = team.helper(Sleeper(1), 1);
    lead.join().expect("no panic");
    drop(next);
}

/// A lead that waits for a helper of another model learns that it has left.
pub fn disagrees<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let helper = spawn(move || {
        let mut helper = other.helper(Sleeper(1), 1).expect("free");
        assert_eq!(assist(&mut helper, FOREIGN), Err(Stopped::Mismatch));
        // Or it would wake the lead once more.
        forget(helper);
    });
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    assert_eq!(infer(&mut lead, BOTH, 1), Err(Stopped::Mismatch));
    helper.join().expect("no panic");
}

/// Who asks for a handle that another has waits no longer than the inference is stopped, and
/// not before it is. Nobody waits for a helper that was not invited.
pub fn asks<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let mut helper = team.helper(Sleeper(2), 1).expect("free");
    let _idle = team.helper(Sleeper(2), 2).expect("free");
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&FIRST).expect("first").is_some());
    assert!(team.helper(Sleeper(1), 1).is_none());
    drop(member);
    assert_eq!(assist(&mut helper, BOTH), Err(Stopped::Told));
    let other = team.clone();
    let asks = spawn(move || assert!(other.helper(Sleeper(1), 1).is_none()));
    assert!(lead.begin().is_ok());
    asks.join().expect("no panic");
}

/// The same, if the inference is only paused, and no step of it is left to publish.
pub fn asks_amid_a_pause() {
    let team = Arc::new(Team::<Sliced>::new());
    let mut helper = team.helper(Sleeper(2), 1).expect("free");
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    let mut resume = |slice| member.slice(slice, |member| run(member, LAST));
    assert_eq!(resume(Slice::until(0)), Ok(false));
    assert_eq!(assist(&mut helper, LAST), Ok(true));
    let other = team.clone();
    let asks = spawn(move || assert!(other.helper(Sleeper(1), 1).is_none()));
    assert_eq!(resume(Slice::WHOLE), Ok(true));
    assert!(member.finish().is_ok());
    asks.join().expect("no panic");
}

/// Who asks for the handle of a core that was stopped gets it when that was said.
pub fn comes_back<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    forget(team.helper(Sleeper(2), 1).expect("free"));
    let mut lead = team.lead(Sleeper(0), 2).expect("free");
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&FIRST).expect("first").is_some());
    drop(member);
    let other = team.clone();
    let asks = spawn(move || assert!(other.helper(Sleeper(1), 1).is_some()));
    // SAFETY: nobody has the handle, which was forgotten.
    unsafe { lead.reclaim(1) };
    asks.join().expect("no panic");
}

/// Who asks for a handle that the lead has for a moment learns of its end, though the lead waits on.
pub fn asks_amid<M: Schedule>() {
    let team = Arc::new(Team::<M>::new());
    let other = team.clone();
    let mut lead = team.lead(Sleeper(0), 3).expect("free");
    let asks = spawn(move || {
        let Some(second) = other.helper(Sleeper(1), 2) else {
            return;
        };
        // It may not see yet that the inference is stopped, and then it does not wait.
        drop(other.helper(Sleeper(1), 1));
        drop(second);
    });
    let mut member = lead.begin().expect("idle").member();
    assert!(member.claim(&FIRST).expect("first").is_some());
    drop(member);
    let _ = lead.begin().map(forget);
    asks.join().expect("no panic");
}

/// A lead of another build sends home who is in an inference, and lets in who asks meanwhile.
pub fn follows<M: Schedule>(helps: bool) {
    let team = Arc::new(Memory::<12, 3, M, 1>::new());
    let other = team.clone();
    let helper = spawn(move || {
        let Some(mut helper) = other.helper(Sleeper(1), 1) else {
            return;
        };
        if helps {
            assert!(assist(&mut helper, BOTH).is_err());
        }
    });
    if helps {
        let mut lead = team.lead(Sleeper(0), 2).expect("free");
        let mut member = lead.begin().expect("idle").member();
        assert!(member.claim(&FIRST).expect("first").is_some());
        forget(member);
    } else {
        let mut lead = team.lead(Sleeper(0), 1).expect("free");
        assert!(lead.begin().is_ok());
    }
    // SAFETY: a team of the same words and bytes, which have no invalid values.
    let next: &Memory<12, 3, M, 2> = unsafe { &*Arc::as_ptr(&team).cast() };
    let mut lead = next.lead(Sleeper(0), 2).expect("free");
    // A helper that asks so late that it joins nothing waits for an inference of this lead.
    let mut member = lead.begin().expect("nobody has a handle").member();
    if helps {
        assert!(member.claim(&FIRST).expect("first").is_some());
    }
    drop(member);
    helper.join().expect("no panic");
}

explored! {
    members_that_work: 2, work::<Static>(BOTH);
    members_that_steal: 1, work::<Steal>(SHORTER);
    a_member_that_is_dropped: 2, told::<Static>(drops);
    a_member_that_is_forgotten: 2, told::<Static>(forgets);
    a_pause: 2, told::<Sliced>(pauses);
    a_handle_that_is_dropped: 3, hands_over::<Static>();
    a_member_that_is_forgotten_until_its_helper_joins_again: 3, joins_again::<Static>();
    a_member_that_is_forgotten_until_its_handle_is_dropped: 3, gives_back::<Static>();
    a_helper_of_another_model: 2, disagrees::<Static>();
    a_handle_that_another_has: 3, asks::<Static>();
    a_handle_that_another_has_amid_a_pause: 3, asks_amid_a_pause();
    a_handle_that_is_reclaimed: 3, comes_back::<Static>();
    a_handle_that_the_lead_has: 2, asks_amid::<Static>();
    a_lead_of_another_build: 2, follows::<Static>(true);
    a_lead_of_another_build_and_who_asks: 3, follows::<Static>(false);
}

//! The team: the one module of the runtime with `unsafe` code.
//!
//! # Epochs
//!
//! Every published step of every inference has an *epoch*, a number that counts up by one (and
//! wraps). The epoch of an inference's first one names the inference. The control block holds words;
//! with the schedule [`Static`], exactly one core writes each:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | `words` | lead | geometry of the published step |
//! | `range` | lead | units of a core in that step; when stealing, see below |
//! | `joints` | lead | the same of steps that are published with it: see groups |
//! | `published` | lead | epoch whose step may be worked on |
//! | `invited` | lead | first epoch of the last inference this helper is a member of; its own: see slices |
//! | `begun` | lead | first epoch of the last inference that was published |
//! | `identity` | lead; see (1d) | what its image was built from; how many cores and joined steps have words |
//! | `finished` | lead | first epoch of the last inference that every core has completed |
//! | `stopped` | lead | first epoch of an inference that must be left |
//! | `joined` | that helper; see (1b) | first epoch of the last inference it has joined |
//! | `arrived` | that helper | last epoch whose units it has completed; when stealing, see below |
//! | `left` | that helper; see (1b) | first epoch of the last inference it is no longer in |
//! | `mismatch` | any helper | first epoch of an inference whose cores disagree |
//!
//! Two more are written by whoever asks for a handle: `taken`, as [`Port::take`] says, and `ways`.
//! Before it takes a handle, a core says in `ways` how its port locks, and then looks whether anybody
//! said another way: it gets none if so. A fence in between (`SeqCst`, pairs with itself) lets at
//! least one of two such cores see the other. So `take` and `exchange` of all handles are one action
//! for each other, whatever the types of their ports, in one image or in several.
//!
//! # States
//!
//! ```text
//!            begin (1)            claim (2)           no units left (3)
//!   lead:  idle ------> collected ---------> published ----------------> collecting
//!            ^               ^                                            |      |
//!            |               +---------------- all arrived (4) -----------+      |
//!            +---- finish (5) <------------------ all arrived (4) ---------------+
//!
//!            join (6)             claim (7)           no units left (8)
//!   helper: idle ------> waiting ---------> working ------------------> waiting
//!             ^             |                                             |
//!             +-- leave (9) +---------------------------------------------+
//! ```
//!
//! 1. [`Lead::begin`]: only if the last inference is finished, or every helper of it has left.
//!    1c. A core that was stopped keeps its handle, until [`Lead::reclaim`] gives it back (release) for
//!    it. Then either the lead does (1b), or the next owner (acquire) finds an inference that was
//!    joined but not left, and leaves it (9). A seat that was taken in it is shut as any other (4a).
//!    1d. Before it stores anything in its arena, the lead stores `identity`. If that was another
//!    image's, whose words may lie where this one has arena, the lead first makes the last inference
//!    a stopped one and takes the handles of *all* helpers (acquire). Then nobody is in an inference,
//!    or touches a word, of the other image; the lead stores its own words anew, as of cores that
//!    rest, and gives the handles back (release). So `identity` never changes under a helper, but
//!    from 0, with which it touches nothing.
//! 2. [`Member::claim`] on the lead: stores geometry and ranges, then `published` (release).
//! 3. The lead's own range is used up.
//! 4. The lead loads each helper's `arrived` (acquire) until it is the published epoch. Pairs
//!    with the release store of (8): all writes of the step happen before what follows.
//! 5. [`Member::finish`]: stores `finished`; outputs may be read. A lead that drops its member
//!    without finishing stores `stopped` instead, and the next [`Lead::begin`] waits for `left`.
//!    1b. If nobody has a helper's handle, nobody is in the inference as that helper. So the lead
//!    takes the handle (acquire), stores `joined` and `left`, and gives it back (release): who
//!    takes it then waits for a later inference. Who asks in between waits for the handle.
//! 6. [`Helper::join`]: `identity` says that this core has words, and `invited` names an inference
//!    that this helper has not joined yet.
//! 7. [`Member::claim`] on a helper: loads `published` (acquire) until it is the next epoch. Pairs
//!    with the release store of (2), so the writes of *all* cores in earlier steps, which the lead
//!    acquired in (4), happen before this helper's reads. If `begun` is another inference, its
//!    function has more steps than the lead's and it must leave. Then it compares `identity`, before
//!    it stores any word, and the geometry word by word, and takes its range from the control block.
//! 8. Stores `arrived` (release).
//! 9. A helper whose function has returned, that sees `stopped` while it waits, or that finds
//!    another geometry than its own, stores `left` (release) as its [`Member`] is dropped, and
//!    never touches the arena again in that inference. One whose member was forgotten stores it as
//!    it joins again, or as its handle is dropped. A lead that waits for a helper which has left,
//!    and sees `mismatch`, stops; what helpers say that it does not wait for is no matter.
//!
//! # Private steps
//!
//! A step that the lead does alone has no epoch, and no word is written for it.
//!
//! 13. The lead enters it when what was published before is gathered (4), takes every unit and goes
//!     on. So it runs between a gather and the next publication: no helper is in *working*.
//! 14. A helper passes it: it claims nothing, waits for nobody and does not arrive. The step that it
//!     waits for next has the next epoch, on the lead too, as both pass the same private steps; if
//!     they do not, the geometries of (7) differ.
//!
//! An inference of private steps only publishes nothing: nobody is invited, `begun` stays, and the
//! next inference has its name.
//!
//! # Groups
//!
//! With [`Joined<N>`](Joined) a step is published together with up to `N` steps that
//! [join](crate::Step::joins) it: a *group*, with one epoch. The team has a `Joint` for each of the
//! `N`, geometry and ranges, between the words of the cores and the arena; so `identity` holds `N`.
//!
//! ```text
//!                    publish (15)         next (16)             last (17)
//!   lead:   collected ---------> step 1 -----------> step 2, .. -------> collecting
//!
//!                    compare (18)         next (16)             last (17)
//!   helper:   waiting ---------> step 1 -----------> step 2, .. -------> waiting
//! ```
//!
//! 15. As (2): before `published` the lead also stores geometry and ranges of each joined step, and
//!     ends a shorter group by a joint without a unit. A longer one goes on with a group of its own.
//! 16. A member waits for nobody and looks at no word but its range in the joint. The step must be
//!     the next one of its own image's group; any other is refused, and the group stays open.
//! 17. As (3) and (8): only now a helper stores `arrived`, and the epoch goes up, by one. A lead that
//!     finishes before it is refused. Observers see the outputs of all the steps, in order.
//! 18. As (7): a helper compares `identity`, then the geometries of *all* the steps and how many they
//!     are, before it enters the first. So every member that works is in a step of one and the same
//!     list, and every range comes from the lead's shares.
//!
//! Other schedules, and teams of one, take joined steps one by one.
//!
//! # Stealing
//!
//! With [`Steal`], `range` holds the units of a core that nobody has claimed, and `arrived` is the
//! helper's *seat*. Both change by compare-and-swap, [`Port::exchange`]. A seat counts up:
//!
//! ```text
//!              sit (7a)                  no units left (8)
//!   over e-1 -----------> inside e -------------------------> over e
//!       |                                                       ^
//!       +------------------- shut by the lead (4a) -------------+
//! ```
//!
//! 2a. Before it publishes, the lead claims the first units of its own share, so that a step of
//!     one unit stays with it, and stores empty ranges for cores beyond the team.
//! 7a. A helper that has seen the epoch, or a later one of the same inference, and that `identity`
//!     is its own, swaps its seat from what it was to *inside*. Only then it compares the geometry,
//!     which cannot change before (8). If the seat was shut, the step is over for it and it goes on
//!     to the next. A helper of another build has no seat, so the lead goes on without it.
//! 7b. It claims units from the front of its own range, a third of them at a time; when there are
//!     none, it takes a part of the fullest range from the back, claims some and stores the rest
//!     as its own range. So does the lead. A step's only unit is not stolen. Relaxed: a unit is in
//!     one range or in one core's hands, and what a core may read was acquired with `published`.
//! 8.  Arrives when all ranges are empty and it holds no units. What another thief holds is that
//!     core's to complete; it is inside until then.
//! 8a. Before it arrives (release), it stores as its range how many units it has claimed (relaxed): a
//!     run that ends at 0, which nobody takes for units. No other core stores the word then, as an
//!     exchange expects units in it, and the lead stores the next range after it has acquired
//!     `arrived`. The lead does the same at (3).
//! 4a. The lead, which has found all ranges empty too, waits for helpers that are inside, or whose
//!     only unit could not be stolen, and swaps the seats of the others to *over*. One swap
//!     decides: either the helper is inside and the lead waits, or the lead goes on and the helper
//!     claims nothing of that step. So a helper that is late or never comes costs no more than what
//!     it does not do. A helper that leaves inside a step may hold units, so its seat stays, and
//!     patience ends.
//! 4b. The lead, which has acquired `arrived` of every helper (4, 4a), reads what they have claimed;
//!     of one that was shut out the range ends behind 0. From that it learns how fast each core is,
//!     compared with the plan, and shares later steps by it, also of later inferences. Nothing rests on these
//!     weights: whatever they are, the ranges that it stores are every unit once.
//! 1a. A stopped inference is waited out by the helpers that are inside its last step, and shut for
//!     the others.
//!
//! Where compare-and-swap is a port's lock, the core that has it may have been stopped, and then an
//! exchange fails. Nobody tries again: a helper that fails to sit is late; a lead that fails to shut a
//! seat waits for `arrived`; who fails to take units of others has no more; and who fails to claim its own
//! leaves with an error, as a step is not closed with units in the own range. Each ends by patience.
//! An exchange that fails has stored nothing, so no unit is lost, also if the lock is free later.
//! Inside the lock one word is stored at most. So a core that was stopped there has done its exchange
//! or has not, which is a core that was stopped just behind it or before it; [`Lead::reclaim`] frees
//! the lock first ([`Port::unlock`]), then the handle.
//!
//! The seat holds 31 bits of the epoch, so a helper would have to sleep through 2^31 steps to sit
//! down in a wrong one. That is why ranges need no generation of their own.
//!
//! # Slices
//!
//! With [`Sliced`], [`Member::slice`] on the lead ends where the slice does: before a step, after
//! some units of the lead's share, or while it waits. It has then published every step that it has entered.
//!
//! 10. The lead stores `stopped` (release), as if it had left. A helper that waits sees it (acquire),
//!     looks at `published` once more, does the units of that step if it has not, and leaves.
//!     A lead that waits for a helper (4) when the slice's time comes does the same: the step stays
//!     published, also for a helper that comes late, until (11).
//! 11. When the lead goes on it completes the open step and gathers (4): no helper is in a step.
//!     The next step that it publishes begins an inference with a name of its own: it stores `begun`,
//!     its own `invited`, which is the number of that step, and the helpers' `invited`.
//! 12. A helper that joins waits for its first epoch, then skips steps with a lower number.
//!
//! So helpers are free while the lead does other work, and a helper that has not come back in time is
//! one that is late for a step.
//!
//! # Why a claim is sound
//!
//! Between (2) and (4) the lead and the helpers in *working* hold views of one geometry, or of those
//! of one group: every helper compared its own with the published ones. A geometry's output shares
//! no byte with its inputs (checked when the [`Step`](crate::Step) was made) and lies inside the
//! arena (checked when a member enters the step). The ranges come from one row of shares, which
//! covers each unit once, so no two cores hold the same output element; stealing moves units from
//! one range to one core, and only cores inside the step do.
//!
//! In a group [`Step::joins`](crate::Step::joins) has checked, for the lead's shares, that what a
//! step writes is apart from all that earlier ones touch, and that of what an earlier one writes a
//! claim lends only what the same core wrote: so nobody touches bytes that a core in another step of
//! the group may write.
//!
//! A member yields one [`Claim`] at a time, which borrows it, so no view outlives its step. The lead
//! writes inputs in [`Begin`] and reads outputs in [`Done`] and in observers, when no helper is
//! working; so it does private steps. Handles exist at most once ([`Port::take`] sets a core's
//! `taken`), so nobody else can play a core's role; in (1b) the lead has the helper's too, and in
//! (1c) the caller promises that the owner is gone.
//!
//! # Waking
//!
//! Whoever stores a word that another core may sleep for calls [`Port::wake`] then: `published`,
//! `arrived`, `left`, `stopped`, `taken` as a helper's handle is given back, and `finished` when it
//! ends an inference that was stopped or paused.
//!
//! Every ordering, comparison and waking named here is tested: `crates/interleavings` explores the
//! interleavings of this code under a model checker, which finds each of them when it is missing.
//!
//! A member of a team of one publishes nothing. What it computes is a [`Whole`](crate::Whole), which
//! is checked as a step is when it is made and when it is entered; its views end before the next.
//! Epochs wrap after 2^32 steps; a helper that stays away for exactly that many would be taken for
//! one that is up to date.

mod arena;
mod claim;
mod control;
mod group;
mod helper;
mod lead;
mod member;
mod observed;
mod paces;
mod port;
mod schedule;
mod slice;
mod sole;
mod steal;
mod ways;

pub use arena::Team;
pub use claim::{Claim, Output, View};
pub use helper::Helper;
pub use lead::{Begin, Done, Lead};
pub use member::Member;
pub use observed::Observed;
pub use port::Port;
pub use schedule::{Alone, AloneSliced, Exact, Joined, Schedule, Sliced, Static};
pub use slice::Slice;
pub use steal::Steal;

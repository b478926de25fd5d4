//! The team: the one module of the runtime with `unsafe` code.
//!
//! # Epochs
//!
//! Every step of every inference has an *epoch*, a number that counts up by one (and wraps). The
//! epoch of an inference's first step names the inference. The control block holds words that
//! exactly one core writes:
//!
//! | word | written by | meaning |
//! |---|---|---|
//! | `words`, `range` | lead | geometry of the published step, units of each core |
//! | `published` | lead | epoch whose step may be worked on |
//! | `invited` | lead | first epoch of the last inference this helper is a member of |
//! | `begun` | lead | first epoch of the last inference that was published |
//! | `finished` | lead | first epoch of the last inference that every core has completed |
//! | `stopped` | lead | first epoch of an inference that must be left |
//! | `joined` | that helper | first epoch of the last inference it has joined |
//! | `arrived` | that helper | last epoch whose units it has completed |
//! | `left` | that helper | first epoch of the last inference it is no longer in |
//! | `mismatch` | any helper | first epoch of an inference whose cores disagree |
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
//! 2. [`Member::claim`] on the lead: stores geometry and ranges, then `published` (release).
//! 3. The lead's own range is used up.
//! 4. The lead loads each helper's `arrived` (acquire) until it is the published epoch. Pairs
//!    with the release store of (8): all writes of the step happen before what follows.
//! 5. [`Member::finish`]: stores `finished`; outputs may be read. A lead that drops its member
//!    without finishing stores `stopped` instead, and the next [`Lead::begin`] waits for `left`.
//! 6. [`Helper::join`]: `invited` names an inference that this helper has not joined yet.
//! 7. [`Member::claim`] on a helper: loads `published` (acquire) until it is the next epoch. Pairs
//!    with the release store of (2), so the writes of *all* cores in earlier steps, which the lead
//!    acquired in (4), happen before this helper's reads. If `begun` is another inference, its
//!    function has more steps than the lead's and it must leave. Then it compares the geometry
//!    word by word and takes its range from the control block.
//! 8. Stores `arrived` (release).
//! 9. A helper whose function has returned, that sees `stopped` while it waits, or that finds
//!    another geometry than its own, stores `left` (release) as its [`Member`] is dropped, and
//!    never touches the arena again in that inference.
//!
//! # Why a claim is sound
//!
//! Between (2) and (4) the lead and the helpers in *working* hold views of one geometry: every
//! helper compared its own with the published one. A geometry's output shares no byte with its
//! inputs (checked when the [`Step`](crate::Step) was made) and lies inside the arena (checked
//! when a member enters the step). The ranges come from one row of shares, which covers each unit
//! once, so no two cores hold the same output element. A member yields one [`Claim`] at a time,
//! which borrows it, so no view outlives its step. The lead writes inputs in [`Begin`] and reads
//! outputs in [`Done`] and in observers, when no helper is working. Handles exist at most once
//! ([`Port::take`] sets a core's `taken`), so nobody else can play a core's role.
//!
//! A member of a team of one publishes nothing. Epochs wrap after 2^32 steps; a helper that stays
//! away for exactly that many would be taken for one that is up to date.

mod arena;
mod claim;
mod control;
mod helper;
mod lead;
mod member;
mod observed;
mod port;

pub use arena::Team;
pub use claim::{Claim, Output, View};
pub use helper::Helper;
pub use lead::{Begin, Done, Lead};
pub use member::Member;
pub use observed::Observed;
pub use port::Port;

//! Runs a generated function on every core of a microcontroller.
//!
//! Every core of a *team* executes the same straight-line function, step by step. A *step* is one
//! operator's output; a core *claims* units of it, computes them, and waits at the barrier. There is
//! none after a step that the lead does alone, or between steps that are joined in a group. Only
//! small integers cross cores, so no pointer or closure is ever shared.
//!
//! - [`Slot`] and [`Step`] are the plan, as constants that are checked while compiling; where a team
//!   has one core for ever, [`Whole`] takes the place of [`Step`].
//! - [`Team`] is the memory that the cores share: control block and arena. It lives in a `static`.
//! - [`Lead`] and [`Helper`] are the handles of the cores; each exists at most once.
//! - [`Member`] is a core inside an inference; it yields a [`Claim`] for each run of units.
//! - [`Port`] is what a chip supplies: how to wait and how to wake the others.
//!
//! All `unsafe` code of this crate is in the module `team`; see its documentation for the state
//! machine and the reason why a claim is sound.
#![no_std]
#![deny(unsafe_code, missing_docs)]

#[macro_use]
#[cfg_attr(loom, path = "../../interleavings/src/sync.rs")]
mod sync;

mod element;
mod geometry;
mod shape;
mod slot;
mod step;
mod stopped;
#[allow(unsafe_code)]
mod team;
mod whole;

pub use element::{Element, Inputs};
pub use geometry::Cut;
pub use slot::Slot;
pub use step::{step, CutBuilder, Step, StepBuilder};
pub use stopped::Stopped;
#[cfg(loom)]
pub use sync::with_fault;
pub use team::{
    Alone, AloneSliced, Begin, Claim, Done, Exact, Helper, Joined, Lead, Member, Observed, Output,
    Port, Schedule, Slice, Sliced, Static, Steal, Team, View,
};
pub use whole::Whole;

//! Explores the interleavings of small teams, as they are and with planted faults.

mod faults;
mod models;
mod sleep;
mod team;

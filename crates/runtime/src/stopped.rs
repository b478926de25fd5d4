//! Why an inference ended early.

/// Why an inference ended before its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// The core did not reach a barrier before the port's patience ended.
    NoAnswer {
        /// Index of the core that is missing; a core's own if the port's lock could not be had.
        core: usize,
    },
    /// A core of an earlier, stopped inference has not left it yet, so the arena is not free. For a
    /// core that never will, as it was stopped itself, there is [`Lead::reclaim`](crate::Lead::reclaim).
    Busy {
        /// Index of the core that may still write to the arena.
        core: usize,
    },
    /// The inference goes on or is over without this core: the lead stopped or paused it, or, where
    /// units can be stolen, had it finished before this core came.
    Told,
    /// The slice of the inference is over.
    Paused,
    /// The cores do not execute the same step: two models, or two builds of one.
    Mismatch,
    /// The plan does not fit this team: arena too small, or no shares for so many cores.
    Unplanned,
}

impl core::fmt::Display for Stopped {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoAnswer { core } => write!(f, "core {core} did not answer in time"),
            Self::Busy { core } => write!(f, "core {core} has not left a stopped inference"),
            Self::Paused => f.write_str("the slice of the inference is over"),
            Self::Told => f.write_str("the inference is over for this core"),
            Self::Mismatch => f.write_str("the cores do not execute the same step"),
            Self::Unplanned => f.write_str("the plan does not fit this team"),
        }
    }
}

impl core::error::Error for Stopped {}

//! What a chip supplies to the team.

use core::ops::ControlFlow;

/// How the cores of a chip wait for and wake each other.
///
/// # Safety
///
/// All cores that hold handles with this port see one coherent memory at the team's address: an
/// atomic load that reads a value also sees what was written before the release store of that
/// value. On chips with caches that are not coherent, the port's linker script must place the
/// team in memory that is not cached. An implementation may rely on nothing else, and whatever it
/// returns is sound.
pub unsafe trait Port: Copy {
    /// Lets time pass after the `polls`-th unsuccessful look at a word; breaks when patience ends.
    ///
    /// May return early, and may sleep as long as [`Port::wake`] on another core ends the sleep.
    fn wait(&self, polls: u32) -> ControlFlow<()>;

    /// Ends the sleep of every other core, after a word was stored for it to see.
    fn wake(&self) {}

    /// Sees a step's output when every core has completed it; called on the lead.
    ///
    /// `step` is the number that the step was made with.
    fn observe(&self, step: u16, output: &[u8]) {
        let _ = (step, output);
    }
}

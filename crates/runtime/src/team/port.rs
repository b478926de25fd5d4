//! What a chip supplies to the team.

use crate::sync::{ordering, AtomicBool, AtomicU32, Ordering};
use core::ops::ControlFlow;

/// How the cores of a chip wait for and wake each other.
///
/// # Safety
///
/// All cores that hold handles with this port see one coherent memory at the team's address: an
/// atomic load that reads a value also sees what was written before the release store of that
/// value. On chips with caches that are not coherent, the port's linker script must place the
/// team in memory that is not cached.
///
/// [`Port::take`] and [`Port::exchange`], also where a port does not write them, are what their
/// documentation says. Each is one action for those of every port with the same [`Port::WAY`]: a lock
/// and compare-and-swap know nothing of each other, so a team gives its handles to ports of one way.
///
/// A port that holds a lock for them looks for it so many times and no more: the core that has it may
/// have been stopped. Then nothing is stored, `take` is false and `exchange` is `None`.
///
/// None of its functions unwinds but [`Port::observe`]: a core that goes on after it was left between
/// storing a word and what follows would do that twice.
///
/// An implementation may rely on nothing else, and whatever its other functions return is sound.
pub unsafe trait Port: Copy {
    /// How [`Port::take`] and [`Port::exchange`] are one action: 0 if both are as provided. A port
    /// that writes one of them has a number of its own, from 1 to 3, or that of ports which hold the
    /// same lock, in images of other cores too.
    ///
    /// A team gives no handle to a port of another way than whoever asked for one before:
    ///
    /// ```
    /// # use core::ops::ControlFlow;
    /// # use runtime::{Port, Team};
    /// #[derive(Clone, Copy)]
    /// struct Chip<const WAY: usize>;
    ///
    /// // SAFETY: threads of one process see one memory, and both lock in the same way.
    /// unsafe impl<const WAY: usize> Port for Chip<WAY> {
    ///     const WAY: usize = WAY;
    ///
    ///     fn wait(&self, _: u32) -> ControlFlow<()> {
    ///         ControlFlow::Break(())
    ///     }
    /// }
    /// let team: Team<64, 2> = Team::new();
    /// let lead = team.lead(Chip::<1>, 2);
    /// assert!(lead.is_some());
    /// assert!(team.helper(Chip::<0>, 1).is_none());
    /// assert!(team.helper(Chip::<1>, 1).is_some());
    /// ```
    const WAY: usize = 0;

    /// Lets time pass after the `polls`-th unsuccessful look at a word; breaks when patience ends.
    ///
    /// May return early, and may sleep as long as [`Port::wake`] on another core ends the sleep.
    fn wait(&self, polls: u32) -> ControlFlow<()>;

    /// Ends the sleep of every other core, after a word was stored for it to see.
    fn wake(&self) {}

    /// Sets a flag; true when it was clear before. Called when a handle is taken.
    ///
    /// It is one action for every other core and for every interrupt handler of this one, because
    /// a handler may also ask for a handle: of those who find the flag clear, exactly one gets
    /// `true`. It acquires what was written before the flag was cleared by a release store.
    ///
    /// A port for a target without such an instruction writes it: it turns interrupts off, holds
    /// the chip's lock if there are several cores, loads the flag, and stores only if it was clear.
    /// It is false, too, if the lock cannot be had. Handlers that cannot be turned off must not return to what they interrupted.
    #[cfg(target_has_atomic = "8")]
    fn take(&self, flag: &AtomicBool) -> bool {
        // Acquire: pairs with the release of `Shared::give`. Who finds it set stores nothing.
        let acquire = ordering("take", Ordering::Acquire);
        flag.compare_exchange(false, true, acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Sets a flag; true when it was clear before. Called when a handle is taken.
    #[cfg(not(target_has_atomic = "8"))]
    fn take(&self, flag: &AtomicBool) -> bool;

    /// Stores `new` into a word if it holds `current`, and returns what the word held; it succeeded
    /// if that is `current`. `None` if the port's lock cannot be had: nothing is stored, and nobody
    /// asks again at once. Called only where teams [`Steal`](super::Steal).
    ///
    /// It is one action for every other call of this function on any core, by a port of any type of
    /// the same [`Port::WAY`], and a core that stores to the word by another way does so only while the word holds what no
    /// call expects.
    ///
    /// A chip on which compare-and-swap does not work between its cores, on the team's memory, must
    /// not run a team that steals unless its port writes this function: it holds the chip's lock.
    #[cfg(target_has_atomic = "32")]
    #[inline(always)]
    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        // Relaxed: what the cores decide with it is published by other words.
        match word.compare_exchange(current, new, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(held) | Err(held) => Some(held),
        }
    }

    /// Stores `new` into a word if it holds `current`, and returns what the word held; it succeeded
    /// if that is `current`. A port that writes it holds the chip's lock; `None` if that cannot be had.
    #[cfg(not(target_has_atomic = "32"))]
    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        let _ = (word, current, new);
        // No type is so large: the size is here so that this fails only where it is called.
        const {
            assert!(
                size_of::<Self>() == usize::MAX,
                "this target has no compare-and-swap: its port must write `exchange`"
            );
        }
        None
    }

    /// Frees the lock of [`Self::take`] and [`Self::exchange`] if core `core` of the chip holds it.
    /// Called by [`Lead::reclaim`](super::Lead::reclaim); a port without a lock, or whose lock does not
    /// know who holds it, does nothing.
    ///
    /// Each of them stores one word at most, so a core that was stopped inside has either done it or
    /// not, and who has the lock next finds nothing half done.
    ///
    /// # Safety
    ///
    /// The core executes no instruction of this program any more, until it begins anew.
    unsafe fn unlock(&self, core: usize) {
        let _ = core;
    }

    /// The time, in ticks of the port's choice; it wraps. For slices that end at a time.
    ///
    /// A port without a clock says 0 for ever: then such a slice ends as soon as it can if its end
    /// is not ahead of 0, and never if it is.
    fn now(&self) -> u32 {
        0
    }

    /// Sees a step's output when every core has completed it; called on the lead.
    ///
    /// `step` is the number that the step was made with.
    fn observe(&self, step: u16, output: &[u8]) {
        let _ = (step, output);
    }
}

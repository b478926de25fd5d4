//! The memory of a team, and raw access to its arena.

use super::control::{Control, PerCore, BUILD_BITS, CORES_BITS, JOINED_BITS};
use super::{Helper, Lead, Port, Schedule, Static};
use crate::geometry::MAX_CORES;
use crate::slot::Extent;
use crate::sync::Ordering::Release;
use crate::sync::{fault, ordering, rolled};
use crate::Element;
use core::cell::UnsafeCell;
use core::marker::PhantomData;

/// The memory that the cores of a team share: a control block and an arena of `BYTES` bytes, for
/// at most `CORES` cores. `M` says how units find their cores, see [`Schedule`].
///
/// Put one in a `static`. If a helper runs start-up code of its own, that code must not clear
/// this memory.
///
/// `BUILD` stands for what the generated crate was made from, in 24 bits. Images of one team have
/// the same; a helper with another one leaves with [`Stopped::Mismatch`](crate::Stopped::Mismatch).
// The words come first: they are at one place for all images, whatever the size of their arenas.
#[repr(C)]
pub struct Team<const BYTES: usize, const CORES: usize, M: Schedule = Static, const BUILD: u32 = 0>
{
    control: Control,
    cores: [PerCore; CORES],
    joints: M::Joints,
    arena: Arena<BYTES>,
    schedule: PhantomData<M>,
}

/// The arena, aligned for every element.
#[repr(C, align(16))]
struct Arena<const BYTES: usize>(UnsafeCell<[u8; BYTES]>);

// SAFETY: the control block is atomics; the arena is touched only through `Lead`, `Helper` and
// `Member`, under the protocol that the module's documentation describes.
unsafe impl<const BYTES: usize, const CORES: usize, M: Schedule, const BUILD: u32> Sync
    for Team<BYTES, CORES, M, BUILD>
{
}

impl<const BYTES: usize, const CORES: usize, M: Schedule, const BUILD: u32>
    Team<BYTES, CORES, M, BUILD>
{
    /// The type is one that a team can have.
    const FITS: () = {
        assert!(
            CORES > 0 && CORES <= MAX_CORES,
            "a team has one to eight cores"
        );
        assert!(BUILD < 1 << BUILD_BITS, "a build has 24 bits");
    };

    /// Names this build; the last eight bits say how many cores and joined steps have words.
    #[allow(clippy::cast_possible_truncation)] // there are at most eight, and fifteen
    const IDENTITY: u32 = (BUILD << JOINED_BITS | M::JOINED as u32) << CORES_BITS | CORES as u32;

    /// Most cores of a team.
    const LARGEST: usize = if M::ALONE { 1 } else { CORES };

    constant! {
        /// A team at rest, its arena filled with zeros.
        ///
        /// # Panics
        ///
        /// While compiling, when there are not 1 to 8 cores, or the build has more than 24 bits:
        ///
        /// ```compile_fail,E0080
        /// # use runtime::Team;
        /// static TEAM: Team<64, 16> = Team::new();
        /// ```
        ///
        /// ```compile_fail,E0080
        /// # use runtime::{Static, Team};
        /// static TEAM: Team<64, 2, Static, 0x100_0000> = Team::new();
        /// ```
        ///
        /// ```
        /// # use runtime::{Static, Team};
        /// static TEAM: Team<64, 8, Static, 0xff_ffff> = Team::new();
        /// ```
        #[must_use]
        pub fn new() -> Self {
            let () = Self::FITS;
            Self {
                control: Control::new(),
                cores: words![PerCore::new(); CORES],
                joints: made!(M),
                arena: Arena(UnsafeCell::new([0; BYTES])),
                schedule: PhantomData,
            }
        }
    }

    /// The handle of the core that runs inferences, with a team of `cores` cores.
    ///
    /// `None` when the handle is in use, when `cores` is 0 or more than the team can have, or when
    /// somebody has asked for a handle of this team with a port of another [way](Port::WAY) to lock.
    pub fn lead<P: Port>(&self, port: P, cores: usize) -> Option<Lead<'_, P, M>> {
        let shared = self.shared();
        (cores > 0 && cores <= Self::LARGEST && shared.take_first(&port, 0))
            .then(|| Lead::new(shared, M::group(&self.joints), port, cores))
    }

    /// The handle of helper `index`, counted from 1.
    ///
    /// `None` when the handle is in use, when `index` is 0 or the team has no such core, or when
    /// somebody has asked for a handle of this team with a port of another [way](Port::WAY) to lock.
    /// While an inference is stopped, the lead may have the handle for a moment: then this waits for
    /// it, as long as the port's patience lasts.
    pub fn helper<P: Port>(&self, port: P, index: usize) -> Option<Helper<'_, P, M>> {
        let shared = self.shared();
        (index > 0 && index < Self::LARGEST && shared.take_in_time(&port, index))
            .then(|| Helper::new(shared, M::group(&self.joints), port, index))
    }

    fn shared(&self) -> Shared<'_> {
        Shared {
            control: &self.control,
            cores: &self.cores,
            arena: self.arena.0.get().cast(),
            #[allow(clippy::cast_possible_truncation)] // a slot ends below 2 GiB
            bytes: BYTES as u32,
            identity: Self::IDENTITY,
            team: PhantomData,
        }
    }
}

impl<const BYTES: usize, const CORES: usize, M: Schedule, const BUILD: u32> Default
    for Team<BYTES, CORES, M, BUILD>
{
    fn default() -> Self {
        Self::new()
    }
}

/// A reference to a team, without its sizes as type parameters, so that code exists once.
#[derive(Clone, Copy)]
pub(super) struct Shared<'t> {
    pub control: &'t Control,
    pub cores: &'t [PerCore],
    /// The first byte of the arena.
    pub arena: *mut u8,
    bytes: u32,
    /// What the team was built from, and its size: [`Team::IDENTITY`].
    pub identity: u32,
    team: PhantomData<&'t UnsafeCell<[u8]>>,
}

// SAFETY: as for `Team`: the pointer is used only under the protocol.
unsafe impl Send for Shared<'_> {}

impl<'t> Shared<'t> {
    /// Takes the handle of a core for a port that has none, if nobody has it.
    fn take_first<P: Port>(&self, port: &P, index: usize) -> bool {
        self.control.ways.agree::<P>() && self.take(port, index)
    }

    /// Takes the handle of a core, if nobody has it, for a port whose way to lock is the team's.
    pub fn take<P: Port>(&self, port: &P, index: usize) -> bool {
        self.control
            .taken
            .get(index)
            .is_some_and(|flag| port.take(flag))
    }

    /// As [`Self::take`], but waits while the lead of a stopped inference may have the handle.
    fn take_in_time<P: Port>(&self, port: &P, index: usize) -> bool {
        let mut polls = 0;
        while !self.take_first(port, index) {
            if !self.control.is_stopped() || port.wait(polls).is_break() {
                return false;
            }
            polls = polls.saturating_add(1);
        }
        true
    }

    /// Gives the handle of a core back. Release: pairs with the acquire of [`Port::take`], so that
    /// what this owner of the handle did happens before what the next one does.
    pub fn give(&self, index: usize) {
        if let Some(flag) = self.control.taken.get(index) {
            flag.store(false, ordering("give", Release));
        }
    }

    /// Wakes those who may wait for what was stored: `place` has a test leave it out.
    #[inline(always)]
    pub fn wake<P: Port>(&self, port: &P, place: &str) {
        if !fault(place) {
            port.wake();
        }
    }

    /// Whether the arena has the byte before `end`.
    pub fn reaches(&self, end: u32) -> bool {
        end <= self.bytes
    }

    /// A pointer to an extent of the arena, valid for its length while the team lives.
    ///
    /// # Safety
    ///
    /// The extent lies inside the arena.
    pub unsafe fn pointer(&self, extent: Extent) -> *mut u8 {
        // SAFETY: inside the arena, by the caller's promise.
        unsafe { self.arena.add(extent.offset as usize) }
    }

    /// Copies a tensor into an extent of the arena.
    ///
    /// # Safety
    ///
    /// The extent lies inside the arena, is apart from `values`, and nobody else touches it.
    pub unsafe fn store<T: Element>(&self, values: &[T], extent: Extent) {
        let bytes = size_of_val(values).min(extent.bytes as usize);
        // SAFETY: both have so many bytes, and are apart; elements have no padding.
        unsafe { copy(values.as_ptr().cast(), self.pointer(extent), bytes) }
    }

    /// Copies an extent of the arena into a tensor.
    ///
    /// # Safety
    ///
    /// The extent lies inside the arena, holds elements of this type, is apart from `values`, and
    /// nobody writes to it.
    pub unsafe fn load<T: Element>(&self, extent: Extent, values: &mut [T]) {
        let bytes = size_of_val(values).min(extent.bytes as usize);
        // SAFETY: as in `store`; elements have no invalid values.
        unsafe { copy(self.pointer(extent), values.as_mut_ptr().cast(), bytes) }
    }

    /// The bytes of an extent.
    ///
    /// # Safety
    ///
    /// The extent lies inside the arena and nobody writes to it while the slice lives.
    pub unsafe fn read(&self, extent: Extent) -> &'t [u8] {
        // SAFETY: inside the arena, which is initialised memory that outlives `'t`, and free of
        // writers, by the caller's promise.
        unsafe { core::slice::from_raw_parts(self.pointer(extent), extent.bytes as usize) }
    }
}

/// Words that are copied at a time.
const WORDS: usize = 4;

/// Copies bytes; the compiler's `memcpy` takes a kilobyte of flash on Arm.
///
/// # Safety
///
/// The first can be read and the second written for so many bytes, and they are apart.
#[inline(never)]
unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    let mut at = 0;
    if from.cast::<u32>().is_aligned() && to.cast::<u32>().is_aligned() {
        while bytes - at >= WORDS * size_of::<u32>() {
            // SAFETY: inside both, and aligned as the first ones are.
            unsafe {
                let (from, to) = (from.add(at).cast::<u32>(), to.add(at).cast::<u32>());
                for word in 0..WORDS {
                    to.add(word).write(from.add(word).read());
                }
            }
            at += WORDS * size_of::<u32>();
            rolled();
        }
    }
    while at < bytes {
        // SAFETY: inside both.
        unsafe { to.add(at).write(from.add(at).read()) };
        at += 1;
        rolled();
    }
}

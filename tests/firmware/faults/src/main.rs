//! Does what no firmware should, and says with which status it ended.
#![no_std]
#![no_main]

use core::hint::{black_box, spin_loop};
use core::ops::ControlFlow;
use core::sync::atomic::AtomicBool;
#[cfg(all(target_arch = "riscv32", not(target_has_atomic = "32")))]
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{step, Lead, Member, Port, Schedule, Slot, Step, Stopped, Team};

const FAULT: u8 = 3;
const NO_ANSWER: u8 = 4;

port::entry!(lead);
port::on_fault!(fault);

fn lead() -> ! {
    let mut buffer = [0; 64];
    if port::core_index() != 0 {
        // A helper with an image of its own.
        match semihosting::command_line(&mut buffer).rsplit(' ').next() {
            Some("overflow-helper") => overflow(),
            Some("stuck") => hesitate(),
            _ => sleep(),
        }
    }
    match semihosting::command_line(&mut buffer).rsplit(' ').next() {
        Some("overflow-lead") => overflow(),
        Some("overflow-helper") => {
            let _ = port::start(1, overflow);
            sleep()
        }
        Some("unaligned") => semihosting::exit(unaligned()),
        Some("handles") => semihosting::exit(u8::from(!handles_exist_once())),
        Some("start") => semihosting::exit(u8::from(starts_are_refused())),
        Some("stuck") => semihosting::exit(stuck()),
        #[cfg(all(target_arch = "riscv32", not(target_has_atomic = "32")))]
        Some("locked") => semihosting::exit(locked::run()),
        Some("lonely") => semihosting::exit(lonely()),
        _ => semihosting::exit(1),
    }
}

fn fault() -> ! {
    semihosting::exit(FAULT)
}

/// Needs more and more stack.
fn overflow() -> ! {
    black_box(descend(u32::MAX));
    sleep()
}

#[inline(never)]
fn descend(depth: u32) -> u32 {
    let frame = black_box([depth; 16]);
    if depth == 0 {
        return 0;
    }
    descend(depth - 1) + black_box(frame)[0]
}

/// Reads a word at an odd address.
fn unaligned() -> u8 {
    let words = black_box([0_u32; 2]);
    let address = words.as_ptr() as usize + 1;
    let word: u32;
    // SAFETY: the bytes belong to the array. Where the core cannot read them, it runs `fault`.
    unsafe {
        #[cfg(target_arch = "arm")]
        core::arch::asm!("ldr {}, [{}]", out(reg) word, in(reg) address);
        #[cfg(target_arch = "riscv32")]
        core::arch::asm!("lw {}, 0({})", out(reg) word, in(reg) address);
    }
    u8::from(word != 0)
}

/// Whether the lead's handle is given to one, and again after it came back.
fn handles_exist_once() -> bool {
    static TEAM: Team<8, 1> = Team::new();
    let Some(lead) = TEAM.lead(port::Chip, 1) else { return false };
    let second = TEAM.lead(port::Chip, 1).is_some();
    drop(lead);
    !second && TEAM.lead(port::Chip, 1).is_some()
}

/// Whether only helpers can be started, and each once; a chip of one core has none.
fn starts_are_refused() -> bool {
    let first = port::start(1, sleep) == (port::CORES > 1);
    first && !port::start(1, sleep) && !port::start(0, sleep) && !port::start(port::CORES, sleep)
}

/// Runs a step with a helper that nobody has started.
fn lonely() -> u8 {
    const INPUT: Slot<i8, 4> = Slot::at(0);
    const OUTPUT: Slot<i8, 4> = Slot::at(4);
    static STEP: Step<(i8,), i8> =
        step(0).reads(INPUT).writes(OUTPUT).by_pixels(4, 1, 1).shares(&[&[4], &[2, 2]]);
    static TEAM: Team<8, 2> = Team::new();

    let Some(mut lead) = TEAM.lead(port::Chip, 2) else { return 1 };
    let Ok(begin) = lead.begin() else { return 1 };
    let mut member = begin.member();
    while let Ok(Some(claim)) = member.claim(&STEP) {
        for (_, pixel) in claim.output.by_pixel() {
            pixel.fill(1);
        }
    }
    match member.finish() {
        Err(Stopped::NoAnswer { core: 1 }) => NO_ANSWER,
        _ => 1,
    }
}

/// The chip's port with patience for so many polls.
#[derive(Clone, Copy)]
struct Brief(u32);

// SAFETY: the chip's port does it, and waiting may end at any time.
unsafe impl Port for Brief {
    const WAY: usize = port::Chip::WAY;

    fn wait(&self, polls: u32) -> ControlFlow<()> {
        if polls >= self.0 {
            return ControlFlow::Break(());
        }
        port::Chip.wait(0)
    }

    fn wake(&self) {
        port::Chip.wake();
    }

    fn take(&self, flag: &AtomicBool) -> bool {
        port::Chip.take(flag)
    }

    #[cfg(all(target_arch = "riscv32", not(target_has_atomic = "32")))]
    fn exchange(&self, word: &AtomicU32, current: u32, new: u32) -> Option<u32> {
        port::Chip.exchange(word, current, new)
    }

    unsafe fn unlock(&self, core: usize) {
        // SAFETY: by the caller's promise.
        unsafe { port::Chip.unlock(core) };
    }
}

const FROM: Slot<i8, 4> = Slot::at(0);
const TO: Slot<i8, 4> = Slot::at(4);
static NEXT: Step<(i8,), i8> =
    step(0).reads(FROM).writes(TO).by_pixels(4, 1, 1).shares(&[&[4], &[2, 2]]);
/// Polls that the lead waits for a helper which is inside a claim. On Ibex, the core without atomic
/// instructions, each is a sleep of 65,536 cycles.
const POLLS: u32 = if cfg!(target_has_atomic = "32") { 100_000 } else { 16 };

/// What the cores share, at one address in every image.
#[repr(C)]
struct Shared {
    team: Team<8, 2>,
    /// Whether the helper is in its claim, or was.
    inside: AtomicBool,
    /// Whether the helper may leave the claim that it is in.
    released: AtomicBool,
}

#[unsafe(link_section = ".bss.team")]
static SHARED: Shared = Shared {
    team: Team::new(),
    inside: AtomicBool::new(false),
    released: AtomicBool::new(false),
};

/// Adds one to each element; the helper holds its claim until it is released.
fn add<M: Schedule>(member: &mut Member<'_, Brief, M>, is_helper: bool) -> Result<(), Stopped> {
    while let Some(claim) = member.claim(&NEXT)? {
        if is_helper {
            SHARED.inside.store(true, Relaxed);
        }
        while is_helper && !SHARED.released.load(Relaxed) {
            spin_loop();
        }
        let input = claim.input();
        for (index, pixel) in claim.output.by_pixel() {
            pixel.copy_from_slice(input.row(index, 1));
            pixel.iter_mut().for_each(|value| *value += 1);
        }
    }
    Ok(())
}

fn infer<M: Schedule>(lead: &mut Lead<'_, Brief, M>, input: [i8; 4]) -> Result<[i8; 4], Stopped> {
    let mut begin = lead.begin()?;
    begin.store(FROM, &input)?;
    let mut member = begin.member();
    add(&mut member, false)?;
    let mut output = [0; 4];
    member.finish()?.load(TO, &mut output)?;
    Ok(output)
}

fn hesitate() -> ! {
    let Some(mut helper) = SHARED.team.helper(Brief(u32::MAX), 1) else { sleep() };
    loop {
        if let Some(mut member) = helper.join() {
            let _ = add(&mut member, true);
        }
    }
}

/// Runs inferences with a helper that stops inside a claim, and comes back.
fn stuck() -> u8 {
    if !port::start(1, hesitate) {
        return 1;
    }
    let Some(mut lead) = SHARED.team.lead(Brief(POLLS), 2) else { return 1 };
    // It may be slow to start, and until it has its handle nobody is in the way.
    while !SHARED.inside.load(Relaxed) {
        match infer(&mut lead, [1; 4]) {
            Err(Stopped::NoAnswer { core: 1 } | Stopped::Busy { core: 1 }) => {}
            _ => return 5,
        }
    }
    // It may still write: the team refuses work for as long as it takes.
    for _ in 0..3 {
        if infer(&mut lead, [2; 4]) != Err(Stopped::Busy { core: 1 }) {
            return 6;
        }
    }
    SHARED.released.store(true, Relaxed);
    for _ in 0..1_000 {
        match infer(&mut lead, [3, 5, 7, 9]) {
            Ok(output) => return if output == [4, 6, 8, 10] { 0 } else { 7 },
            Err(Stopped::Busy { core: 1 } | Stopped::NoAnswer { core: 1 }) => {}
            Err(_) => return 8,
        }
    }
    9
}

/// A core that is stopped with the lock of the chip, on Ibex: no other port here has one.
#[cfg(all(target_arch = "riscv32", not(target_has_atomic = "32")))]
mod locked {
    use super::{infer, sleep, Brief, NEXT, POLLS, SHARED};
    use core::sync::atomic::Ordering::Relaxed;
    use runtime::{Steal, Stopped, Team};

    static TEAM: Team<8, 2, Steal> = Team::new();

    /// Stops inside a claim, with the lock.
    fn stop() -> ! {
        /// A read returns 1 and takes the lock, or returns 0.
        const LOCK: *const u32 = 0x4000_0100 as *const u32;
        let Some(mut helper) = TEAM.helper(Brief(u32::MAX), 1) else { sleep() };
        loop {
            let Some(mut member) = helper.join() else { continue };
            if let Ok(Some(_)) = member.claim(&NEXT) {
                // SAFETY: a register of the chip; nothing comes after it.
                while unsafe { LOCK.read_volatile() } == 0 {}
                SHARED.inside.store(true, Relaxed);
                sleep()
            }
        }
    }

    /// Runs inferences while nobody can have the lock, and when it has been freed.
    pub fn run() -> u8 {
        let Some(mut lead) = TEAM.lead(Brief(POLLS), 2) else { return 1 };
        if !port::start(1, stop) {
            return 1;
        }
        // Alone it steals what the helper does not compute.
        for _ in 0..1_000 {
            let _ = infer(&mut lead, [1; 4]);
            if SHARED.inside.load(Relaxed) {
                break;
            }
        }
        for _ in 0..3 {
            match infer(&mut lead, [2; 4]) {
                Err(Stopped::Busy { core: 1 }) => {}
                Err(_) => return 5,
                Ok(_) => return 6,
            }
        }
        // SAFETY: the core is in `sleep`.
        unsafe { lead.reclaim(1) };
        match infer(&mut lead, [3, 5, 7, 9]) {
            Ok([4, 6, 8, 10]) => 0,
            _ => 7,
        }
    }
}

fn sleep() -> ! {
    loop {
        spin_loop();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    semihosting::exit(101)
}

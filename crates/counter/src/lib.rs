//! A QEMU plugin that counts the instructions each core executes between marked addresses.
//!
//! A core counts from an instruction at a `begin` address up to, and without, one at an `end`
//! address; that is a run. An instruction at a `step` address opens the run's next bucket and is
//! the first one in it. Instructions in a `wait` range, such as a loop that waits for another core,
//! are counted apart, because their number depends on the host's scheduler and says nothing. How
//! often a run came to a `note` address is said for each bucket.
//!
//! QEMU translates code in blocks. A block without a marked address costs one call that adds a
//! constant, so a counted program runs nearly as fast as an uncounted one. A block with marked
//! addresses is cut at each of them, and each piece costs one call.
//!
//! With timings, each instruction is also weighed by its cycles, and a block that is not followed
//! by the next one in memory by a refill of the pipeline.
//!
//! With a quantum, the cores run in lock-step: see `lockstep`.
//!
//! The counts are exact as long as no instruction in the middle of a block faults: a block is
//! counted when it is entered.

mod lockstep;
mod marks;
mod piece;
mod qemu;
mod tally;

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::fmt::Write as _;
use std::sync::OnceLock;

use lockstep::Lockstep;
use marks::Marks;
use piece::{Event, Piece};
use tally::{Branch, Core};

/// Most cores that are counted.
const CORES: usize = 16;

static MARKS: OnceLock<Marks> = OnceLock::new();
static LOCKSTEP: Lockstep = Lockstep::new();
static TALLY: [Core; CORES] = [const { Core::new() }; CORES];

/// The interface version that this build speaks; QEMU refuses versions that it does not know.
#[unsafe(no_mangle)]
#[allow(
    non_upper_case_globals,
    reason = "QEMU looks the symbol up by this name"
)]
pub static qemu_plugin_version: c_int = match option_env!("QEMU_PLUGIN_API") {
    Some(digit) => (digit.as_bytes()[0] - b'0') as c_int,
    None => 1,
};

/// Reads the arguments and asks QEMU to call back. QEMU calls this once, before any core runs.
///
/// # Safety
///
/// `arguments` points to `count` C strings, as QEMU promises.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    id: u64,
    _info: *const c_void,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    let words = (0..usize::try_from(count).unwrap_or(0)).map(|index| {
        // SAFETY: the caller promises `count` C strings.
        unsafe { CStr::from_ptr(*arguments.add(index)) }.to_string_lossy()
    });
    match Marks::read(words) {
        Ok(marks) => MARKS.get_or_init(|| marks),
        Err(problem) => {
            eprintln!("counter: {problem}");
            return 1;
        }
    };
    // SAFETY: `id` is ours, and the callbacks have the signatures that QEMU declares.
    unsafe {
        qemu::qemu_plugin_register_vcpu_init_cb(id, on_core);
        qemu::qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
        qemu::qemu_plugin_register_vcpu_idle_cb(id, on_sleep);
        qemu::qemu_plugin_register_vcpu_exit_cb(id, on_end);
        qemu::qemu_plugin_register_atexit_cb(id, on_exit, std::ptr::null_mut());
    }
    0
}

/// Notes that a core exists.
extern "C" fn on_core(_id: u64, core: c_uint) {
    match TALLY.get(core as usize) {
        Some(tally) => tally.appear(),
        None => eprintln!("counter: core {core} is not counted, only the first {CORES} are"),
    }
}

/// Lets the others go on while a core sleeps.
extern "C" fn on_sleep(_id: u64, core: c_uint) {
    if let Some(quantum) = MARKS.get().and_then(|marks| marks.quantum) {
        LOCKSTEP.sleep(core as usize, quantum);
    }
}

/// Lets the others go on when a core is gone.
extern "C" fn on_end(_id: u64, core: c_uint) {
    if let Some(quantum) = MARKS.get().and_then(|marks| marks.quantum) {
        LOCKSTEP.leave(core as usize, quantum);
    }
}

/// Cuts a newly translated block at the marked addresses and asks for a call at each piece.
extern "C" fn on_translation(_id: u64, block: *mut c_void) {
    let Some(marks) = MARKS.get() else { return };
    // SAFETY: QEMU hands us a block that is valid during this call.
    let length = unsafe { qemu::qemu_plugin_tb_n_insns(block) };
    let instructions: Vec<*mut c_void> = (0..length)
        // SAFETY: the index is below the block's length.
        .map(|index| unsafe { qemu::qemu_plugin_tb_get_insn(block, index) })
        .collect();
    if let (true, Some(&first), Some(&last)) =
        (marks.is_timed(), instructions.first(), instructions.last())
    {
        time_edges(marks, block, first, last);
    }
    let addresses = instructions
        .iter()
        // SAFETY: the instruction belongs to the valid block.
        .map(|&instruction| unsafe { qemu::qemu_plugin_insn_vaddr(instruction) });
    for (start, piece) in Piece::cut(addresses, marks) {
        let packed = piece.packed();
        // SAFETY: block and instruction are valid; the packed number is never dereferenced.
        unsafe {
            if start == 0 {
                qemu::qemu_plugin_register_vcpu_tb_exec_cb(block, on_piece, 0, packed);
            } else {
                let instruction = instructions[start];
                qemu::qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_piece, 0, packed);
            }
        }
    }
}

/// Asks for calls where a block begins, and where one ends with what may be a branch.
///
/// Blocks begin before their first piece is counted, as calls come in the order of registration.
#[allow(
    clippy::cast_possible_truncation,
    reason = "cores with timings have addresses of 32 bits"
)]
fn time_edges(marks: &Marks, block: *mut c_void, first: *mut c_void, last: *mut c_void) {
    // SAFETY: QEMU hands us a block that is valid during this call, with these instructions. The
    // packed numbers are never dereferenced.
    unsafe {
        let start = qemu::qemu_plugin_insn_vaddr(first) as usize;
        let packed = std::ptr::without_provenance_mut(start);
        qemu::qemu_plugin_register_vcpu_tb_exec_cb(block, on_arrival, 0, packed);
        let end = qemu::qemu_plugin_insn_vaddr(last);
        let refill = marks.timing(end).refill;
        if refill > 0 {
            let next = end as u32 + qemu::qemu_plugin_insn_size(last) as u32;
            let packed = Branch { next, refill }.packed() as usize;
            let packed = std::ptr::without_provenance_mut(packed);
            qemu::qemu_plugin_register_vcpu_insn_exec_cb(last, on_departure, 0, packed);
        }
    }
}

/// Notes that a block has begun.
#[allow(
    clippy::cast_possible_truncation,
    reason = "cores with timings have addresses of 32 bits"
)]
extern "C" fn on_arrival(core: c_uint, start: *mut c_void) {
    if let Some(tally) = TALLY.get(core as usize) {
        tally.arrive(start.addr() as u32);
    }
}

/// Notes that a block ends with an instruction that may be a branch.
extern "C" fn on_departure(core: c_uint, packed: *mut c_void) {
    if let Some(tally) = TALLY.get(core as usize) {
        tally.leave(Branch::unpacked(packed.addr() as u64));
    }
}

/// Counts one execution of a piece.
extern "C" fn on_piece(core: c_uint, packed: *mut c_void) {
    let Some(tally) = TALLY.get(core as usize) else {
        return;
    };
    let piece = Piece::unpacked(packed);
    if let Some((marks, quantum)) = MARKS.get().and_then(|marks| Some((marks, marks.quantum?))) {
        let instructions = u64::from(piece.working) + u64::from(piece.waiting);
        LOCKSTEP.pass(core as usize, instructions * marks.slowness(core), quantum);
    }
    if piece.event != Event::NONE {
        tally.mark(piece.event);
    }
    tally.count(piece);
}

/// Writes the result, however the emulator ends.
extern "C" fn on_exit(_id: u64, _user: *mut c_void) {
    let Some(marks) = MARKS.get() else { return };
    let mut text = String::from("{\"cores\": [");
    let mut separator = "";
    for (index, core) in TALLY.iter().enumerate() {
        if let Some(runs) = core.runs() {
            let _ = write!(
                text,
                "{separator}{{\"index\": {index}, \"runs\": [{runs}]}}"
            );
            separator = ", ";
        }
    }
    text.push_str("]}\n");
    if let Err(error) = std::fs::write(&marks.output, text) {
        eprintln!("counter: cannot write `{}`: {error}", marks.output);
    }
}

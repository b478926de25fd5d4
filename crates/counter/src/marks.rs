//! The addresses at which something happens, as given on the command line.

use std::collections::HashMap;
use std::ops::Range;

use crate::piece::Event;

/// What the plugin was asked to watch, and where the result goes.
#[derive(Debug, Default)]
pub struct Marks {
    /// File for the result.
    pub output: String,
    /// How far a core may be ahead of the slowest, in instructions; nothing lets all run freely.
    pub quantum: Option<u64>,
    slow: HashMap<u32, u64>,
    timings: HashMap<u64, Timing>,
    events: HashMap<u64, Event>,
    waits: Vec<Range<u64>>,
}

/// Cycles of an instruction, and how many more when it is not followed by the next in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    pub cycles: u16,
    pub refill: u16,
}

impl Marks {
    /// Reads `out=FILE`, `begin=`, `end=`, `step=` and `note=` with a hexadecimal address,
    /// `wait=LOW:HIGH`, `quantum=INSTRUCTIONS`, `slow=CORE:FACTOR`, and `timings=FILE` with a line
    /// for each instruction: its hexadecimal address, cycles, and cycles of a refill.
    pub fn read(words: impl Iterator<Item = impl AsRef<str>>) -> Result<Self, String> {
        let mut marks = Self::default();
        for word in words {
            let word = word.as_ref();
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            match name {
                "out" => value.clone_into(&mut marks.output),
                "begin" => marks.add(value, Event::BEGIN)?,
                "end" => marks.add(value, Event::END)?,
                "step" => marks.add(value, Event::STEP)?,
                "note" => marks.add(value, Event::NOTE)?,
                "wait" => {
                    let (low, high) = value.split_once(':').ok_or("`wait` needs LOW:HIGH")?;
                    marks.waits.push(address(low)?..address(high)?);
                }
                "timings" => marks.timings = timings(value)?,
                "quantum" => marks.quantum = Some(number::<u64>(value)?.max(1)),
                "slow" => {
                    let (core, factor) = value.split_once(':').ok_or("`slow` needs CORE:FACTOR")?;
                    marks.slow.insert(number(core)?, number(factor)?);
                }
                _ => return Err(format!("unknown argument `{word}`")),
            }
        }
        if marks.output.is_empty() {
            return Err("`out=FILE` is missing".to_owned());
        }
        Ok(marks)
    }

    /// Returns what happens at an address.
    pub fn event(&self, address: u64) -> Event {
        self.events.get(&address).copied().unwrap_or(Event::NONE)
    }

    /// Tells whether the instruction at an address only waits.
    pub fn waits(&self, address: u64) -> bool {
        self.waits.iter().any(|range| range.contains(&address))
    }

    /// Returns how long a core takes for an instruction.
    pub fn slowness(&self, core: u32) -> u64 {
        self.slow.get(&core).copied().unwrap_or(1)
    }

    /// Tells whether cycles are estimated.
    pub fn is_timed(&self) -> bool {
        !self.timings.is_empty()
    }

    /// Returns what the instruction at an address takes; nothing where cycles are not estimated.
    pub fn timing(&self, address: u64) -> Timing {
        self.timings.get(&address).copied().unwrap_or_default()
    }

    fn add(&mut self, value: &str, event: Event) -> Result<(), String> {
        let known = self.events.entry(address(value)?).or_insert(Event::NONE);
        *known = known.and(event);
        Ok(())
    }
}

fn timings(file: &str) -> Result<HashMap<u64, Timing>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("`{file}`: {error}"))?;
    let mut timings = HashMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let &[place, cycles, refill] = &words[..] else {
            return Err(format!(
                "`{file}`: `{line}` is not an address and two numbers"
            ));
        };
        let (cycles, refill) = (number(cycles)?, number(refill)?);
        timings.insert(address(place)?, Timing { cycles, refill });
    }
    Ok(timings)
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number"))
}

fn address(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16)
        .map_err(|_| format!("`{text}` is not a hexadecimal address"))
}

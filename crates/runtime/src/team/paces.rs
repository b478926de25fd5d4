//! How fast the cores of a team that steals have been, in the steps and inferences before.

use crate::geometry::MAX_CORES;
use crate::sync::rolled;

/// The weight of the core that was fastest, compared with the plan.
const FULL: u32 = u8::MAX as u32;

/// At most 16 times as fast as the weight said, in 256ths.
const MOST_CHANGE: u32 = 16 << u8::BITS;

/// Runs of each core, on average, where cores start with whole ones; claims, where their number says
/// how fast it is.
const SEVERAL: u32 = 2;

/// Below this weight a core is known to be slow; from it on a core is as fast as the fastest.
const SLOW: u8 = 224;

/// All of a core's share in the plan, for [`Paces::own`].
const ALL: u32 = 1 << u8::BITS;

/// Steps with more units are shared a little coarser, so that products fit in 32 bits.
const MANY: u32 = 1 << 12;

/// What a member of a team that steals knows of speeds: of its own, and the lead of all cores'.
#[derive(Clone, Debug)]
pub struct Paces {
    /// Units that this core has claimed in the open step.
    pub claimed: u32,
    /// The part of its share in the plan that this core claimed in the last step in which it claimed
    /// some, in 256ths; 256 for all of it, or more.
    own: u16,
    /// Units that each core started the published step with.
    given: [u16; MAX_CORES],
    /// Speeds, each as a part of what the plan expects of that core; the largest is [`FULL`].
    weights: [u8; MAX_CORES],
}

impl Paces {
    /// Every core is as fast as planned.
    pub const PLANNED: Self = Self {
        claimed: 0,
        own: ALL as u16,
        given: [0; MAX_CORES],
        weights: [u8::MAX; MAX_CORES],
    };

    /// Whether the cores are as fast as planned, for all that is known.
    fn is_planned(&self) -> bool {
        self.weights == [u8::MAX; MAX_CORES]
    }

    /// This core's speed in the open step, if its share in the plan is its speed there.
    pub fn own_speed(&self, planned: u32) -> u32 {
        match self.claimed {
            0 => planned * u32::from(self.own) / ALL,
            claimed => planned.min(claimed),
        }
    }

    /// Remembers how much of its share in the plan this core has claimed of a step, if any.
    pub fn remember(&mut self, planned: u32) {
        if self.claimed > 0 {
            self.own = units_of(ALL * self.claimed.min(planned) / planned.max(1));
        }
    }

    /// Units that each core starts the next step with; see [`Self::shares`].
    pub fn share(&mut self, planned: &[u16], run: u32) -> [u16; MAX_CORES] {
        self.given = self.shares(planned, run);
        self.given
    }

    /// Units that each core starts with, if these are its shares in the plan: by weight, in whole
    /// runs if all have several, and each run that is left goes to the core that would be done with
    /// it first. They are as many units, whatever the weights.
    ///
    /// By index, and no loop unrolled: it is called where a core's stack is deepest.
    fn shares(&self, planned: &[u16], run: u32) -> [u16; MAX_CORES] {
        // Not copied as a slice, which would call `memcpy`.
        let mut given = core::array::from_fn(|core| planned.get(core).copied().unwrap_or(0));
        if self.is_planned() {
            return given;
        }
        let units = units_in(planned);
        let fine = if units > MANY { u8::BITS } else { 0 };
        let run = if has_several(planned, run) { run } else { 1 };
        // At most 65,535 units of 255 each, in all.
        let weighed = |core: usize| match (planned.get(core), self.weights.get(core)) {
            (Some(&share), Some(&weight)) => u32::from(share) * u32::from(weight),
            _ => 0,
        };
        let mut total = 0;
        for core in 0..MAX_CORES {
            total += weighed(core);
            rolled();
        }
        let total = (total >> fine).max(1);
        // How early a core would be done with another run; 0 for who has no units in the plan.
        let early = |core: usize, given: u16| match weighed(core) {
            0 => 0,
            weighed => 1 + (weighed << (u8::BITS - fine)) / (u32::from(given) + run),
        };
        let mut left = units;
        let mut earliest = [0; MAX_CORES];
        for (core, (given, earliest)) in given.iter_mut().zip(&mut earliest).enumerate() {
            let part = (units * (weighed(core) >> fine) / total).min(left);
            let part = part / run * run;
            *given = units_of(part);
            *earliest = early(core, *given);
            left -= part;
            rolled();
        }
        while left > 0 {
            let more = run.min(left);
            let (mut first, mut most) = (0, 0);
            for (core, &earliest) in earliest.iter().enumerate() {
                if earliest > 0 && earliest >= most {
                    (first, most) = (core, earliest);
                }
                rolled();
            }
            if let (Some(given), Some(earliest)) = (given.get_mut(first), earliest.get_mut(first)) {
                *given = given.saturating_add(units_of(more));
                *earliest = early(first, *given);
            }
            left -= more;
        }
        given
    }

    /// Learns from a step how fast cores are, from the units that each has claimed.
    ///
    /// A core from which others took a claim or more, and a quarter of what it was given, was so
    /// much slower than its weight says; one that took several claims, and half of that, so much
    /// faster; of a core that is known to be slow one claim says as much, until it is nearly as fast
    /// as the fastest. The others are in proportion to each other as before, as who of them took a
    /// claim is chance. Where nobody took a claim, cores have less than two each, or the plan leaves
    /// one without units, nothing is learned.
    pub fn learn(
        &mut self,
        planned: &[u16],
        claim: u32,
        claimed: impl Iterator<Item = u32> + Clone,
    ) {
        let given = self.given.iter().map(|&given| u32::from(given));
        let is_as_given = given
            .zip(claimed.clone())
            .all(|(a, b)| a.abs_diff(b) < claim);
        if is_as_given || !has_several(planned, claim) || planned.contains(&0) {
            return;
        }
        // Not in whole runs, of which one more would be a core's for want of another division.
        let given = self.shares(planned, 1);
        let cores = given.iter().map(|&given| u32::from(given)).zip(claimed);
        let known = self.weights.iter().zip(cores);
        let differs = |&(&weight, (given, claimed)): &(&u8, (u32, u32))| {
            let lost = given.saturating_sub(claimed);
            let taken = claimed.saturating_sub(given);
            if weight < SLOW {
                lost >= claim || taken >= claim
            } else {
                lost >= claim && 4 * lost >= given || taken > claim && 2 * taken >= given
            }
        };
        if !known.clone().any(|core| differs(&core)) {
            return;
        }
        let others = known.clone().filter(|core| !differs(core));
        let sums = others.fold((0, 0), |(all, done), (_, core)| {
            (all + core.0, done + core.1)
        });
        let mut rates = [0; MAX_CORES];
        for (rate, core) in rates.iter_mut().zip(known.clone()) {
            let (&weight, own) = core;
            let (given, claimed) = if differs(&core) { own } else { sums };
            // At most 65,535 units, times 256; then below 2^20.
            let change = (claimed << u8::BITS) / given.max(1);
            *rate = u32::from(weight) * change.min(MOST_CHANGE);
        }
        let most = rates.iter().fold(1, |most, &rate| most.max(rate));
        for (weight, rate) in self.weights.iter_mut().zip(rates).take(planned.len()) {
            let part = u8::try_from(rate * FULL / most).unwrap_or(u8::MAX);
            *weight = if part < SLOW { part.max(1) } else { u8::MAX };
        }
    }
}

/// Whether cores have several such parts of a step each, so that whole ones can be shared by speed.
fn has_several(planned: &[u16], part: u32) -> bool {
    let units = units_in(planned);
    let cores = u32::try_from(planned.len()).unwrap_or_default().max(1);
    part > 0 && part <= units / (SEVERAL * cores)
}

/// Units of all these shares.
fn units_in(planned: &[u16]) -> u32 {
    planned.iter().map(|&share| u32::from(share)).sum()
}

/// Units of a step, which are at most 65,535.
fn units_of(units: u32) -> u16 {
    u16::try_from(units).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::Paces;
    use std::{println, string::String, vec::Vec};

    /// For a file of steps, each a line `run claim weights.. shares.. | claimed..`, of teams of four:
    /// prints what cores start with and what the lead knows then.
    #[test]
    #[ignore = "run by tests/test_claims.py, which compares it with what the planner goes by"]
    fn prints_what_is_learned() {
        let path = std::env::var("STEPS").unwrap();
        let mut paces = Paces::PLANNED;
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let numbers = |text: &str| -> Vec<u16> {
                text.split_whitespace()
                    .map(|word| word.parse().unwrap())
                    .collect()
            };
            let (planned, claimed) = line.split_once('|').unwrap();
            let (planned, claimed) = (numbers(planned), numbers(claimed));
            let [run, claim, a, b, c, d, planned @ ..] = planned.as_slice() else {
                panic!("{line}")
            };
            paces.weights[..4].copy_from_slice(&[a, b, c, d].map(|&weight| weight as u8));
            let given = paces.share(planned, (*run).into());
            paces.learn(
                planned,
                (*claim).into(),
                claimed.iter().map(|&units| units.into()),
            );
            let said = given[..4]
                .iter()
                .copied()
                .chain(paces.weights[..4].iter().map(|&w| w.into()));
            let words: Vec<String> = said.map(|number: u16| std::format!("{number}")).collect();
            println!("learned {}", words.join(" "));
        }
    }

    fn shared(paces: &Paces, shares: &[u16], run: u32) -> [u16; 4] {
        let given = paces.shares(shares, run);
        let sum = |units: &[u16]| units.iter().map(|&units| u32::from(units)).sum::<u32>();
        assert_eq!(sum(&given), sum(shares));
        assert_eq!(given[4..], [0; 4], "of a core beyond the team");
        [given[0], given[1], given[2], given[3]]
    }

    fn learned(claimed: [u32; 4]) -> Paces {
        let mut paces = Paces::PLANNED;
        paces.learn(&[32; 4], 2, claimed.into_iter());
        paces
    }

    #[test]
    fn a_core_at_half_speed_starts_with_half_as_many_units() {
        let paces = learned([37, 36, 37, 18]);
        assert_eq!(shared(&paces, &[100; 4], 1), [114, 115, 115, 56]);
        assert_eq!(shared(&paces, &[16; 4], 1), [18, 18, 19, 9]);
        assert_eq!(shared(&paces, &[0, 0, 1, 0], 1), [0, 0, 1, 0]);
    }

    #[test]
    fn cores_start_with_whole_runs_if_all_have_several() {
        let paces = learned([37, 36, 37, 18]);
        let four = |run| paces.shares(&[32, 31, 31, 31], run)[..4].to_vec();
        assert_eq!(four(6), [36, 36, 36, 17]);
        assert_eq!(four(32), four(1));
    }

    #[test]
    fn a_core_that_recovers_starts_with_its_share_again() {
        let mut paces = learned([37, 36, 37, 18]);
        paces.learn(&[32; 4], 2, [32, 32, 32, 32].into_iter());
        assert!(paces.weights.iter().all(|&weight| weight > 250));
        assert_eq!(shared(&paces, &[16; 4], 1), [16; 4]);
    }

    #[test]
    fn a_claim_more_or_less_says_nothing() {
        assert!(learned([34, 32, 32, 30]).is_planned());
        let mut paces = Paces::PLANNED;
        paces.learn(&[4096; 4], 2, [4000, 4200, 4096, 4088].into_iter());
        assert!(paces.is_planned(), "of many units a few claims say nothing");
        paces.learn(&[64, 64, 0, 0], 2, [64, 32, 32, 0].into_iter());
        assert!(paces.is_planned(), "two cores had no units to be fast with");
    }

    #[test]
    fn every_unit_is_shared_once_whatever_the_weights() {
        for weights in [[1, 255, 1, 1], [255, 1, 128, 3], [1; 4], [255; 4]] {
            let mut paces = learned([37, 36, 37, 18]);
            paces.weights[..4].copy_from_slice(&weights);
            for run in [1, 6, 16, 4095] {
                for shares in [[1, 0, 0, 0], [0, 0, 0, 1], [2; 4], [1024; 4], [1025; 4]] {
                    shared(&paces, &shares, run);
                }
                shared(&paces, &[65_535, 0, 0, 0], run);
                shared(&paces, &[0, 0, 0, 65_535], run);
                shared(&paces, &[0, 65_534, 1, 0], run);
                shared(&paces, &[16_384, 16_384, 16_384, 16_383], run);
            }
        }
    }

    /// So little weight that nobody seems to be done with another run early.
    #[test]
    fn units_stay_with_cores_that_have_some_in_the_plan() {
        let mut paces = Paces::PLANNED;
        paces.weights[..2].copy_from_slice(&[255, 1]);
        assert_eq!(shared(&paces, &[0, 8366, 0, 0], 16), [0, 8366, 0, 0]);
    }
}

//! Where the taps of an output pixel lie, in the input or in its padding.

/// Whether places are addresses, because inner loops are assembly that reads them.
macro_rules! with_addresses {
    ($($item:item)*) => {
        $(#[cfg(any(all(target_arch = "arm", target_os = "none"), target_arch = "riscv32"))] $item)*
    };
}

/// Elsewhere they are indices.
macro_rules! with_indices {
    ($($item:item)*) => {
        $(#[cfg(not(any(all(target_arch = "arm", target_os = "none"), target_arch = "riscv32")))]
        $item)*
    };
}

/// A list of places, one for each tap.
#[derive(Debug)]
pub struct Places<'p> {
    input: &'p [i8],
    /// What taps see that lie outside the input.
    outside: &'p [i8],
    /// Channels of the input.
    depth: usize,
    /// `depth` values from each place on can be read.
    list: &'p mut [u32],
    /// Places that are known.
    known: usize,
    /// How far behind each of them as many values can be read, too.
    behind: usize,
}

impl<'p> Places<'p> {
    /// As many places as `list` has words, of which none is known.
    ///
    /// None if there are no channels, or the input or `outside` has less than a pixel.
    #[must_use]
    pub fn new(
        input: &'p [i8],
        outside: &'p [i8],
        depth: usize,
        list: &'p mut [u32],
    ) -> Option<Self> {
        let fits = depth > 0 && depth <= input.len() && depth <= outside.len();
        fits.then_some(Self {
            input,
            outside,
            depth,
            list,
            known: 0,
            behind: 0,
        })
    }

    /// Forgets all places.
    #[inline]
    pub fn clear(&mut self) {
        self.known = 0;
        self.behind = usize::MAX;
    }

    /// Some more taps are outside the input.
    #[inline]
    pub fn outside(&mut self, count: usize) {
        if count > 0 {
            let behind = self.outside.len() - self.depth;
            self.extend(count, outside(self.outside), 0, behind);
        }
    }

    /// Some more taps are in the input: one at its element `start`, and others `step` apart.
    ///
    /// Does nothing where they are not.
    #[inline]
    pub fn inside(&mut self, start: usize, count: usize, step: usize) {
        let last = (count.saturating_sub(1).checked_mul(step)).and_then(|n| n.checked_add(start));
        let behind = last.and_then(|last| (self.input.len() - self.depth).checked_sub(last));
        if let Some(behind) = behind {
            self.extend(count, inside(self.input, start), step, behind);
        }
    }

    /// Lists places, unless they are too many; as much can be read behind them.
    #[inline(never)]
    #[allow(clippy::cast_possible_truncation)] // tensors are smaller
    fn extend(&mut self, count: usize, mut first: u32, step: usize, behind: usize) {
        let places = self.list.get_mut(self.known..).unwrap_or_default();
        if let Some(places) = places.get_mut(..count) {
            for place in places {
                *place = first;
                first = first.wrapping_add(step as u32);
            }
            self.known += count;
            self.behind = self.behind.min(behind);
        }
    }

    /// Channels that can be read at each place.
    #[inline]
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The places, if all are known.
    #[inline]
    #[must_use]
    pub fn list(&self) -> Option<&[u32]> {
        (self.known == self.list.len()).then_some(&*self.list)
    }

    /// How many pixels can be read that are so many elements apart, this one with them.
    #[inline]
    #[must_use]
    pub fn pixels(&self, step: usize) -> usize {
        let more = self.behind.checked_div(step).unwrap_or_default();
        more.saturating_add(1)
    }
}

with_addresses! {
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // addresses have 32 bits
    fn inside(input: &[i8], start: usize) -> u32 {
        input.as_ptr().wrapping_add(start) as usize as u32
    }

    #[inline]
    fn outside(values: &[i8]) -> u32 {
        inside(values, 0)
    }
}

with_indices! {
    #[allow(clippy::cast_possible_truncation)] // tensors are smaller
    fn inside(_: &[i8], start: usize) -> u32 {
        start as u32
    }

    fn outside(_: &[i8]) -> u32 {
        u32::MAX
    }

    impl Places<'_> {
        /// A value of a channel, so many elements behind a place.
        #[must_use]
        pub fn value(&self, place: u32, behind: usize) -> i8 {
            let value = match place {
                u32::MAX => self.outside.get(behind),
                place => self.input.get(place as usize + behind),
            };
            value.copied().unwrap_or_default()
        }
    }
}

//! Relu as a table, for every core: what is stored for each of the 256 values.

use runtime::Claim;

/// Elements that are looked up without a look at how many are left.
const GROUP: usize = 4;

/// Parameters of [`relu_table`].
#[derive(Debug)]
pub struct ReluTable {
    /// Channels.
    pub depth: usize,
    /// What is stored for 0 to 127, then for -128 to -1.
    pub stored: &'static [i8; 256],
}

/// Computes each element from the one at the same place.
pub fn relu_table(params: &ReluTable, claim: Claim<'_, (i8,), i8>) {
    let input = claim.input();
    let channels = claim.output.channels();
    match claim.output.flat() {
        Ok((first, outputs)) => params.look_up(input.flat().get(first..), outputs),
        Err(output) => {
            for (pixel, outputs) in output.by_pixel() {
                let values = input.row(pixel, params.depth).get(channels.clone());
                params.look_up(values, outputs);
            }
        }
    }
}

impl ReluTable {
    /// Does nothing where values are missing.
    fn look_up(&self, values: Option<&[i8]>, outputs: &mut [i8]) {
        let values = values.and_then(|values| values.get(..outputs.len()));
        let mut given = values.unwrap_or_default().chunks_exact(GROUP);
        let mut groups = outputs.chunks_exact_mut(GROUP);
        for (values, outputs) in (&mut given).zip(&mut groups) {
            self.each(values, outputs);
        }
        self.each(given.remainder(), groups.into_remainder());
    }

    #[inline]
    fn each(&self, values: &[i8], outputs: &mut [i8]) {
        for (output, value) in outputs.iter_mut().zip(values) {
            let [at] = value.to_le_bytes();
            *output = self
                .stored
                .get(usize::from(at))
                .copied()
                .unwrap_or_default();
        }
    }
}

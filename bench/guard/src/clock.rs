//! CPU time of this thread, and the median of several rounds.

use std::future::Future;

use anyhow::Context as _;

/// CPU time of this thread in nanoseconds (Linux).
fn thread_nanos() -> anyhow::Result<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").context("schedstat")?;
    Ok(text.split(' ').next().context("a number")?.parse()?)
}

/// Microseconds of CPU time for each item of this work.
pub(crate) async fn per_item(
    items: usize,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<f64> {
    let before = thread_nanos()?;
    work.await?;
    Ok((thread_nanos()? - before) as f64 / 1_000.0 / items as f64)
}

/// Measurements of several rounds.
#[derive(Default)]
pub(crate) struct Turns(Vec<f64>);

impl Turns {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn median(mut self) -> f64 {
        self.0.sort_by(f64::total_cmp);
        self.0[self.0.len() / 2]
    }
}

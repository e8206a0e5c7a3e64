//! CPU time of this thread, and the median of several turns.

use std::future::Future;

use anyhow::Context as _;

/// Nanoseconds that this thread has run (Linux).
fn thread_nanos() -> anyhow::Result<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").context("schedstat")?;
    Ok(text.split(' ').next().context("a number")?.parse()?)
}

/// Microseconds that each item of this work took.
pub(crate) async fn per_item(
    items: usize,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<f64> {
    let before = thread_nanos()?;
    work.await?;
    Ok((thread_nanos()? - before) as f64 / 1_000.0 / items as f64)
}

/// Figures of several turns.
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

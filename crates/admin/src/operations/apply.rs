//! A world made true.

use super::settle::ATTEMPTS_MAX;
use crate::{
    administration::Administration,
    error::ApplyError,
    world::{ApplyMode, Difference, World, plan::Plan},
};

/// Makes the registry and the directory what a world says.
#[derive(Clone, Copy, Debug)]
pub struct Apply<'w> {
    /// What is to be registered.
    pub world: &'w World,
    /// How it is compared with what is stored.
    pub mode: ApplyMode,
    /// Whether only the difference is wanted.
    pub dry_run: bool,
}

impl Apply<'_> {
    /// Does it in one commit; answers what was, or would be, changed.
    ///
    /// # Errors
    /// [`ApplyError`]
    pub async fn run(self, administration: &Administration) -> Result<Difference, ApplyError> {
        let Self { world, mode, dry_run } = self;
        for _ in 0..ATTEMPTS_MAX {
            let mut plan = Plan::make(administration, world, mode).await?;
            plan.compare_passwords(&administration.passwords).await;
            if dry_run {
                return Ok(plan.difference);
            }
            plan.hash_passwords(world, administration).await?;
            if administration.commit(plan.changes).await?.is_some() {
                return Ok(plan.difference);
            }
        }
        Err(ApplyError::Contended)
    }
}

//! What a command writes is checked by the rules of `apply`, so that nothing gets in by one door and not by the other.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::{
    terminal::{Failure, misused, say},
    wiring::Installation,
    world::{self, ApplyError, Manner, World, Wrong, Wrongs},
};

/// Checks an entry of an array of `apply`'s file. What is worth a warning is said.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) async fn check(
    installation: &Installation,
    array: &str,
    entry: Map<String, Value>,
) -> Result<(), Failure> {
    let document = json!({ array: [entry] });
    let world = World::of(document, Path::new("."), installation, Manner::Replace)
        .map_err(|wrongs| refusal(array, &wrongs.0))?;
    let difference = match world::difference(installation, &world, Manner::Replace).await {
        Err(ApplyError::Wrongs(Wrongs(wrongs))) => return Err(refusal(array, &wrongs)),
        other => other?,
    };
    for warning in &difference.warnings {
        say(format_args!("warning: {}", line(array, warning)));
    }
    Ok(())
}

fn refusal(array: &str, wrongs: &[Wrong]) -> Failure {
    let lines: Vec<String> = wrongs.iter().map(|wrong| line(array, wrong)).collect();
    misused(lines.join("\n"))
}

/// The member and what is wrong with it. Where the entry would stand in a file is of no interest here.
fn line(array: &str, wrong: &Wrong) -> String {
    let member = wrong.pointer.strip_prefix(&format!("/{array}/0")).unwrap_or(&wrong.pointer);
    match member.trim_start_matches('/') {
        "" => wrong.text.clone(),
        member => format!("{member}: {}", wrong.text),
    }
}

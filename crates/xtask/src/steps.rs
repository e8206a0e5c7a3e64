//! Steps of a long run: each is announced, timed, and listed in a table at the end.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// What a run has done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    name: &'static str,
    result: &'static str,
    took: Duration,
}

impl Steps {
    /// Runs one step. When it fails, the table so far is printed before the error travels on.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        println!("\n== {name}");
        #[expect(clippy::disallowed_methods, reason = "a chore that reports its minutes has no clock port")]
        let start = std::time::Instant::now();
        let outcome = work();
        let result = if outcome.is_ok() { "passed" } else { "FAILED" };
        self.done.push(Step { name, result, took: start.elapsed() });
        outcome.with_context(|| {
            println!("\n{}", self.table());
            format!("step `{name}` failed")
        })
    }

    /// Lists a step that had nothing to run, so that its absence is seen.
    pub(crate) fn skip(&mut self, name: &'static str, why: &str) {
        println!("\n== {name}: skipped, {why}");
        self.done.push(Step { name, result: "skipped", took: Duration::ZERO });
    }

    /// Prints the table of a run in which no step failed.
    pub(crate) fn finish(self) {
        println!("\n{}\nall steps passed", self.table());
    }

    fn table(&self) -> String {
        let width = self.done.iter().map(|step| step.name.len()).max().unwrap_or(0);
        let mut table = String::new();
        for Step { name, result, took } in &self.done {
            let minutes = took.as_secs_f64() / 60.0;
            let _ = writeln!(table, "{name:width$}  {result:7}  {minutes:6.2} min");
        }
        table
    }
}

/// The root of the workspace that this command was built from.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/xtask is two levels deep").into()
}

/// A command that will run in the root of the workspace.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace());
    command
}

/// Says what is run, runs it with its output shown, and fails unless it exits with 0.
pub(crate) fn execute(command: &mut Command) -> anyhow::Result<()> {
    let line = spelled(command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("could not start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs a command and returns what it printed to standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let line = spelled(command);
    let output = command.output().with_context(|| format!("could not start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed other than UTF-8"))
}

fn spelled(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_listed_and_its_error_names_it() {
        let mut steps = Steps::default();
        steps.run("good", || Ok(())).expect("a step that did nothing wrong");
        let error = steps.run("bad", || bail!("no")).expect_err("a step that failed");
        assert_eq!(format!("{error:#}"), "step `bad` failed: no");
        assert_eq!(
            steps.table(),
            "good  passed     0.00 min\n\
             bad   FAILED     0.00 min\n"
        );
    }

    #[test]
    fn a_command_that_exits_with_another_code_fails() {
        let error = execute(&mut command("false", &[])).expect_err("false exits with 1");
        assert!(error.to_string().starts_with("`false` ended with"), "{error}");
    }
}

//! The table of a run: each figure beside its budget, and which of them are over it.

use std::fmt::Write as _;

/// The marks around the table in the README.
const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// A measured value and its budget, with their unit (`" ms"`; empty for a ratio).
pub(super) struct Figure {
    pub(super) value: f64,
    pub(super) budget: f64,
    pub(super) unit: &'static str,
}

impl Figure {
    pub(super) const fn ratio(value: f64, budget: f64) -> Self {
        Self { value, budget, unit: "" }
    }

    fn text(&self, value: f64) -> String {
        match self.unit {
            "" => format!("{value:.2}"),
            unit => format!("{value:.0}{unit}"),
        }
    }
}

/// A figure as it is printed.
struct Row {
    what: String,
    figure: String,
    budget: String,
    is_over: bool,
}

/// What was measured so far. Each row is printed when it is added.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    failures: Vec<String>,
}

impl Table {
    pub(super) fn new() -> Self {
        println!("| what | measured | budget | |\n|---|---|---|---|");
        Self::default()
    }

    /// Adds a figure, and more about it.
    pub(super) fn add(&mut self, what: &str, figure: &Figure, more: &str) {
        let is_over = figure.value > figure.budget;
        let mark = if is_over { "OVER" } else { "" };
        let (text, budget) = (figure.text(figure.value), figure.text(figure.budget));
        println!("| {what} | {text} | {budget} | {mark} {more} |");
        self.rows.push(Row { what: what.to_owned(), figure: text, budget, is_over });
    }

    /// Adds a row without a budget.
    pub(super) fn tell(&self, what: &str, figure: &str, more: &str) {
        println!("| {what} | {figure} | | {more} |");
    }

    /// Adds a row that could not be measured, or whose answers were wrong.
    pub(super) fn fail(&mut self, what: &str, why: &str) {
        println!("| {what} | - | | FAILED {why} |");
        self.failures.push(format!("{what}: {why}"));
    }

    /// Replaces the table of the README.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        let path = crate::steps::workspace().join("README.md");
        let text = std::fs::read_to_string(&path)?;
        let (before, rest) =
            text.split_once(BEGIN).ok_or_else(|| anyhow::anyhow!("README.md has no {BEGIN}"))?;
        let (_, after) = rest.split_once(END).ok_or_else(|| anyhow::anyhow!("README.md has no {END}"))?;
        let mut table = String::from("| what | measured | budget |\n|---|---|---|\n");
        for Row { what, figure, budget, .. } in &self.rows {
            writeln!(table, "| {what} | {figure} | {budget} |")?;
        }
        std::fs::write(path, format!("{before}{BEGIN}\n{table}{END}{after}"))?;
        Ok(())
    }

    /// Whether everything was measured and within its budget.
    pub(super) fn judge(self) -> anyhow::Result<()> {
        let over = self.rows.iter().filter(|row| row.is_over);
        let over = over.map(|row| format!("{}: {}, budget {}", row.what, row.figure, row.budget));
        let wrong: Vec<String> = over.chain(self.failures).collect();
        anyhow::ensure!(wrong.is_empty(), "over budget or not measured:\n  {}", wrong.join("\n  "));
        println!("\nevery figure is within its budget");
        Ok(())
    }
}

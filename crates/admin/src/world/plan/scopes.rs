//! Scopes that clients name and nobody has: most often typing errors.

use std::collections::BTreeSet;

use protocol::{Scopes, scope};
use server::{registration::Finding, spelling::nearest};

use super::Planner;

impl Planner<'_> {
    /// Warns of scopes of clients that neither the server, nor a resource, nor a registered scope has.
    pub(super) fn unknown_scopes(&mut self) {
        let named: Vec<(String, Scopes)> = self
            .world
            .clients()
            .iter()
            .filter_map(|entry| {
                let client = self.plan.clients.iter().find(|client| client.caller.id == *entry.id())?;
                let scopes = Scopes::parse(client.metadata.scope.as_deref()?).ok()?;
                Some((entry.at("scope"), scopes))
            })
            .collect();
        if named.is_empty() {
            return;
        }
        let known = self.known_scopes();
        let mut warnings = Vec::new();
        for (at, scopes) in named {
            for word in scopes.iter().filter(|word| !known.contains(*word)) {
                let text =
                    format!("`{word}` is unknown: no resource lists it, and no such scope is registered");
                let suggestion = nearest(word, known.iter().copied()).map(str::to_owned);
                warnings.push(Finding { suggestion, ..Finding::new(&*at, text) });
            }
        }
        warnings.into_iter().for_each(|warning| self.findings.warn(warning));
    }

    fn known_scopes(&self) -> BTreeSet<&str> {
        let stored = self.stored.view.resources.iter().chain(&self.plan.resources);
        let mut known: BTreeSet<&str> =
            stored.flat_map(|resource| resource.settings.scopes.iter().map(String::as_str)).collect();
        known.extend(self.stored.scopes.iter().map(|scope| scope.scope.as_str()));
        known.extend(self.world.scopes.iter().flatten().map(|entry| entry.scope.scope.as_str()));
        known.extend(scope::STANDARD);
        known
    }
}

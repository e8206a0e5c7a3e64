//! The accounts of the server under test.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use protocol::Subject;
use serde_json::{Map, Value, json};
use server::{
    Fault,
    ports::{Accounts, Standing},
};

/// The subject of the account with this name. It differs from the name, so that a confusion of the two is noticed.
pub fn subject(name: &str) -> Subject {
    Subject::new(format!("u-{name}"))
}

/// Accounts by subject. Tests add them, disable them and change their claims.
#[derive(Debug, Default)]
pub struct TestAccounts {
    people: Mutex<BTreeMap<Subject, Person>>,
}

#[derive(Clone, Debug)]
struct Person {
    username: String,
    standing: Standing,
    claims: Map<String, Value>,
}

impl TestAccounts {
    /// Adds an account with this username, the subject of [`subject`], a name and an email address.
    pub fn add(&self, name: &str) {
        let claims = json!({
            "name": format!("{name} of Passavant"),
            "email": format!("{name}@example.org"),
            "email_verified": true,
            "locale": "de",
        });
        let Value::Object(claims) = claims else { unreachable!("it is an object") };
        let person = Person { username: name.to_owned(), standing: Standing::Active, claims };
        self.people().insert(subject(name), person);
    }

    /// Sets whether an account may get tokens.
    pub fn set_standing(&self, name: &str, standing: Standing) {
        if let Some(person) = self.people().get_mut(&subject(name)) {
            person.standing = standing;
        }
    }

    /// Changes the claims of an account.
    pub fn set_claim(&self, name: &str, claim: &str, value: Value) {
        if let Some(person) = self.people().get_mut(&subject(name)) {
            person.claims.insert(claim.to_owned(), value);
        }
    }

    fn people(&self) -> MutexGuard<'_, BTreeMap<Subject, Person>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Accounts for TestAccounts {
    async fn standing(&self, who: &Subject) -> Result<Standing, Fault> {
        Ok(self.people().get(who).map_or(Standing::Gone, |person| person.standing))
    }

    async fn claims(&self, who: &Subject, wanted: &[String]) -> Result<Map<String, Value>, Fault> {
        let people = self.people();
        let known = people.get(who).into_iter().flat_map(|person| &person.claims);
        Ok(known
            .filter(|(name, _)| wanted.contains(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect())
    }

    async fn by_login_hint(&self, hint: &str) -> Result<Option<Subject>, Fault> {
        Ok(self.people().iter().find(|(_, person)| person.username == hint).map(|(who, _)| who.clone()))
    }

    async fn username(&self, who: &Subject) -> Result<Option<String>, Fault> {
        Ok(self.people().get(who).map(|person| person.username.clone()))
    }
}

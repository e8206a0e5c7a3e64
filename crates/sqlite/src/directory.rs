//! The directory of one issuer: its accounts, in the same database and transactions as the store.

use accounts::{Account, AccountChange, Directory, Username, directory::PasswordHash};
use async_trait::async_trait;
use protocol::Subject;
use rusqlite::params;
use server::{
    Fault,
    store::{Commit, Committed, Conflict},
};

use crate::{SqliteIssuer, error::Broken, lists, rows::Columns};

macro_rules! accounts {
    ($which:literal) => {
        concat!(
            "SELECT subject, username, password, disabled, claims, applied, version FROM account \
             WHERE issuer = ?1 AND ",
            $which
        )
    };
}

const BY_USERNAME: &str = accounts!("canonical = ?2");
const BY_SUBJECT: &str = accounts!("subject = ?2");
const IS_DISABLED: &str = "SELECT disabled FROM account WHERE issuer = ?1 AND subject = ?2";
const AFTER: &str = accounts!("subject > ?2 ORDER BY subject LIMIT ?3");

#[async_trait]
impl Directory for SqliteIssuer {
    async fn by_username(&self, username: &Username) -> Result<Option<Account>, Fault> {
        self.row(BY_USERNAME, params![self.id(), username.canonical()], read_account)
    }

    async fn by_subject(&self, subject: &Subject) -> Result<Option<Account>, Fault> {
        self.row(BY_SUBJECT, params![self.id(), subject.as_str()], read_account)
    }

    async fn is_disabled(&self, subject: &Subject) -> Result<Option<bool>, Fault> {
        self.row(IS_DISABLED, params![self.id(), subject.as_str()], |columns| columns.flag())
    }

    async fn list_accounts(&self, after: Option<&Subject>, limit: u32) -> Result<Vec<Account>, Fault> {
        let after = after.map_or("", |subject| subject.as_str());
        self.ask(|connection| lists::all(connection, AFTER, params![self.id(), after, limit], read_account))
    }

    async fn commit_people(
        &self,
        people: Vec<AccountChange>,
        also: Commit,
    ) -> Result<Result<Committed, Conflict>, Fault> {
        self.commit_all(people, also).await
    }
}

fn read_account(columns: &mut Columns<'_>) -> Result<Account, Broken> {
    Ok(Account {
        subject: Subject::new(columns.text()?),
        username: Username::parse(columns.text()?).ok_or(Broken::Word("account.username"))?,
        password: columns.text_or_none()?.map(|text| PasswordHash(text.into())),
        disabled: columns.flag()?,
        claims: serde_json::from_str(columns.text()?)?,
        applied: columns.flag()?,
        version: columns.number()?,
    })
}

//! The server's questions about users, answered from the directory.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use protocol::Subject;
use serde_json::{Map, Value};
use server::{
    Fault,
    ports::{Accounts, Standing},
};

use crate::directory::{Account, Directory, Username};

/// Answers the server's port from a directory. Nothing is cached: disabling an account takes effect at once.
#[derive(Clone)]
pub struct DirectoryAccounts(pub Arc<dyn Directory>);

impl fmt::Debug for DirectoryAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectoryAccounts(..)")
    }
}

#[async_trait]
impl Accounts for DirectoryAccounts {
    async fn standing(&self, who: &Subject) -> Result<Standing, Fault> {
        Ok(standing(self.0.is_disabled(who).await?))
    }

    async fn claims(&self, who: &Subject, wanted: &[String]) -> Result<Map<String, Value>, Fault> {
        if wanted.is_empty() {
            return Ok(Map::new());
        }
        Ok(self.standing_and_claims(who, wanted).await?.1)
    }

    async fn standing_and_claims(
        &self,
        who: &Subject,
        wanted: &[String],
    ) -> Result<(Standing, Map<String, Value>), Fault> {
        let account = self.0.by_subject(who).await?;
        let standing = standing(account.as_ref().map(|account| account.disabled));
        Ok((standing, account.map(|account| claims(account, wanted)).unwrap_or_default()))
    }

    async fn by_login_hint(&self, hint: &str) -> Result<Option<Subject>, Fault> {
        let Some(username) = Username::parse(hint) else { return Ok(None) };
        Ok(self.0.by_username(&username).await?.map(|account| account.subject))
    }

    async fn username(&self, who: &Subject) -> Result<Option<String>, Fault> {
        Ok(self.0.by_subject(who).await?.map(|account| account.username.as_str().to_owned()))
    }
}

/// `None`: there is no account.
const fn standing(is_disabled: Option<bool>) -> Standing {
    match is_disabled {
        Some(false) => Standing::Active,
        Some(true) => Standing::Disabled,
        None => Standing::Gone,
    }
}

/// The requested claims of the account. `sub` is never among them: the server sets it.
fn claims(mut account: Account, wanted: &[String]) -> Map<String, Value> {
    let username = account.username.as_str();
    account.claims.entry("preferred_username").or_insert_with(|| username.into());
    account.claims.retain(|name, value| name != "sub" && !value.is_null() && wanted.contains(name));
    account.claims
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::directory::fixture::{OneAccount, alice};

    fn wanted(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[tokio::test]
    async fn an_account_is_active_disabled_or_gone() {
        let standing = async |account: Option<Account>| {
            let accounts = DirectoryAccounts(Arc::new(OneAccount::new(account)));
            accounts.standing(&Subject::new("u-1")).await.expect("standing")
        };
        assert_eq!(standing(Some(alice())).await, Standing::Active);
        assert_eq!(standing(Some(Account { disabled: true, ..alice() })).await, Standing::Disabled);
        assert_eq!(standing(None).await, Standing::Gone);
    }

    #[tokio::test]
    async fn only_requested_and_known_claims_are_returned_and_never_sub() {
        let mut account = alice();
        account.claims.insert("sub".to_owned(), json!("u-2"));
        account.claims.insert("nickname".to_owned(), Value::Null);
        let accounts = DirectoryAccounts(Arc::new(OneAccount::new(Some(account))));
        let subject = Subject::new("u-1");
        let names = wanted(&["name", "sub", "nickname", "phone_number", "preferred_username"]);
        let known = accounts.claims(&subject, &names).await.expect("claims");
        assert_eq!(Value::Object(known), json!({"name": "Alice Martin", "preferred_username": "alice"}));
        assert_eq!(accounts.claims(&subject, &[]).await.expect("claims"), Map::new());
        assert_eq!(accounts.username(&subject).await.expect("username"), Some("alice".to_owned()));
    }

    #[test]
    fn a_preferred_username_of_its_own_goes_before_the_username() {
        let mut account = alice();
        account.claims.insert("preferred_username".to_owned(), json!("ally"));
        assert_eq!(claims(account, &wanted(&["preferred_username"]))["preferred_username"], "ally");
    }
}

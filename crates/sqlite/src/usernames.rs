//! Usernames in the spelling in which they are compared today.

use accounts::Username;
use rusqlite::{Connection, params};

const ALL: &str = "SELECT issuer, subject, username, canonical FROM account";

const UPDATE: &str = "UPDATE OR IGNORE account SET canonical = ?3 WHERE issuer = ?1 AND subject = ?2";

/// Computes `canonical` of every account. Where two accounts turn out to have one name, it stays with the one that has it
/// by then: the other one is named in the log, and can be given another username.
pub(crate) fn respell(connection: &Connection) -> rusqlite::Result<()> {
    let mut all = connection.prepare(ALL)?;
    let read = all.query_map([], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    let read = read.collect::<rusqlite::Result<Vec<_>>>()?;
    for (issuer, subject, username, stored) in read {
        let Some(username) = Username::parse(&username) else { continue };
        let canonical = username.canonical();
        if canonical != stored && connection.execute(UPDATE, params![issuer, subject, canonical])? == 0 {
            tracing::warn!(subject, "another account has the same username in another spelling of Unicode");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_usernames_are_respelled_and_a_clash_stops_nothing() {
        let connection = Connection::open_in_memory().expect("a database");
        connection
            .execute_batch(
                "CREATE TABLE account (issuer INTEGER, subject TEXT, username TEXT, canonical TEXT); \
                 CREATE UNIQUE INDEX account_by_username ON account (issuer, canonical);",
            )
            .expect("a table");
        for (subject, username) in [("u-1", "Jose\u{301}"), ("u-2", "alice"), ("u-3", "Jos\u{e9}")] {
            let values = params![1, subject, username, username.to_lowercase()];
            connection.execute("INSERT INTO account VALUES (?1, ?2, ?3, ?4)", values).expect("a row");
        }
        respell(&connection).expect("respelled");
        let canonical = |subject: &str| -> String {
            let sql = "SELECT canonical FROM account WHERE subject = ?1";
            connection.query_row(sql, [subject], |row| row.get(0)).expect("there")
        };
        assert_eq!((canonical("u-2"), canonical("u-3")), ("alice".to_owned(), "jos\u{e9}".to_owned()));
        assert_eq!(canonical("u-1"), "jose\u{301}", "the name is taken");
    }
}

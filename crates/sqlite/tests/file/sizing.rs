//! The size of a stored token, including its indexes.

use protocol::{ClientId, Scopes};
use server::store::{Access, Commit, TokenChange};

use crate::rows::{self, Folder, NOW, SERVER};

const TOKENS: usize = 20_000;
const BYTES_MAX: f64 = 130.0;

/// Bytes of pages for each token like this one.
async fn bytes_each(row: Access) -> f64 {
    let folder = Folder::new();
    {
        let store = rows::one(&folder.open(SERVER));
        for _ in 0..TOKENS / 500 {
            let changes = (0..500).map(|_| TokenChange::AddAccess(rows::token(0), row.clone()));
            rows::done(&store, changes.fold(Commit::new(NOW), Commit::with)).await;
        }
    }
    let bytes: i64 = rusqlite::Connection::open(folder.file())
        .and_then(|connection| {
            let ask = "SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%access%'";
            connection.query_row(ask, [], |row| row.get(0))
        })
        .expect("it is read");
    bytes as f64 / TOKENS as f64
}

#[tokio::test]
async fn an_access_token_takes_at_most_130_bytes() {
    let mut row = rows::access(None);
    row.client = ClientId::new("shop-backend");
    row.scopes = Scopes::stored("orders:read orders:write stock");
    assert_eq!(row.scopes.as_str().len(), 30);
    let own = bytes_each(row.clone()).await;
    row.client = ClientId::new("https://shop.example/client-id");
    let long = bytes_each(row).await;
    let granted = bytes_each(rows::access(Some(rows::grant().id))).await;
    eprintln!(
        "bytes per token: {own:.1}; with a client_id of 30 characters {long:.1}; of a grant {granted:.1}"
    );
    assert!(own <= BYTES_MAX && granted <= BYTES_MAX, "{own} and {granted}");
}

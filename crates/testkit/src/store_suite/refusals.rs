//! Refused requests are kept, the last ones, for some days.

use std::net::{IpAddr, Ipv6Addr};

use protocol::Timestamp;
use server::{
    Difference,
    store::{Commit, KeepRefusals, REFUSALS_KEPT_SECONDS, REFUSALS_MAX, RefusedRequest},
};

use super::{Fixture, asking, rows, rows::NOW};

fn refused(request_id: &str, at: Timestamp) -> RefusedRequest {
    RefusedRequest {
        request_id: request_id.into(),
        at,
        route: "POST /token".into(),
        status: 400,
        reason: "scope_not_registered".into(),
        client: Some(rows::client_id("shop")),
        subject: Some(rows::subject("alice")),
        peer: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        difference: Some(Difference::new("scope", "admin", "openid").marked(">>admin<<")),
    }
}

/// One of which nothing is known.
fn bare(request_id: &str) -> RefusedRequest {
    let (client, subject, peer, difference) = (None, None, None, None);
    RefusedRequest { client, subject, peer, difference, ..refused(request_id, NOW) }
}

fn keep(refused: impl IntoIterator<Item = RefusedRequest>, most: u32) -> Commit {
    Commit::new(NOW).with(KeepRefusals { refused: refused.into_iter().collect(), most })
}

pub async fn refused_request_is_read_by_its_id_as_it_was_written(f: Fixture) {
    let plain =
        RefusedRequest { difference: Some(Difference::new("scope", "a", "b")), ..refused("r-2", NOW) };
    asking::done(&*f.store, keep([refused("r-1", NOW), plain.clone(), bare("r-3")], REFUSALS_MAX)).await;
    asking::done(&*f.store, keep([refused("r-1", NOW + 5)], REFUSALS_MAX)).await;
    let read = async |id| f.store.refusals(id).await.expect("the store works");
    assert_eq!(read("r-1").await, [refused("r-1", NOW), refused("r-1", NOW + 5)]);
    assert_eq!(read("r-2").await, [plain]);
    assert_eq!(read("r-3").await, [bare("r-3")]);
    assert_eq!(read("r-4").await, []);
    assert_eq!(f.other.refusals("r-1").await.expect("the store works"), [], "those of another issuer");
}

pub async fn refused_requests_beyond_their_number_make_room(f: Fixture) {
    asking::done(&*f.other, keep([refused("first", NOW)], 3)).await;
    asking::done(&*f.store, keep([refused("first", NOW), refused("second", NOW)], 3)).await;
    let is_kept = async |id| !f.store.refusals(id).await.expect("the store works").is_empty();
    asking::done(&*f.store, keep([bare("third")], 3)).await;
    assert!(is_kept("first").await && is_kept("second").await && is_kept("third").await);
    asking::done(&*f.store, keep([bare("fourth")], 3)).await;
    assert!(!is_kept("first").await && is_kept("second").await && is_kept("fourth").await);
    asking::done(&*f.store, keep(["5", "6", "7", "8"].map(bare), 3)).await;
    assert!(!is_kept("fourth").await && !is_kept("5").await && is_kept("6").await && is_kept("8").await);
    assert!(!f.other.refusals("first").await.expect("the store works").is_empty(), "each issuer has its own");
}

pub async fn refused_requests_are_swept_after_their_days(f: Fixture) {
    asking::done(&*f.store, keep([refused("old", NOW), refused("new", NOW + 60)], REFUSALS_MAX)).await;
    let is_kept = async |id| !f.store.refusals(id).await.expect("the store works").is_empty();
    f.store.sweep(NOW + REFUSALS_KEPT_SECONDS, 100).await.expect("the store works");
    assert!(is_kept("old").await && is_kept("new").await);
    f.store.sweep(NOW + REFUSALS_KEPT_SECONDS + 1, 100).await.expect("the store works");
    assert!(!is_kept("old").await && is_kept("new").await);
}

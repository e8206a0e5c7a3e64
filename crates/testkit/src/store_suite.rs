//! The suite that every store must pass: each case is a test, named after its requirement.
//!
//! ```text
//! mod sqlite_store {
//!     testkit::store_suite!(super::fixture, poison = super::poison());
//! }
//! ```

mod asking;
#[doc(hidden)]
pub mod deferred;
#[doc(hidden)]
pub mod ending;
#[doc(hidden)]
pub mod events;
#[doc(hidden)]
pub mod guards;
#[doc(hidden)]
pub mod in_flight;
#[doc(hidden)]
pub mod issuers;
#[doc(hidden)]
pub mod kept;
#[doc(hidden)]
pub mod listing;
#[doc(hidden)]
pub mod race_table;
#[doc(hidden)]
pub mod races;
#[doc(hidden)]
pub mod refusals;
#[doc(hidden)]
pub mod registry;
mod rows;
#[doc(hidden)]
pub mod sweeping;
#[doc(hidden)]
pub mod whole;

use std::{any::Any, fmt, sync::Arc};

use server::store::Store;

/// Number of threads of a case.
const WORKERS: usize = 4;

/// The environment of a case: two issuers over one empty storage.
pub struct Fixture {
    /// The store under test, of one issuer.
    pub store: Arc<dyn Store>,
    /// The store of another issuer in the same storage.
    pub other: Arc<dyn Store>,
    kept: Option<Box<dyn Any + Send>>,
}

impl Fixture {
    /// Two issuers over one storage. A store for a single issuer may use two storages.
    pub fn new(store: Arc<dyn Store>, other: Arc<dyn Store>) -> Self {
        Self { store, other, kept: None }
    }

    /// Keeps a value until the case is over, such as the directory of the storage.
    #[must_use]
    pub fn keeping(mut self, kept: impl Any + Send) -> Self {
        self.kept = Some(Box::new(kept));
        self
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture").field("keeps", &self.kept.is_some()).finish_non_exhaustive()
    }
}

/// Runs one case in its own runtime. [`store_suite!`](crate::store_suite!) calls it.
pub fn run<M, C>(make: impl FnOnce() -> M, case: impl FnOnce(Fixture) -> C)
where
    M: Future<Output = Fixture>,
    C: Future<Output = ()>,
{
    on_threads(async { case(make().await).await });
}

/// Runs a future in its own runtime.
pub(crate) fn on_threads(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_time()
        .build()
        .expect("a runtime can be made");
    runtime.block_on(future);
}

/// Makes a test of every case. `$make` is an async function or closure without arguments that gives a [`Fixture`]
/// (store_suite::Fixture) over a fresh storage; it runs within a tokio runtime. A store for which a write can fail
/// provides `poison = $change`: an expression for such a [`Change`](server::store::Change).
#[macro_export]
macro_rules! store_suite {
    ($make:expr, poison = $poison:expr $(,)?) => {
        $crate::store_suite!($make);

        #[test]
        fn one_failing_commit_among_many_affects_no_other() {
            $crate::store_suite::run($make, |fixture| {
                $crate::store_suite::races::one_failing_commit_among_many_affects_no_other(fixture, $poison)
            });
        }
    };
    ($make:expr $(,)?) => {
        $crate::store_suite! { @list cases $make }
    };
    // Runs all cases, one after the other.
    (@each $make:expr) => {
        $crate::store_suite! { @list run $make }
    };
    (@list $form:ident $make:expr) => {
        $crate::store_suite! { @$form $make;
            kept {
                a_code_is_read_with_its_grant,
                code_without_challenge_and_nonce_is_read_unchanged,
                a_used_code_is_read_as_used,
                counted_attempt_is_read,
                wrong_verifiers_invalidate_a_code,
                a_row_opens_only_for_the_secret_it_was_written_with,
                an_access_token_is_read_as_it_was_written,
                an_access_token_without_grant_is_read_as_it_was_written,
                an_ended_access_token_is_read_as_ended,
                a_revoked_jwt_is_ended,
                a_family_is_read_with_its_grant,
                a_rotated_family_is_read_at_its_next_generation,
                newest_consent_is_read_until_it_is_deleted,
                a_session_is_read_as_it_was_written,
                touched_session_has_its_new_last_seen_time,
                a_renewed_session_opens_for_its_new_secret_alone,
                an_expired_session_is_found_and_an_ended_one_is_not,
                all_sessions_of_one_subject_end,
                an_interaction_is_read_as_it_was_written,
                interaction_continues_with_another_request_and_is_answered,
                newest_time_is_that_of_the_latest_commit,
            }
            deferred {
                a_deferred_request_is_read_as_it_was_written,
                an_approved_request_is_read_with_its_grant_and_what_ended_it,
                a_user_code_belongs_to_one_stored_request,
                a_deferred_request_is_answered_once_and_only_before_it_expires,
                a_deferred_request_is_used_once_and_only_if_it_was_approved,
                requests_of_a_user_are_listed_while_they_wait,
                one_of_many_answers_and_uses_of_a_deferred_request_counts,
            }
            events {
                change_is_recorded_as_an_event_with_its_actor,
                ending_a_subject_reports_its_sessions_and_grants,
                events_are_read_in_their_order_by_cursor,
                the_latest_event_has_the_last_cursor,
            }
            guards {
                the_id_of_a_code_is_new,
                a_code_is_used_once,
                missing_code_is_not_used,
                the_id_of_a_grant_is_new,
                the_id_of_an_access_token_is_new,
                a_family_is_new,
                a_family_rotates_only_from_its_generation,
                missing_family_is_not_rotated,
                the_id_of_a_session_is_new,
                a_session_is_renewed_only_while_its_subject_has_it,
                a_session_is_added_only_if_its_subject_was_not_ended_since_it_was_seen,
                a_session_is_renewed_only_if_its_subject_was_not_ended_since_it_was_seen,
                a_grant_is_added_only_while_its_session_lives,
                a_grant_without_session_is_added_only_if_its_subject_was_not_ended_since_it_was_seen,
                a_grant_is_added_only_while_its_client_is_enabled_at_the_epoch_that_was_seen,
                the_id_of_an_interaction_is_new,
                an_answered_interaction_is_neither_answered_nor_changed,
                an_expired_interaction_is_neither_answered_nor_changed,
                an_interaction_that_is_not_there_is_neither_answered_nor_changed,
                client_is_replaced_only_at_the_version_that_was_read,
                resource_is_replaced_only_at_the_version_that_was_read,
                the_kid_of_a_key_is_new,
                value_is_remembered_once_until_it_expires,
                item_is_replaced_only_if_it_has_the_expected_value,
                expired_item_is_absent,
            }
            whole {
                all_changes_of_a_commit_are_written,
                conflict_rolls_back_every_change,
                the_first_guard_that_failed_is_named,
                a_code_is_not_used_by_the_commit_that_adds_it,
                a_guard_does_not_see_what_its_commit_writes,
                attempt_counted_in_the_same_commit_does_not_invalidate_its_code_first,
                a_token_added_by_the_commit_that_revokes_its_grant_is_ended,
            }
            ending {
                clients_of_ended_grants_are_known,
                tokens_of_a_revoked_grant_are_ended,
                tokens_added_after_their_grant_was_revoked_are_ended,
                a_rotated_family_of_a_revoked_grant_is_ended,
                a_token_of_a_grant_that_was_never_written_is_ended,
                all_grants_of_a_session_end_except_kept_offline_ones,
                all_grants_of_a_subject_end_except_kept_offline_ones,
                all_grants_of_a_client_end_except_kept_offline_ones,
                the_session_of_a_grant_is_read_through_it,
                a_token_without_grant_lives_as_long_as_its_client_does,
                a_token_of_a_grant_is_not_read_through_its_client,
                a_token_of_another_client_than_its_grant_ends_with_both,
                end_reports_how_many_sessions_and_grants_it_ended,
            }
            registry {
                a_client_is_read_as_it_was_written,
                a_deleted_client_is_gone,
                a_resource_is_read_as_it_was_written,
                a_resource_uses_the_credentials_of_the_client_with_its_id,
                recreated_client_has_no_consents,
                client_does_not_take_over_the_credentials_of_a_resource,
                a_deleted_client_leaves_its_credentials_to_the_resource_that_shares_them,
                a_deleted_resource_leaves_its_credentials_to_the_client_that_shares_them,
                a_scope_is_read_as_it_was_written_last,
                a_key_is_read_as_it_was_written,
                a_key_changes_only_from_the_state_that_was_looked_at,
                every_registry_change_increments_its_version,
                a_change_of_a_client_moves_only_the_version_of_clients,
                a_change_of_a_client_that_shares_its_credentials_moves_the_version_of_resources_too,
                the_clients_that_changed_after_a_version_are_known,
                a_client_that_was_not_written_has_not_changed,
                changes_of_clients_beyond_their_number_are_forgotten,
                a_client_keeps_how_it_was_registered,
                a_client_that_was_not_used_in_time_is_found_and_deleted,
                a_client_that_was_used_is_kept,
            }
            listing {
                clients_are_listed_by_id_page_by_page,
                a_listed_client_is_as_it_was_written,
                grants_are_listed_by_id_page_by_page,
                grants_are_listed_by_whose_they_are,
                ended_grants_are_not_listed,
                sessions_are_listed_by_id_page_by_page,
            }
            refusals {
                refused_request_is_read_by_its_id_as_it_was_written,
                refused_requests_beyond_their_number_make_room,
                refused_requests_are_swept_after_their_days,
            }
            sweeping {
                a_sweep_deletes_at_most_its_limit,
                ended_rows_are_kept_for_an_hour_and_then_swept,
                ended_session_is_swept_and_no_longer_named_by_its_grant,
            }
            issuers {
                another_issuer_sees_no_secret,
                another_issuer_sees_no_record_and_no_list,
                names_of_one_issuer_are_free_for_another,
                changes_of_another_issuer_affect_nothing,
                guards_of_another_issuer_do_not_apply_to_these_rows,
            }
            in_flight {
                writes_racing_with_the_end_of_their_subject_are_ended_or_refused,
                sign_out_ends_approvals_in_flight,
                ending_a_subject_ends_sign_ins_in_flight,
            }
            race_table {
                what_begins_ends_with_a_password_change,
                what_begins_ends_with_a_disabled_account,
                what_begins_ends_with_a_deleted_account,
                what_begins_ends_with_a_sign_out,
                what_begins_ends_with_a_killed_session,
                what_begins_ends_with_a_disabled_client,
                what_begins_ends_with_a_revoked_grant,
            }
            races {
                one_of_many_redemptions_of_a_code_succeeds,
                one_of_many_refreshes_rotates,
                one_of_many_uses_of_a_value_is_the_first,
                one_of_many_answers_of_an_interaction_counts,
                one_of_many_writes_of_an_item_succeeds,
                tokens_racing_with_a_revocation_are_ended,
                one_conflicting_commit_among_many_affects_no_other,
            }
        }
    };
    (@cases $make:expr; $($file:ident { $($case:ident,)+ })+) => {
        $($(
            #[test]
            fn $case() {
                $crate::store_suite::run($make, $crate::store_suite::$file::$case);
            }
        )+)+
    };
    (@run $make:expr; $($file:ident { $($case:ident,)+ })+) => {
        $($($crate::store_suite::run($make, $crate::store_suite::$file::$case);)+)+
    };
}

#[cfg(test)]
mod tests {
    /// The source of every file of cases.
    const FILES: [&str; 14] = [
        include_str!("store_suite/kept.rs"),
        include_str!("store_suite/deferred.rs"),
        include_str!("store_suite/events.rs"),
        include_str!("store_suite/guards.rs"),
        include_str!("store_suite/whole.rs"),
        include_str!("store_suite/ending.rs"),
        include_str!("store_suite/registry.rs"),
        include_str!("store_suite/listing.rs"),
        include_str!("store_suite/refusals.rs"),
        include_str!("store_suite/sweeping.rs"),
        include_str!("store_suite/in_flight.rs"),
        include_str!("store_suite/issuers.rs"),
        include_str!("store_suite/race_table.rs"),
        include_str!("store_suite/races.rs"),
    ];

    #[test]
    fn every_case_is_a_test_of_the_suite() {
        let suite = include_str!("store_suite.rs");
        let cases = FILES
            .iter()
            .flat_map(|file| file.lines())
            .filter_map(|line| line.strip_prefix("pub async fn ").and_then(|rest| rest.split('(').next()));
        for case in cases {
            let listed = suite.lines().any(|line| line.trim() == format!("{case},"))
                || suite.contains(&format!("fn {case}()"));
            assert!(listed, "{case} is written but never run");
        }
    }
}

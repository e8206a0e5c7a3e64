//! The suite that every directory must pass: each case is a test, named after its requirement.
//!
//! ```text
//! testkit::directory_suite!(fixture);
//! ```

#[doc(hidden)]
pub mod guards;
#[doc(hidden)]
pub mod issuers;
#[doc(hidden)]
pub mod kept;
mod people;
#[doc(hidden)]
pub mod whole;

use std::{any::Any, fmt, sync::Arc};

use accounts::Directory;
use server::store::Store;

/// What a case runs against: the directory and the store of one issuer, which change in one transaction, and the
/// directory of another.
pub struct Fixture {
    /// The store of the same issuer.
    pub store: Arc<dyn Store>,
    /// The directory under test.
    pub directory: Arc<dyn Directory>,
    /// The directory of another issuer in the same storage.
    pub other: Arc<dyn Directory>,
    kept: Option<Box<dyn Any + Send>>,
}

impl Fixture {
    /// Two issuers over one empty storage.
    pub fn new(store: Arc<dyn Store>, directory: Arc<dyn Directory>, other: Arc<dyn Directory>) -> Self {
        Self { store, directory, other, kept: None }
    }

    /// Keeps something until the case is over, such as the folder of the storage.
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

/// Runs one case in its own runtime. [`directory_suite!`](crate::directory_suite!) calls it.
pub fn run<M, C>(make: impl FnOnce() -> M, case: impl FnOnce(Fixture) -> C)
where
    M: Future<Output = Fixture>,
    C: Future<Output = ()>,
{
    crate::store_suite::on_threads(async { case(make().await).await });
}

/// Makes a test of every case. `$make` is an async function or closure without arguments that gives a [`Fixture`]
/// (directory_suite::Fixture) over a fresh storage; it runs within a tokio runtime.
#[macro_export]
macro_rules! directory_suite {
    ($make:expr $(,)?) => {
        $crate::directory_suite! { @list cases $make }
    };
    // Runs all cases, one after the other.
    (@each $make:expr) => {
        $crate::directory_suite! { @list run $make }
    };
    (@list $form:ident $make:expr) => {
        $crate::directory_suite! { @$form $make;
            kept {
                an_account_is_read_as_it_was_written,
                account_without_password_and_claims_is_read_unchanged,
                a_username_is_found_in_any_spelling_and_shown_as_it_was_written,
                unknown_ids_are_not_found,
                accounts_are_listed_by_sub_page_by_page,
                a_replaced_account_is_read_as_it_was_replaced,
                a_new_hash_replaces_only_the_hash,
                a_deleted_account_is_gone,
                deleting_a_missing_account_is_no_conflict,
                the_consents_of_a_deleted_account_are_forgotten,
            }
            guards {
                a_subject_is_added_once,
                username_is_unique_in_every_spelling,
                a_deleted_username_is_free_again,
                an_account_is_replaced_only_at_its_version,
                an_account_that_is_missing_is_not_replaced,
                a_replaced_account_does_not_take_the_username_of_another,
                an_account_keeps_its_username_in_another_spelling,
                a_hash_is_replaced_only_at_the_version_of_its_account,
                one_of_many_concurrent_replacements_succeeds,
                one_of_many_concurrent_additions_of_a_username_succeeds,
                an_account_does_not_get_the_id_of_a_client_or_resource_as_its_sub,
                a_client_or_resource_does_not_get_the_sub_of_an_account_as_its_id,
                one_of_an_account_and_a_client_that_are_created_with_one_id_is_refused,
            }
            whole {
                directory_and_protocol_changes_commit_together,
                directory_conflict_rolls_back_protocol_changes,
                protocol_conflict_rolls_back_directory_changes,
                directory_guards_are_numbered_after_protocol_guards,
                conflict_of_one_account_rolls_back_another,
                every_change_but_a_new_hash_leaves_an_event,
                a_conflict_leaves_no_event,
            }
            issuers {
                another_issuer_sees_no_account,
                names_of_one_issuer_are_free_for_another,
                changes_of_another_issuer_affect_nothing,
            }
        }
    };
    (@cases $make:expr; $($file:ident { $($case:ident,)+ })+) => {
        $($(
            #[test]
            fn $case() {
                $crate::directory_suite::run($make, $crate::directory_suite::$file::$case);
            }
        )+)+
    };
    (@run $make:expr; $($file:ident { $($case:ident,)+ })+) => {
        $($($crate::directory_suite::run($make, $crate::directory_suite::$file::$case);)+)+
    };
}

#[cfg(test)]
mod tests {
    /// The source of every file of cases.
    const FILES: [&str; 4] = [
        include_str!("directory_suite/kept.rs"),
        include_str!("directory_suite/guards.rs"),
        include_str!("directory_suite/whole.rs"),
        include_str!("directory_suite/issuers.rs"),
    ];

    #[test]
    fn every_case_is_a_test_of_the_suite() {
        let suite = include_str!("directory_suite.rs");
        let cases = FILES
            .iter()
            .flat_map(|file| file.lines())
            .filter_map(|line| line.strip_prefix("pub async fn ").and_then(|rest| rest.split('(').next()));
        for case in cases {
            let listed = suite.lines().any(|line| line.trim() == format!("{case},"));
            assert!(listed, "{case} is written but never run");
        }
    }
}

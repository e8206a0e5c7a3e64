//! What every command keeps to: exit codes, and where things are printed.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::place::{Place, bare};

#[test]
fn unknown_command_exits_with_2() {
    for wrong in [
        &["client"][..],
        &["client", "paint"],
        &["client", "show"],
        &["grant", "revoke"],
        &["session", "kill"],
        &["key", "rotate", "--alg", "HS256"],
        &["user", "list", "--limit", "0"],
    ] {
        assert_eq!(bare(wrong, "").code, 2, "{wrong:?}");
    }
}

#[test]
fn a_global_option_is_refused_where_it_means_nothing() {
    for (wrong, words) in [
        (&["version", "--config", "x"][..], "--config means nothing to `passavant version`"),
        (&["guard", "--dev"], "--dev means nothing to `passavant guard`"),
        (&["completions", "bash", "--format", "json"], "--format means nothing to `passavant completions`"),
        (&["--format", "json", "config", "schema"], "--format means nothing to `passavant config schema`"),
    ] {
        let ran = bare(wrong, "");
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wrong:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{wrong:?}: {}", ran.err);
    }
}

#[test]
fn every_help_lists_the_global_options_under_their_own_heading_with_the_formats() {
    for command in [&["--help"][..], &["client", "list", "--help"], &["guard", "--help"]] {
        let help = bare(command, "").out;
        let global = help.split("Global options:\n").nth(1).unwrap_or_else(|| panic!("a heading in {help}"));
        for option in ["--config", "--dev", "--data", "--format"] {
            assert!(global.contains(option), "{option} in {global}");
        }
        assert!(global.contains("table"), "{global}");
    }
    let guard = bare(&["guard", "--help"], "").out;
    for values in ["introspection", "bearer", "require", "[default: 4GiB]", "[default: 60s]"] {
        assert!(guard.contains(values), "{values} in {guard}");
    }
}

#[test]
fn the_version_is_told_by_the_verb_and_by_the_option() {
    let verb = bare(&["version"], "");
    assert_eq!((verb.code, verb.out.as_str()), (0, concat!("passavant ", env!("CARGO_PKG_VERSION"), "\n")));
    assert_eq!(bare(&["--version"], "").out, verb.out);
}

#[test]
fn printed_reference_and_schema_match_the_docs() {
    for (verb, page) in [
        ("reference", include_str!("../../../../docs/config.md")),
        ("schema", include_str!("../../../../docs/config.schema.json")),
    ] {
        let printed = bare(&["config", verb], "");
        assert_eq!((printed.code, printed.out.as_str()), (0, page), "{verb}");
    }
}

#[test]
fn missing_object_exits_with_4_and_prints_nothing() {
    let place = Place::new();
    for command in [
        &["client", "show", "nobody"][..],
        &["client", "edit", "nobody", "--name", "x"],
        &["client", "secret", "nobody"],
        &["client", "delete", "nobody"],
        &["resource", "show", "https://nowhere.example"],
        &["resource", "edit", "https://nowhere.example", "--name", "x"],
        &["resource", "secret", "nobody"],
        &["resource", "token", "nobody"],
        &["resource", "delete", "nobody"],
        &["user", "show", "nobody"],
        &["user", "passwd", "nobody"],
        &["user", "disable", "nobody"],
        &["user", "delete", "nobody"],
        &["grant", "revoke", "AAAAAAAAAAA"],
        &["grant", "revoke", "no id at all"],
        &["grant", "list", "--user", "nobody"],
        &["session", "kill", "AAAAAAAAAAA"],
        &["session", "list", "--user", "nobody"],
    ] {
        let ran = place.run_with(command, "a-password-or-a-secret");
        assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{command:?}: {}", ran.err);
        assert!(ran.err.contains("there is no"), "{command:?}: {}", ran.err);
    }
}

#[test]
fn a_secret_as_an_argument_is_refused_and_not_repeated() {
    let place = Place::new();
    place.json(&["client", "create", "robot", "--grant-type", "client_credentials"]);
    for command in [
        &["client", "secret", "robot", "hunter2-hunter2-hunter2"][..],
        &["client", "create", "other", "--secret", "hunter2-hunter2-hunter2"],
        &["client", "edit", "robot", "--member", "client_secret=hunter2-hunter2-hunter2"],
        &["user", "create", "alice", "--password", "hunter2-hunter2-hunter2"],
        &["user", "passwd", "alice", "hunter2-hunter2-hunter2"],
        &["token", "introspect", "hunter2-hunter2-hunter2"],
    ] {
        let ran = place.run(command);
        assert!(ran.code == 2 || ran.code == 4, "{command:?}: {}", ran.err);
        assert!(!ran.err.contains("hunter2") && !ran.out.contains("hunter2"), "{command:?}");
    }
}

#[test]
fn invalid_configuration_exits_with_3() {
    let place = Place::new();
    fs::remove_file(place.path("master.key")).expect("removed");
    let ran = place.run(&["client", "list"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("passavant key master"), "{}", ran.err);
}

#[test]
fn master_key_is_written_once_and_readable_only_by_its_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("master.key");
    let name = file.display().to_string();
    let ran = bare(&["key", "master", &name], "");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    let written = fs::read_to_string(&file).expect("written");
    assert_eq!(written.len(), 44, "32 bytes as base64url, and a line end");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(bare(&["key", "master", &name], "").code, 1);
    assert_eq!(fs::read_to_string(&file).expect("still there"), written);
    let printed = bare(&["key", "master"], "");
    assert_eq!((printed.code, printed.out.len()), (0, 44));
    assert_ne!(printed.out, written);
}

#[test]
fn every_format_says_the_same() {
    let place = Place::new();
    let create = ["client", "create", "robot", "--grant-type", "client_credentials", "--name", "A robot"];
    let made = place.json(&create);
    let secret = made["client_secret"].as_str().expect("a secret");
    let show = |format: &str| place.run(&["client", "show", "robot", "--format", format]).out;
    assert!(show("table").starts_with("client_id"));
    assert!(show("yaml").contains("client_name: \"A robot\"\n"));
    assert!(show("env").contains("CLIENT_NAME='A robot'\n"));
    assert_eq!(show("quiet"), "robot\n");
    for format in ["table", "json", "yaml", "env", "quiet"] {
        assert!(!show(format).contains(secret), "a secret is printed once");
    }
    let quiet = place.run(&["client", "secret", "robot", "--format", "quiet"]).out;
    assert!(quiet.starts_with("pvs_") && quiet.trim() != secret);
}

#[test]
fn long_list_is_truncated_with_its_next_cursor() {
    let place = Place::new();
    for id in ["a", "b", "c"] {
        place.json(&["client", "create", id, "--grant-type", "client_credentials"]);
    }
    let first = place.run(&["client", "list", "--limit", "2", "--format", "quiet"]);
    assert_eq!(first.out, "a\nb\n");
    assert!(first.err.contains("--after b"), "{}", first.err);
    let rest = place.run(&["client", "list", "--after", "b", "--format", "quiet"]);
    assert_eq!((rest.out.as_str(), rest.err.as_str()), ("c\n", ""));
}

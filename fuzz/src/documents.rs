//! `apply` documents, as an operator's client posts them.

use std::sync::{Arc, OnceLock};

use accounts::{MemoryDirectory, PasswordCost, PasswordRule, Passwords};
use admin::{Administration, ApplyError, ApplyMode, Document, World, operations::Apply};
use serde_json::Value;
use server::{
    ports::SystemEntropy,
    store::{Actor, memory::MemoryStore},
};
use testkit::server::TestServer;

/// Nothing makes the server fail, and whatever is wrong has its place in the document.
pub fn documents(bytes: &[u8]) {
    static ADMINISTRATION: OnceLock<Administration> = OnceLock::new();
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(document) = Document::parse(text) else { return };
    let administration = ADMINISTRATION.get_or_init(administration);
    let outcome = World::posted(document, administration).map_err(ApplyError::from).and_then(|world| {
        let apply = Apply { world: &world, mode: ApplyMode::Prune, dry_run: true };
        crate::block_on(apply.run(administration))
    });
    match outcome {
        Ok(_) => {}
        Err(ApplyError::Wrongs(wrongs)) => {
            let value: Value = serde_json::from_str(text).expect("it was read");
            assert!(!wrongs.0.is_empty());
            for wrong in &wrongs.0 {
                assert!(is_place(&value, &wrong.pointer), "{:?} is not in the document", wrong.pointer);
            }
        }
        Err(error) => panic!("{error}"),
    }
}

/// Whether a pointer leads to a value, or to a member that its object lacks.
fn is_place(document: &Value, pointer: &str) -> bool {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    document.pointer(pointer).is_some() || document.pointer(parent).is_some()
}

fn administration() -> Administration {
    let running = crate::block_on(TestServer::new().start());
    Administration {
        server: running.authorization_server,
        directory: Arc::new(MemoryDirectory::new(Arc::new(MemoryStore::new()))),
        passwords: Arc::new(
            Passwords::new(PasswordCost::FLOOR, Arc::new(SystemEntropy), 1).expect("passwords"),
        ),
        password_rule: PasswordRule { length_min: 8 },
        actor: Actor::Server,
        request_id: None,
        peer: None,
    }
}

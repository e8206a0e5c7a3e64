//! Replays the corpus of every target.

use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let files: Vec<_> =
        std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    assert!(files.len() >= 10, "{name} has {} inputs", files.len());
    for file in files {
        println!("{}", file.display());
        target(&std::fs::read(&file).expect("readable"));
    }
}

macro_rules! corpora {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name), passavant_fuzz::$name);
        })+
    };
}

corpora! { parameters tokens keys proofs credentials uris framing documents }

//! The pictures of the README, taken of the real pages: `cargo xtask pictures` keeps them in `docs/pictures`.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use testkit::browser::{Chromium, ColorScheme};

use crate::{ALLOW, Outcome, server::Server, sign_in};

/// All pictures together, in bytes: a README is read over slow lines too.
const PICTURES_BYTES_MAX: u64 = 150_000;
/// Each of them, in pixels: as high as its page.
const SIGN_IN: (u32, u32) = (480, 470);
const CONSENT: (u32, u32) = (480, 950);
/// A PNG begins so (PNG §5.2), and its first chunk says how wide and high it is (§11.2.1).
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

#[tokio::test]
async fn the_pictures_of_the_readme_are_taken_and_small() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("the_pictures_of_the_readme").await? else {
        return Ok(());
    };
    let nowhere = TempDir::new()?;
    let folder = kept().unwrap_or_else(|| nowhere.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let server = Server::start();
    browser.set_color_scheme(ColorScheme::Light).await?;
    browser.set_size(SIGN_IN.0, SIGN_IN.1).await?;
    browser.open(&format!("{}/demo-app", server.app())).await?;
    browser.see("Password").await?;
    browser.screenshot(&folder.join("sign-in.png")).await?;
    sign_in(&browser, "correct-horse").await?;
    browser.set_size(CONSENT.0, CONSENT.1).await?;
    browser.see(ALLOW).await?;
    browser.screenshot(&folder.join("consent.png")).await?;
    let bytes = taken(&folder.join("sign-in.png"), SIGN_IN) + taken(&folder.join("consent.png"), CONSENT);
    assert!(bytes < PICTURES_BYTES_MAX, "{bytes} bytes");
    Ok(())
}

/// Where they are kept, if they are.
#[expect(clippy::disallowed_methods, reason = "a test's own switch, set by who runs the tests")]
fn kept() -> Option<PathBuf> {
    std::env::var_os("PICTURES").map(PathBuf::from)
}

/// How many bytes a picture has.
fn taken(file: &Path, size: (u32, u32)) -> u64 {
    let picture = std::fs::read(file).expect("a picture");
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().expect("four bytes"));
    assert!(picture.starts_with(SIGNATURE), "{}", file.display());
    assert_eq!((number(16), number(20)), size, "{}", file.display());
    picture.len() as u64
}

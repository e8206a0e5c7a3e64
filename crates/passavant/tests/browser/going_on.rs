//! No page is a dead end: forms that are sent twice, tabs that are opened at once, pages that are left open for long, and
//! the history of the browser.

use std::time::Duration;

use testkit::browser::Chromium;

use crate::{ALLOW, Outcome, server::Server, sign_in};

/// The lifetime of an interaction can't be set shorter.
const SHORT: &str = "[interactions]\nlifetime = \"1 minute\"\n";
const PAST_IT: Duration = Duration::from_secs(61);
/// One hash takes seconds, so that something can happen in between.
const SLOW_PASSWORDS: &str = "[passwords]\nmemory_mib = 64\npasses = 32\n";
const OUTDATED: &str = "Your account changed just now. Please sign in again.";
const MISMATCH: &str = "That username and password don't match. Please try again.";
const PASSWORD: &str = "correct-horse-battery";

/// An authorization request of the client `shop`, which returns to the server itself.
fn request(server: &Server) -> String {
    let back = format!("{}/cb", server.app()).replace(':', "%3A").replace('/', "%2F");
    format!(
        "{}/authorize?client_id=shop&response_type=code&scope=openid&state=s-1&redirect_uri={back}\
         &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        server.issuer
    )
}

/// The browser is back at the client, with a code.
async fn is_back(browser: &Chromium) -> Outcome {
    browser.see("Nothing is served here").await?;
    let url = browser.url().await?;
    assert!(url.contains("/cb?code=") && url.contains("&state=s-1"), "{url}");
    Ok(())
}

/// Disables or enables alice, as an operator does.
async fn user(server: &Server, verb: &str) {
    let mut command = server.command_of();
    command.args(["user", verb, "alice"]);
    let ended = tokio::task::spawn_blocking(move || command.output().expect("the binary runs"));
    let output = ended.await.expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn two_clicks_on_sign_in_and_on_allow_are_one() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("two_clicks").await? else { return Ok(()) };
    let server = Server::configured("");
    for scripts in [true, false] {
        browser.set_scripts(scripts).await?;
        browser.open(&format!("{}&prompt=login", request(&server))).await?;
        browser.fill("Username", "alice").await?;
        browser.fill("Password", PASSWORD).await?;
        browser.press_twice("Sign in").await?;
        browser.see("Allow “Shop” to use your account?").await?;
        browser.press_twice("Allow").await?;
        is_back(&browser).await?;
    }
    Ok(())
}

#[tokio::test]
async fn tabs_that_are_opened_at_once_all_finish() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("tabs_at_once").await? else { return Ok(()) };
    let server = Server::configured("");
    let url = request(&server);
    let tabs = browser.open_tabs(&[&url, &url, &url]).await?;
    for tab in &tabs {
        browser.turn_to(tab).await?;
        browser.see("Sign in to continue to Shop").await?;
    }
    browser.turn_to(&tabs[0]).await?;
    sign_in(&browser, PASSWORD).await?;
    browser.press("Allow").await?;
    is_back(&browser).await?;
    // The second signs in as well, the third is loaded again.
    browser.turn_to(&tabs[1]).await?;
    sign_in(&browser, PASSWORD).await?;
    browser.press("Allow").await?;
    is_back(&browser).await?;
    browser.turn_to(&tabs[2]).await?;
    browser.reload().await?;
    browser.press("Allow").await?;
    is_back(&browser).await
}

#[tokio::test]
async fn a_page_that_was_left_open_goes_on() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("left_open").await? else { return Ok(()) };
    browser.set_scripts(false).await?;
    let server = Server::configured(SHORT);
    browser.open(&request(&server)).await?;
    browser.fill("Username", "alice").await?;
    browser.fill("Password", PASSWORD).await?;
    tokio::time::sleep(PAST_IT).await;
    browser.press("Sign in").await?;
    browser.see("Allow “Shop” to use your account?").await?;
    tokio::time::sleep(PAST_IT).await;
    browser.press("Allow").await?;
    browser.see("Allow “Shop” to use your account?").await?;
    browser.press("Allow").await?;
    is_back(&browser).await
}

#[tokio::test]
async fn back_leads_on_and_never_to_a_wall() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("back").await? else { return Ok(()) };
    let server = Server::start();
    browser.open(&format!("{}/demo-app", server.app())).await?;
    sign_in(&browser, "correct-horse").await?;
    browser.see(ALLOW).await?;
    browser.back().await?;
    browser.see(ALLOW).await?;
    browser.press("Allow").await?;
    browser.see("You are signed in").await?;
    browser.back().await?;
    browser.see(ALLOW).await?;
    // The browser may show the page that it kept, whose request was answered.
    browser.reload().await?;
    browser.see(ALLOW).await?;
    browser.press("Allow").await?;
    browser.see("You are signed in").await
}

#[tokio::test]
async fn a_bookmarked_sign_in_page_leads_to_the_account() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("bookmark").await? else { return Ok(()) };
    browser.set_scripts(false).await?;
    let server = Server::configured("");
    let bookmark = format!("{}/login", server.issuer);
    browser.open(&bookmark).await?;
    sign_in(&browser, PASSWORD).await?;
    browser.see("You are signed in").await?;
    browser.open(&bookmark).await?;
    browser.see("You are signed in").await?;
    assert_eq!(browser.url().await?, format!("{}/account", server.issuer));
    browser.press("Sign out").await?;
    browser.see("Sign out?").await?;
    browser.press("Cancel").await?;
    browser.see("You are signed in").await?;
    browser.press("Sign out").await?;
    browser.see("Sign out?").await?;
    browser.press("Sign out").await?;
    browser.see("You are signed out").await?;
    browser.back().await?;
    browser.see("You are signed out").await
}

/// The page of a request that was deleted meanwhile is loaded again.
#[tokio::test]
async fn a_page_whose_request_is_gone_leads_to_where_its_client_starts() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("request_gone").await? else { return Ok(()) };
    let server = Server::configured("");
    let opened = async || -> Outcome {
        browser.open(&request(&server)).await?;
        browser.see("Sign in to continue to Shop").await?;
        server.forget_requests();
        browser.reload().await?;
        Ok(())
    };
    opened().await?;
    browser.see("Sign in").await?;
    assert!(
        browser.url().await?.starts_with(&format!("{}/login?", server.issuer)),
        "it registered no address"
    );
    let start = format!("{}/start", server.app());
    let mut edit = server.command_of();
    edit.args(["client", "edit", "shop", "--member", &format!("initiate_login_uri={start}")]);
    let edited = edit.output().expect("the binary runs");
    assert!(edited.status.success(), "{}", String::from_utf8_lossy(&edited.stderr));
    // The server looks for changes of other processes four times a second.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for scripts in [true, false] {
        browser.set_scripts(scripts).await?;
        opened().await?;
        browser.see("Nothing is served here").await?;
        let issuer = server.issuer.replace(':', "%3A").replace('/', "%2F");
        assert_eq!(browser.url().await?, format!("{start}?iss={issuer}"));
    }
    // The form still has the request, and goes on by itself.
    browser.open(&request(&server)).await?;
    browser.fill("Username", "alice").await?;
    browser.fill("Password", PASSWORD).await?;
    server.forget_requests();
    browser.press("Sign in").await?;
    browser.see("Allow “Shop” to use your account?").await?;
    browser.press("Allow").await?;
    is_back(&browser).await
}

/// The account is disabled while its password is checked. A machine that is slow to begin with the check sees the account
/// disabled before it, and one that is slow to disable it after it, so the moment is searched for.
#[tokio::test]
async fn an_account_that_changes_during_the_sign_in_is_told_so() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("sign_in_outdated").await? else { return Ok(()) };
    let server = Server::configured(SLOW_PASSWORDS);
    for after in [100, 300, 600, 1_000, 1_500, 2_000] {
        browser.open(&request(&server)).await?;
        browser.fill("Username", "alice").await?;
        browser.fill("Password", PASSWORD).await?;
        let disabling = async {
            tokio::time::sleep(Duration::from_millis(after)).await;
            user(&server, "disable").await;
        };
        let (pressed, ()) = tokio::join!(browser.press("Sign in"), disabling);
        pressed?;
        if browser.see(OUTDATED).await.is_ok() {
            break;
        }
        browser.see(MISMATCH).await?;
        user(&server, "enable").await;
    }
    browser.see(OUTDATED).await?;
    assert!(browser.cookies().await?.iter().all(|cookie| cookie.name != "passavant_session"));
    Ok(())
}

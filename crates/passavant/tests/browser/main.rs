//! A person at a real Chromium before `serve --dev`: sign-in, consent, the demo app, sign-out. Without Chromium these
//! tests say that they did not run; `cargo xtask test` installs one, and demands them.

mod device;
mod going_on;
mod pictures;
mod server;

use testkit::browser::{BrowserFailure, Chromium};

use server::Server;

const WRONG_PASSWORD: &str = "That username and password don't match. Please try again.";
const ALLOW: &str = "Allow “Demo app” to use your account?";
/// What only a signed-in user may see.
const PRIVATE: [&str; 4] = ["alice", "Alice Example", "Claims of the ID token", "demo.read"];

type Outcome = Result<(), BrowserFailure>;

#[tokio::test]
async fn a_person_signs_in_consents_sees_claims_and_time_refreshes_and_signs_out() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("a_person_signs_in").await? else { return Ok(()) };
    let server = Server::start();
    browser.open(&format!("{}/", server.issuer)).await?;
    browser.press("Sign in to the demo app").await?;
    sign_in(&browser, "wrong").await?;
    browser.see(WRONG_PASSWORD).await?;
    assert!(browser.title().await?.starts_with("Error: Sign in to continue to Demo app"));
    browser.fill("Password", "correct-horse").await?;
    browser.press("Sign in").await?;
    browser.see(ALLOW).await?;
    browser.press("Allow").await?;
    browser.see("You are signed in").await?;
    assert_eq!(browser.url().await?, format!("{}/demo-app", server.app()), "no code stays in the address");
    let page = browser.text().await?;
    for shown in [&format!("iss\n{}", server.issuer), "aud\ndemo-web", "sub\nalice", "200 OK\n{\"year\":20"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    browser.press("Refresh").await?;
    browser.see("Refreshed\nonce").await?;
    browser.press("Sign out").await?;
    browser.see("You are signed out").await?;
    assert_eq!(browser.csp_violations().await?, [""; 0]);
    let errors = browser.console_errors().await?;
    // The wrong password was answered with 422, which Chromium tells of by itself.
    assert!(errors.len() == 1 && errors[0].contains("status of 422"), "{errors:?}");
    Ok(())
}

/// security.md, browser facts: HttpOnly, SameSite=Lax, Path=/; Secure belongs to https, and loopback has none.
#[tokio::test]
async fn the_cookies_of_the_server_are_out_of_reach_of_scripts_and_of_other_sites() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("the_cookies_of_the_server").await? else {
        return Ok(());
    };
    let server = Server::start();
    browser.open(&format!("{}/demo-app", server.app())).await?;
    sign_in(&browser, "correct-horse").await?;
    browser.see(ALLOW).await?;
    let cookies = browser.cookies().await?;
    let mut names: Vec<_> = cookies.iter().map(|cookie| cookie.name.as_str()).collect();
    names.sort_unstable();
    assert!(names[0].starts_with("passavant_interaction_"), "{names:?}");
    assert_eq!(names[1..], ["passavant_known", "passavant_session"]);
    for cookie in &cookies {
        let is_https = server.issuer.starts_with("https:");
        assert_eq!((cookie.is_http_only, cookie.is_secure), (true, is_https), "{cookie:?}");
        assert_eq!((cookie.same_site.as_str(), cookie.path.as_str()), ("Lax", "/"), "{cookie:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_back_button_after_sign_out_shows_nothing_private() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("the_back_button_after_sign_out").await? else {
        return Ok(());
    };
    let server = Server::start();
    browser.open(&format!("{}/demo-app", server.app())).await?;
    sign_in(&browser, "correct-horse").await?;
    browser.press("Allow").await?;
    browser.see("You are signed in").await?;
    for private in PRIVATE {
        assert!(browser.text().await?.contains(private) || private == "Alice Example", "{private}");
    }
    browser.press("Sign out").await?;
    browser.see("You are signed out").await?;
    // The demo app, and before it the consent page, whose request starts again.
    for expected in ["Sign in to continue to Demo app", "Sign in to continue to Demo app"] {
        browser.back().await?;
        browser.see(expected).await?;
        let page = browser.text().await?;
        assert!(!PRIVATE.iter().any(|private| page.contains(private)), "{page}");
    }
    Ok(())
}

#[tokio::test]
async fn every_page_works_with_scripts_switched_off() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("every_page_works_with_scripts_off").await? else {
        return Ok(());
    };
    let server = Server::start();
    browser.set_scripts(false).await?;
    browser.open(&format!("{}/", server.issuer)).await?;
    browser.press("Sign in to the demo app").await?;
    sign_in(&browser, "correct-horse").await?;
    browser.press("Allow").await?;
    browser.see("You are signed in").await?;
    browser.press("Refresh").await?;
    browser.see("Refreshed\nonce").await?;
    browser.press("Sign out").await?;
    browser.see("You are signed out").await?;
    assert_eq!(browser.console_errors().await?, [""; 0]);
    assert_eq!(browser.csp_violations().await?, [""; 0]);
    Ok(())
}

/// WCAG 2.2 §1.4.10: content reflows at 320 CSS pixels.
#[tokio::test]
async fn no_page_scrolls_sideways_at_320_pixels() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("no_page_scrolls_sideways").await? else {
        return Ok(());
    };
    let server = Server::start();
    browser.set_size(320, 640).await?;
    browser.open(&format!("{}/", server.issuer)).await?;
    let mut widths = vec![("front", browser.content_width().await?)];
    browser.press("Sign in to the demo app").await?;
    browser.see("Password").await?;
    widths.push(("sign-in", browser.content_width().await?));
    sign_in(&browser, "correct-horse").await?;
    browser.see(ALLOW).await?;
    widths.push(("consent", browser.content_width().await?));
    browser.press("Allow").await?;
    browser.see("You are signed in").await?;
    widths.push(("signed in", browser.content_width().await?));
    browser.press("Sign out").await?;
    browser.see("You are signed out").await?;
    widths.push(("signed out", browser.content_width().await?));
    assert!(widths.iter().all(|(_, width)| *width <= 320), "{widths:?}");
    Ok(())
}

/// Fills in the sign-in page as alice.
async fn sign_in(browser: &Chromium, password: &str) -> Outcome {
    browser.fill("Username", "alice").await?;
    browser.fill("Password", password).await?;
    browser.press("Sign in").await
}

//! The browser of the testkit reports errors.

use passavant_testkit::browser::{BrowserFailure, Chromium, ColorScheme};

type Outcome = Result<(), BrowserFailure>;

#[tokio::test]
async fn csp_violation_is_reported_and_is_not_a_console_error() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("a_violated_policy_is_told").await? else {
        return Ok(());
    };
    let page = "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><script>1</script>";
    browser.open(&document(page)).await?;
    let violations = browser.csp_violations().await?;
    assert!(violations.len() == 1 && violations[0].contains("script-src 'none'"), "{violations:?}");
    assert_eq!(browser.console_errors().await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn script_error_is_reported_and_is_not_a_csp_violation() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("an_error_of_a_script_is_told").await? else {
        return Ok(());
    };
    browser.open(&document("<script>noSuchName()</script>")).await?;
    browser.open(&document("<p>elsewhere</p>")).await?;
    let errors = browser.console_errors().await?;
    assert!(errors.len() == 1 && errors[0].contains("noSuchName"), "{errors:?}");
    assert_eq!(browser.csp_violations().await?, [""; 0]);
    assert_eq!(browser.console_errors().await?, errors, "what was told once is kept");
    Ok(())
}

#[tokio::test]
async fn fields_and_buttons_are_found_by_their_accessible_names() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("fields_and_buttons").await? else { return Ok(()) };
    let page = "<form><label for=a>Your name</label><input id=a value=before><label>Town <input id=b></label></form>\
         <button onclick=\"document.title = a.value + ' of ' + b.value\">Greet</button>\
         <button>Twice</button><button>Twice</button><button hidden>Greet</button>";
    browser.open(&document(page)).await?;
    browser.fill("Your name", "Alice").await?;
    browser.fill("Town", "Ulm").await?;
    browser.press("Greet").await?;
    assert_eq!(browser.title().await?, "Alice of Ulm");
    let refused = browser.press("Twice").await.expect_err("two of them");
    assert!(matches!(refused, BrowserFailure::Ambiguous { count: 2, .. }), "{refused}");
    Ok(())
}

#[tokio::test]
async fn wait_timeout_shows_the_current_page() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("what_never_comes").await? else { return Ok(()) };
    browser.open(&document("<p>another page</p>")).await?;
    let failure = browser.see("the page").await.expect_err("another page").to_string();
    assert!(failure.contains("no text `the page`") && failure.contains("another page"), "{failure}");
    let failure = browser.fill("Password", "x").await.expect_err("no field").to_string();
    assert!(failure.contains("no field `Password`") && failure.contains("another page"), "{failure}");
    Ok(())
}

#[tokio::test]
async fn color_scheme_width_and_scripts_are_as_they_were_set() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("color_scheme_and_width").await? else { return Ok(()) };
    let page = document(
        "<style>p{display:none}@media (prefers-color-scheme:dark){.dark{display:block}}\
         @media (width:320px){.narrow{display:block}}</style><p class=dark>It is dark<p class=narrow>It is narrow\
         <div id=told></div><script>told.textContent = 'It runs'</script>",
    );
    browser.open(&page).await?;
    assert_eq!(browser.text().await?, "It runs");
    browser.set_color_scheme(ColorScheme::Dark).await?;
    browser.see("It is dark").await?;
    browser.set_size(320, 640).await?;
    browser.see("It is narrow").await?;
    assert_eq!(browser.content_width().await?, 320);
    browser.set_color_scheme(ColorScheme::Light).await?;
    browser.set_scripts(false).await?;
    browser.open(&page).await?;
    assert_eq!(browser.text().await?, "It is narrow");
    Ok(())
}

/// Replaces axe-core, which is not part of this project: the called functions, with one rule.
const ONE_RULE: &str = "window.axe = { run: async () => ({
    passes: [{ id: 'document-title' }],
    violations: [...document.querySelectorAll('img:not([alt])')].map((image) =>
        ({ id: 'image-alt', help: 'Images must have alternative text', nodes: [{ html: image.outerHTML }] })),
}) };";

#[tokio::test]
async fn axe_findings_are_reported_and_an_empty_axe_run_is_an_error() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("what_axe_finds").await? else { return Ok(()) };
    browser.open(&document("<img src=\"data:,\">")).await?;
    let found = browser.axe(ONE_RULE).await?;
    assert_eq!(found, ["image-alt: Images must have alternative text: <img src=\"data:,\">"]);
    browser.open(&document("<img alt=dot src=\"data:,\">")).await?;
    assert_eq!(browser.axe(ONE_RULE).await?, [""; 0]);
    let nothing = browser.axe("window.axe = { run: async () => ({ violations: [], passes: [] }) }").await;
    assert!(matches!(nothing, Err(BrowserFailure::Unchecked(_))), "{nothing:?}");
    Ok(())
}

fn document(body: &str) -> String {
    let mut encoded = String::from("data:text/html;charset=utf-8,");
    for byte in format!("<!doctype html><title>A page</title>{body}").bytes() {
        encoded.push_str(&format!("%{byte:02X}"));
    }
    encoded
}

//! A person signs in a device (RFC 8628 §3.3) at a real Chromium, with scripts switched off and 320 pixels wide.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
};

use reqwest::header;
use serde_json::Value;
use testkit::browser::Chromium;

use crate::{Outcome, server::Server, sign_in};

/// `demo-cli:demo-secret`
const CLIENT: &str = "Basic ZGVtby1jbGk6ZGVtby1zZWNyZXQ=";
const FORM: &str = "application/x-www-form-urlencoded";

/// A device that is `demo-cli`.
struct Device {
    issuer: String,
    authorization: Value,
}

impl Device {
    async fn asking(server: &Server) -> Self {
        let body = "scope=openid+demo.read".to_owned();
        let authorization = post(&format!("{}/device_authorization", server.issuer), body).await;
        Self { issuer: server.issuer.clone(), authorization }
    }

    fn member(&self, name: &str) -> &str {
        self.authorization[name].as_str().expect("a text")
    }

    async fn poll(&self) -> Value {
        let grant_type = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
        let body = format!("grant_type={grant_type}&device_code={}", self.member("device_code"));
        post(&format!("{}/token", self.issuer), body).await
    }
}

async fn post(url: &str, body: String) -> Value {
    let request = reqwest::Client::new().post(url).header(header::AUTHORIZATION, CLIENT);
    let answer = request.header(header::CONTENT_TYPE, FORM).body(body).send().await.expect("it answers");
    serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
}

#[tokio::test]
async fn a_person_compares_the_code_and_signs_a_device_in() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("a_person_signs_a_device_in").await? else {
        return Ok(());
    };
    let server = Server::start();
    browser.set_scripts(false).await?;
    browser.set_size(320, 640).await?;
    let device = Device::asking(&server).await;
    browser.open(device.member("verification_uri")).await?;
    browser.fill("Code", "BBBBBBBB").await?;
    browser.press("Continue").await?;
    browser.see("No device is waiting with this code").await?;
    let mut widths = vec![("code", browser.content_width().await?)];
    browser.open(device.member("verification_uri_complete")).await?;
    browser.see("Sign in a device").await?;
    assert_eq!(device.poll().await["error"], "authorization_pending", "a link approves nothing");
    browser.press("Continue").await?;
    browser.see("Sign in to continue to Demo machine").await?;
    sign_in(&browser, "correct-horse").await?;
    browser.see("Sign in “Demo machine”?").await?;
    let page = browser.text().await?;
    for shown in [device.member("user_code"), "Somebody sent you this link or code?", "Read the time"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    widths.push(("confirmation", browser.content_width().await?));
    browser.press("Sign it in").await?;
    browser.see("Go back to your device").await?;
    widths.push(("done", browser.content_width().await?));
    assert!(widths.iter().all(|(_, width)| *width <= 320), "{widths:?}");
    let tokens = device.poll().await;
    assert!(tokens["access_token"].is_string() && tokens["id_token"].is_string(), "{tokens}");
    let denied = Device::asking(&server).await;
    browser.open(denied.member("verification_uri_complete")).await?;
    browser.press("Continue").await?;
    browser.press("Deny").await?;
    browser.see("Nothing was allowed").await?;
    assert_eq!(denied.poll().await["error"], "access_denied");
    assert_eq!(browser.csp_violations().await?, [""; 0]);
    Ok(())
}

/// `passavant flow device`: the command line is the device.
#[tokio::test]
async fn a_person_signs_the_command_line_in() -> Outcome {
    let Some(browser) = Chromium::start_if_installed("a_person_signs_the_command_line_in").await? else {
        return Ok(());
    };
    let server = Server::start();
    let mut flow = Command::new(env!("CARGO_BIN_EXE_passavant"))
        .args(["--format", "json", "flow", "device", "--server", &server.issuer, "--client-id", "demo-cli"])
        .args(["--client-secret", "-", "--scope", "openid demo.read"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    flow.stdin.take().expect("piped").write_all(b"demo-secret")?;
    let talk = BufReader::new(flow.stderr.take().expect("piped"));
    let mut talk = talk.lines().map_while(Result::ok);
    // The answer of the server is shown before, with the same address in it.
    let is_address = |line: &String| line.trim().starts_with("http") && line.contains("/device?user_code=");
    let url = talk.find(is_address).expect("it names the address");
    browser.open(url.trim()).await?;
    browser.press("Continue").await?;
    sign_in(&browser, "correct-horse").await?;
    browser.press("Sign it in").await?;
    browser.see("Go back to your device").await?;
    let rest: String = talk.collect();
    assert!(!rest.contains("demo-secret"), "{rest}");
    let mut out = String::new();
    flow.stdout.take().expect("piped").read_to_string(&mut out)?;
    assert!(flow.wait()?.success(), "{rest}");
    let record: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(
        (&record["scope"], &record["id_token_claims"]["sub"]),
        (&"openid demo.read".into(), &"alice".into())
    );
    assert!(record.get("access_token").is_none(), "tokens are shown only where they are asked for");
    Ok(())
}

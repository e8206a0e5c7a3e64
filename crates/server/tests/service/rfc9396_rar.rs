//! Rich authorization requests (RFC 9396).

use passavant_server::{Ask, Reason, store::DetailsType};
use serde_json::{Value, json};
use testkit::server::{Authorize, Running, TestResource, TestServer, confidential, resource};

const BANK: &str = "https://bank.example";
const TAX: &str = "https://tax.example";

/// A resource with one type of authorization details, and no scope that the client has.
fn with_type(identifier: &str, kind: &str) -> TestResource {
    let details = DetailsType {
        title: Some(format!("The {kind}")),
        members: vec!["note".into()],
        required: vec!["amount".into()],
    };
    let kind = kind.to_owned();
    resource(identifier, &format!("{kind}.all"))
        .with(|settings| drop(settings.authorization_details_types.insert(kind, details)))
}

async fn start() -> Running {
    let types = |client: &mut protocol::ClientMetadata| {
        client.authorization_details_types = vec!["payment".to_owned(), "return".to_owned()];
    };
    TestServer::new()
        .client(confidential("shop").scope("openid offline_access").with(types))
        .client(confidential("trusted").scope("openid").with(types).without_consent())
        .client(confidential("other"))
        .resource(with_type(BANK, "payment").caller("bank"))
        .resource(with_type(TAX, "return").caller("tax"))
        .account("alice")
        .start()
        .await
}

fn payment() -> Value {
    json!({"type": "payment", "amount": {"currency": "EUR", "value": "7.00"}, "actions": ["initiate"]})
}

fn tax() -> Value {
    json!({"type": "return", "amount": "1", "locations": [TAX]})
}

fn authorize(server: &Running, client: &str, details: &Value) -> Authorize {
    let browser = server.browser().sign_in("alice");
    browser.authorize(client).param("authorization_details", &details.to_string())
}

/// RFC 9396 §7, §9.2: the token response says what was granted; each resource learns what is for it.
#[tokio::test]
async fn a_token_holds_the_details_for_its_resources() {
    let server = start().await;
    let tokens = authorize(&server, "shop", &json!([payment(), tax()])).tokens().await;
    assert_eq!(tokens.json()["authorization_details"], json!([payment(), tax()]));
    let token = tokens.member("access_token");
    for (caller, expected) in [("bank", payment()), ("tax", tax())] {
        let answer = server.introspect(&token, caller).await.ok().json();
        assert_eq!((&answer["active"], &answer["authorization_details"]), (&json!(true), &json!([expected])));
    }
    let own = server.introspect(&token, "shop").await.ok().json();
    assert_eq!(own["authorization_details"], json!([payment(), tax()]));
}

/// RFC 9396 §9.1: the claim `authorization_details` of a JWT.
#[tokio::test]
async fn a_jwt_holds_the_details() {
    let server = start().await;
    server.put_resource(with_type(BANK, "payment").jwt()).await;
    let tokens = authorize(&server, "shop", &json!([payment()])).tokens().await;
    let token = tokens.member("access_token");
    let claims = server.claims(&token).await;
    assert_eq!((&claims["authorization_details"], &claims["aud"]), (&json!([payment()]), &json!(BANK)));
    let own = server.introspect(&token, "shop").await.ok().json();
    assert_eq!(own["authorization_details"], json!([payment()]));
}

/// RFC 9396 §5: what is not of a known type, with its members, is refused.
#[tokio::test]
async fn unknown_types_and_members_are_refused() {
    let server = start().await;
    let changed = |name: &str, value: Value| {
        let mut details = payment();
        details[name] = value;
        json!([details])
    };
    for (details, reason) in [
        (json!({}), Reason::DetailsMalformed),
        (json!([]), Reason::DetailsMalformed),
        (json!(["payment"]), Reason::DetailsMalformed),
        (json!([{"amount": 1}]), Reason::DetailsMalformed),
        (json!([{"type": "cheese", "amount": 1}]), Reason::DetailsTypeUnknown),
        (json!([{"type": "payment"}]), Reason::DetailsMemberInvalid),
        (changed("colour", json!("red")), Reason::DetailsMemberInvalid),
        (changed("actions", json!("initiate")), Reason::DetailsMemberInvalid),
        (changed("locations", json!([TAX])), Reason::DetailsMemberInvalid),
        (json!([payment(), {"type": "return"}]), Reason::DetailsMemberInvalid),
    ] {
        let landing = authorize(&server, "shop", &details).finish().await;
        landing.refused(reason);
        assert_eq!(landing.param("error").as_deref(), Some("invalid_authorization_details"));
        authorize(&server, "shop", &details).pushing().send().await.refused(reason);
    }
    let landing = authorize(&server, "other", &json!([payment()])).finish().await;
    landing.refused(Reason::DetailsTypeNotRegistered);
}

/// RFC 9396 §6: a token request asks for some of them, and for no other.
#[tokio::test]
async fn a_token_request_narrows_the_details() {
    let server = start().await;
    let request = authorize(&server, "shop", &json!([payment(), tax()])).scope("openid offline_access");
    let code = request.code().await;
    let more = json!([{"type": "payment", "amount": {"currency": "EUR", "value": "700.00"}, "actions": ["initiate"]}]);
    let call =
        |details: &Value| server.redemption(&code).param("authorization_details", &details.to_string());
    call(&more).send().await.refused(Reason::DetailsNotGranted);
    call(&json!("x")).send().await.refused(Reason::DetailsMalformed);
    let tokens = call(&json!([tax()])).send().await.ok();
    assert_eq!(tokens.json()["authorization_details"], json!([tax()]));
    assert!(!server.is_active(&tokens.member("access_token"), "bank").await);
    // The refresh token has what was approved.
    let renewed = server.refresh("shop", &tokens.member("refresh_token")).await.ok();
    assert_eq!(renewed.json()["authorization_details"], json!([payment(), tax()]));
    let refresh = renewed.member("refresh_token");
    let narrowed =
        server.renewal("shop", &refresh).param("authorization_details", &json!([payment()]).to_string());
    assert_eq!(narrowed.send().await.ok().json()["authorization_details"], json!([payment()]));
}

/// RFC 8707 §2, RFC 9396 §3.2: `resource` chooses among the resources of the details.
#[tokio::test]
async fn a_resource_gets_the_details_for_it() {
    let server = start().await;
    let code = authorize(&server, "shop", &json!([payment(), tax()])).code().await;
    let tokens = server.redemption(&code).param("resource", BANK).send().await.ok();
    assert_eq!(tokens.json()["authorization_details"], json!([payment()]));
    let landing = authorize(&server, "shop", &json!([payment()])).param("resource", TAX).finish().await;
    landing.refused(Reason::ResourceNotAllowed);
}

/// RFC 9396 §12.2: the user sees them, each time.
#[tokio::test]
async fn the_user_is_asked_each_time() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").code().await;
    for _ in 0..2 {
        let details = json!([payment(), tax()]).to_string();
        let request = browser.authorize("shop").param("authorization_details", &details);
        let silent = request.clone().param("prompt", "none").finish().await;
        silent.refused(Reason::ConsentRequired);
        let page = request.clone().until(Ask::Consent).await;
        let open = browser.interaction(&page.url).await.expect("it opens");
        let [payment, tax] = open.authorization_details() else { panic!("{open:?}") };
        assert_eq!((payment.title.as_str(), tax.title.as_str()), ("The payment", "The return"));
        let members: Vec<_> =
            payment.members.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(members, [("actions", "initiate"), ("amount", "currency: EUR, value: 7.00")]);
        request.code().await;
    }
    let trusted = authorize(&server, "trusted", &json!([payment()])).finish().await;
    assert_eq!(trusted.asked, [Ask::SignIn], "the operator answers for its own clients");
}

/// What was approved ends with the registration of its type.
#[tokio::test]
async fn details_end_with_the_registration_of_their_type() {
    let server = start().await;
    let request = authorize(&server, "shop", &json!([payment(), tax()])).scope("openid offline_access");
    let tokens = request.tokens().await;
    server.put_resource(resource(BANK, "payment.all").caller("bank")).await;
    let renewed = server.refresh("shop", &tokens.member("refresh_token")).await.ok();
    assert_eq!(renewed.json()["authorization_details"], json!([tax()]));
}

/// RFC 9396 §10
#[tokio::test]
async fn the_types_are_announced() {
    let server = start().await;
    let metadata = server.get("/.well-known/openid-configuration").send().await.json();
    assert_eq!(metadata["authorization_details_types_supported"], json!(["payment", "return"]));
}

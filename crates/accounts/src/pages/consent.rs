//! The consent page. Contract: two submits named `decision`, `allow` and `deny`, with ids of the same names.

use askama::Template;
use server::{AskedDetails, AskedScope};

use super::{
    Destination, Frame, Hidden, ShownClient,
    shown::{NAME_CHARS_MAX, TEXT_CHARS_MAX, initial, shown},
};
use crate::directory::Account;

/// The data of the page.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) client: &'a ShownClient,
    /// The subject that is asked, sent back with the decision.
    pub(crate) subject: &'a str,
    pub(crate) account: ShownAccount,
    pub(crate) groups: Vec<Group>,
    pub(crate) details: Vec<ShownDetails>,
    pub(crate) hidden: Hidden,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownAccount {
    pub(super) name: String,
    /// A second line that distinguishes users of the same name.
    pub(super) detail: Option<String>,
    pub(super) initial: String,
}

impl ShownAccount {
    pub(crate) fn of(account: &Account) -> Self {
        let claim = |name| account.claims.get(name).and_then(serde_json::Value::as_str);
        let username = account.username.as_str();
        let name = claim("name").unwrap_or(username);
        let detail = claim("email").or(Some(username)).filter(|detail| *detail != name);
        Self {
            name: shown(name, NAME_CHARS_MAX),
            detail: detail.map(|detail| shown(detail, NAME_CHARS_MAX)),
            initial: initial(name),
        }
    }

    /// Both lines as one.
    pub(crate) fn in_words(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({detail})", self.name),
            None => self.name.clone(),
        }
    }
}

/// Scopes of one resource, or of the account itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(super) resource: Option<ShownResource>,
    pub(super) scopes: Vec<ShownScope>,
}

impl Group {
    /// Groups the scopes by resource, in the order in which they are requested, those of the account first.
    pub(crate) fn all(scopes: &[AskedScope]) -> Vec<Self> {
        let mut groups: Vec<(Option<&str>, Self)> = Vec::new();
        for asked in scopes {
            let key = asked.resource.as_deref();
            let scope = ShownScope::of(asked);
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, group)) => group.scopes.push(scope),
                None => groups.push((key, Self { resource: ShownResource::of(asked), scopes: vec![scope] })),
            }
        }
        groups.sort_by_key(|(key, _)| key.is_some());
        groups.into_iter().map(|(_, group)| group).collect()
    }
}

/// What is asked for in detail (RFC 9396).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownDetails {
    pub(super) title: String,
    pub(super) members: Vec<(String, String)>,
}

impl ShownDetails {
    pub(crate) fn all(details: &[AskedDetails]) -> Vec<Self> {
        let member =
            |(name, value): &(String, String)| (shown(name, NAME_CHARS_MAX), shown(value, TEXT_CHARS_MAX));
        let of = |asked: &AskedDetails| Self {
            title: shown(&asked.title, NAME_CHARS_MAX),
            members: asked.members.iter().map(member).collect(),
        };
        details.iter().map(of).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShownResource {
    pub(super) name: String,
    pub(super) identifier: Option<String>,
}

impl ShownResource {
    fn of(asked: &AskedScope) -> Option<Self> {
        let identifier = asked.resource.as_deref()?;
        let identifier = shown(identifier, TEXT_CHARS_MAX);
        Some(match asked.resource_name.as_deref() {
            Some(name) => Self { name: shown(name, NAME_CHARS_MAX), identifier: Some(identifier) },
            None => Self { name: identifier, identifier: None },
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShownScope {
    pub(super) sentence: String,
    pub(super) name: String,
}

impl ShownScope {
    fn of(asked: &AskedScope) -> Self {
        let name = shown(&asked.scope, NAME_CHARS_MAX);
        let sentence = match asked.description.as_deref() {
            Some(text) => shown(text, TEXT_CHARS_MAX),
            None => {
                sentence(&asked.scope).map_or_else(|| format!("Use the permission “{name}”"), str::to_owned)
            }
        };
        Self { sentence, name }
    }
}

/// Descriptions of the scopes that OpenID Connect defines (Core 1.0 §5.4, §11).
fn sentence(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "openid" => "Know that it is you",
        "profile" => "See your profile: name, picture, language and the like",
        "email" => "See your email address",
        "address" => "See your postal address",
        "phone" => "See your phone number",
        "groups" => "See the groups that you are in",
        "offline_access" => "Keep this access while you are away, until it is removed",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use server::store::Provenance;

    use super::*;
    use crate::{
        directory::fixture::alice,
        pages::{Stranger, fixture},
    };

    fn asked(scope: &str, description: Option<&str>, resource: Option<(&str, Option<&str>)>) -> AskedScope {
        AskedScope {
            scope: scope.to_owned(),
            description: description.map(str::to_owned),
            resource: resource.map(|(identifier, _)| identifier.to_owned()),
            resource_name: resource.and_then(|(_, name)| name).map(str::to_owned),
        }
    }

    fn page(client: &ShownClient, scopes: &[AskedScope]) -> String {
        let frame = fixture::frame();
        let account = ShownAccount::of(&alice());
        ConsentPage {
            frame: &frame,
            client,
            subject: "u-1",
            account,
            groups: Group::all(scopes),
            details: Vec::new(),
            hidden: fixture::hidden(),
        }
        .render()
        .expect("renders")
    }

    #[test]
    fn the_form_keeps_its_contract_with_deny_first_and_no_focus() {
        let html = page(&fixture::client("Shop"), &[]);
        let deny = "<button class=\"button\" type=\"submit\" name=\"decision\" value=\"deny\" id=\"deny\">Deny</button>";
        let allow = "<button class=\"button main\" type=\"submit\" name=\"decision\" value=\"allow\" id=\"allow\">Allow</button>";
        let at = |part: &str| html.find(part).unwrap_or_else(|| panic!("{part} in {html}"));
        assert!(at("<form method=\"post\"") < at(deny) && at(deny) < at(allow));
        assert_eq!(html.matches("name=\"decision\"").count(), 2);
        assert_eq!(html.matches("name=\"csrf\" value=\"c-1\"").count(), 2, "in each form");
        assert!(!html.contains("autofocus") && !html.contains("action="));
    }

    #[test]
    fn the_question_names_the_client_and_where_the_answer_goes() {
        let html = page(&fixture::client("Shop"), &[]);
        assert!(html.contains("<h1>Allow “<bdi>Shop</bdi>” to use your account?</h1>"), "{html}");
        assert!(
            html.contains("<b>shop.example</b>") && html.contains("<code>https://shop.example/cb</code>")
        );
        let mut native = fixture::client("Notes");
        native.destination = Destination::of("http://127.0.0.1:33418/cb");
        let html = page(&native, &[]);
        assert!(html.contains("on this device") && html.contains("<code>http://127.0.0.1:33418/cb</code>"));
    }

    /// RFC 7591 §5: the user is told that nobody vouches for the name of the client.
    #[test]
    fn a_client_that_the_operator_did_not_register_is_told_as_such() {
        let of = |id: &str, provenance: Provenance, age: i64| {
            let mut client = fixture::client("Bank");
            client.stranger = Stranger::of(id, &provenance, Some(age));
            page(&client, &[])
        };
        assert!(!of("shop", Provenance::Operator, 9).contains("class=\"note\""));
        let token = protocol::Digest::of(b"token");
        let html = of("x", Provenance::SelfRegistered { token }, 240);
        assert!(
            html.contains("role=\"note\"><p><b>This app registered itself.</b> Its name is its own claim."),
            "{html}"
        );
        assert!(html.contains("It was first seen here 4 minutes ago."), "{html}");
        let by = Provenance::MetadataDocument { fresh_until: protocol::Timestamp(0) };
        let html = of("https://Agent.example/client.json", by, 3 * 86_400 + 5);
        assert!(html.contains("published at <b>agent.example</b>. That address is verified"), "{html}");
        assert!(html.contains("3 days ago"), "{html}");
    }

    #[test]
    fn details_are_listed_and_escaped() {
        let frame = fixture::frame();
        let asked = AskedDetails {
            title: "A <payment>".to_owned(),
            members: vec![("amount".to_owned(), "7.00 \u{202e}<b>EUR</b>".to_owned())],
        };
        let page = ConsentPage {
            frame: &frame,
            client: &fixture::client("Shop"),
            subject: "u-1",
            account: ShownAccount::of(&alice()),
            groups: Vec::new(),
            details: ShownDetails::all(&[asked]),
            hidden: fixture::hidden(),
        };
        let html = page.render().expect("renders");
        assert!(html.contains("<h3><bdi>A &#60;payment&#62;</bdi></h3>"), "{html}");
        assert!(html.contains("7.00 \u{fffd}&#60;b&#62;EUR&#60;/b&#62;"), "{html}");
        assert!(!html.contains("and nothing else"), "{html}");
    }

    #[test]
    fn who_is_signed_in_is_shown_and_can_be_changed() {
        let html = page(&fixture::client("Shop"), &[]);
        assert!(html.contains("<bdi>Alice Martin</bdi>") && html.contains("<bdi>alice@example.org</bdi>"));
        assert!(html.contains("form=\"switch\" name=\"switch\" value=\"account\">Not you?</button>"));
        let mut account = alice();
        account.claims = json!({}).as_object().cloned().expect("object");
        let plain = ShownAccount { name: "alice".into(), detail: None, initial: "A".into() };
        assert_eq!(ShownAccount::of(&account), plain);
    }

    #[test]
    fn scopes_are_sentences_grouped_by_resource_with_their_names_beside() {
        let notes = Some(("https://notes.example", Some("Notes")));
        let scopes = [
            asked("notes.read", Some("Read your notes"), notes),
            asked("openid", None, None),
            asked("print", None, Some(("https://print.example", None))),
            asked("notes.write", Some("Change your notes"), notes),
            asked("offline_access", None, None),
        ];
        let html = page(&fixture::client("Shop"), &scopes);
        let order = [
            "Know that it is you",
            "Keep this access while you are away",
            "At <bdi>Notes</bdi> · <code>https://notes.example</code>",
            "Read your notes",
            "<code>notes.read</code>",
            "Change your notes",
            "At <bdi>https://print.example</bdi></h3>",
            "Use the permission “print”",
        ];
        let places: Vec<_> = order.iter().map(|part| html.find(part)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {html}");
    }

    #[test]
    fn untrusted_text_is_escaped() {
        let hostile = "</bdi><b>x\u{202e}\n";
        let scopes = [asked("s", Some(hostile), Some(("https://x.example/\u{202e}<", Some(hostile))))];
        let html = page(&fixture::client(hostile), &scopes);
        assert!(!html.contains("</bdi><b>x") && !html.contains('\u{202e}'), "{html}");
        assert_eq!(html.matches("&#60;/bdi&#62;&#60;b&#62;x\u{fffd}\u{fffd}").count(), 5, "{html}");
    }
}

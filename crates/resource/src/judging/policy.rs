//! What a route requires of an accepted token: scopes, by method if needed, how the user signed in, custom rules.
//!
//! Pure: method and time are arguments. An invalid scope is never satisfied.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use jose::Claims;
use protocol::{Difference, Scopes, Timestamp};

use crate::judging::authorization::Authorization;
use crate::limits::LEEWAY_SECONDS;
use crate::reason::Reason;

/// What a route requires of an accepted token. Cheap to clone.
///
/// A string stands for [`Policy::all_of`]: `guard.require("notes.read")`. All requirements must hold.
///
/// ```
/// use http::Method;
/// use passavant_resource::Policy;
/// use std::time::Duration;
///
/// let music = Policy::resource_scopes("music");
/// let notes = Policy::by_method(&[
///     (Method::GET, &["notes.read", "notes.admin"]),
///     (Method::POST, &["notes.write notes.create"]),
/// ]);
/// let payments = Policy::all_of("payments").acr("urn:example:mfa").max_age(Duration::from_secs(300));
/// # let _ = (music, notes, payments);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: Arc<Vec<Rule>>,
}

impl Policy {
    /// All of these scopes, separated by spaces. An empty string accepts every token.
    pub fn all_of(scopes: &str) -> Self {
        Self::of(Rule::Scopes(Alternatives::new(&[scopes])))
    }

    /// One of these scopes, separated by spaces. An empty string accepts no token.
    pub fn any_of(scopes: &str) -> Self {
        let each: Vec<&str> = scopes.split(' ').filter(|scope| !scope.is_empty()).collect();
        Self::of(Rule::Scopes(Alternatives::new(&each)))
    }

    /// One of these alternatives, each of which is a set of scopes: `&["notes.read", "notes staff"]`. An empty list
    /// accepts no token.
    pub fn alternatives(list: &[&str]) -> Self {
        Self::of(Rule::Scopes(Alternatives::new(list)))
    }

    /// All of the first scopes for `GET`, `HEAD` and `OPTIONS`, all of the second for every other method.
    pub fn read_write(read: &str, write: &str) -> Self {
        Self::of(Rule::ReadWrite { read: Alternatives::new(&[read]), write: Alternatives::new(&[write]) })
    }

    /// For each of these names the scope `name:read` for `GET`, `HEAD` and `OPTIONS`, and `name:write` for every other
    /// method.
    pub fn resource_scopes(names: &str) -> Self {
        let suffixed = |suffix: &str| {
            let names = names.split(' ').filter(|name| !name.is_empty());
            names.map(|name| format!("{name}:{suffix}")).collect::<Vec<_>>().join(" ")
        };
        Self::read_write(&suffixed("read"), &suffixed("write"))
    }

    /// For each method a list of alternatives, each of which is a set of scopes. A method that is not in the table is
    /// refused, including `HEAD` and `OPTIONS`.
    pub fn by_method(table: &[(Method, &[&str])]) -> Self {
        let table = table.iter().map(|(method, list)| (method.clone(), Alternatives::new(list)));
        Self::of(Rule::ByMethod(table.collect()))
    }

    /// The user has one of these roles ([`crate::GuardBuilder::roles_from`]). An empty list accepts no token.
    pub fn any_role(roles: &[&str]) -> Self {
        Self::of(Rule::AnyRole(roles.iter().copied().map(str::to_owned).collect()))
    }

    /// The user signed in with one of these authentication context classes, separated by spaces, in order of
    /// preference (`acr`, RFC 9470 §3). Repeated calls must all hold.
    #[must_use]
    pub fn acr(self, values: &str) -> Self {
        let values: Vec<String> =
            values.split(' ').filter(|value| !value.is_empty()).map(str::to_owned).collect();
        if values.is_empty() {
            tracing::error!(
                "a route requires an authentication context class and names none: all requests are refused"
            );
        }
        self.and(Self::of(Rule::Acr(values)))
    }

    /// The user signed in at most this long ago (`auth_time`, RFC 9470 §3), within the leeway for clocks. Fractions of
    /// a second are dropped.
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        self.and(Self::of(Rule::MaxAge(i64::try_from(age.as_secs()).unwrap_or(i64::MAX))))
    }

    /// A custom rule over the claims of the token. Its reason decides the response; use [`Reason::ClaimsRefused`]
    /// (403) if no other fits.
    ///
    /// ```
    /// use passavant_resource::{Policy, Reason};
    ///
    /// // `groups`, `roles` and `entitlements` of RFC 9068 §2.2.3.1.
    /// let staff = Policy::default().check(|claims| match claims.strings("groups") {
    ///     Ok(groups) if groups.contains(&"staff") => Ok(()),
    ///     Ok(_) => Err(Reason::ClaimsRefused),
    ///     Err(_) => Err(Reason::ClaimMalformed),
    /// });
    /// # let _ = staff;
    /// ```
    #[must_use]
    pub fn check(self, rule: impl Fn(&Claims) -> Result<(), Reason> + Send + Sync + 'static) -> Self {
        self.and(Self::of(Rule::Own(Own(Arc::new(rule)))))
    }

    /// Both policies must hold.
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        let other = other.into();
        let both = Self { rules: Arc::new(self.rules.iter().chain(other.rules.iter()).cloned().collect()) };
        if both.acr_values().is_some_and(|values| values.is_empty()) {
            tracing::error!(
                "a route requires authentication context classes that exclude each other: all requests are refused"
            );
        }
        both
    }

    /// Whether an accepted token satisfies the policy for this method, at this time.
    pub(crate) fn judge(
        &self,
        authorization: &Authorization,
        method: &Method,
        now: Timestamp,
    ) -> Result<(), TokenRefusal> {
        let judged = self.rules.iter().try_for_each(|rule| rule.judge(authorization, method, now));
        judged.map_err(|reason| {
            let needs = self.needs(method);
            let difference = self.difference(reason, &needs, authorization);
            TokenRefusal { reason, needs, difference: difference.map(Box::new) }
        })
    }

    /// What the token has, and what it needs.
    fn difference(&self, reason: Reason, needs: &Needs, authorization: &Authorization) -> Option<Difference> {
        let roles = self.rules.iter().find_map(|rule| match rule {
            Rule::AnyRole(roles) => Some(roles.join(" or ")),
            _ => None,
        });
        let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        Some(match reason {
            Reason::ScopeInsufficient => {
                Difference::new("scope", or_none(authorization.scopes.as_str()), &needs.scopes)
            }
            Reason::ClaimsRefused => {
                Difference::new("roles", or_none(&authorization.roles.join(" ")), roles?)
            }
            Reason::AuthenticationWeak => {
                let acr = authorization.claims.string("acr").ok().flatten();
                Difference::new("acr", acr.unwrap_or("none"), needs.acr_values.as_deref()?)
            }
            _ => return None,
        })
    }

    /// What a refusal names: everything that a new token needs. Of alternatives the first.
    pub(crate) fn needs(&self, method: &Method) -> Needs {
        let acr_values = self.acr_values().filter(|values| !values.is_empty());
        let mut needs = Needs { acr_values: acr_values.map(|values| values.join(" ")), ..Needs::default() };
        let mut scopes: Vec<&str> = Vec::new();
        for rule in self.rules.iter() {
            match rule {
                Rule::Scopes(_) | Rule::ReadWrite { .. } | Rule::ByMethod(_) => {
                    let first = rule.alternatives(method).and_then(|alternatives| alternatives.0.first());
                    scopes.extend(first.into_iter().flat_map(Scopes::iter));
                }
                Rule::MaxAge(age) => {
                    needs.max_age = Some(needs.max_age.map_or(*age, |other| other.min(*age)))
                }
                Rule::AnyRole(_) | Rule::Acr(_) | Rule::Own(_) => {}
            }
        }
        needs.scopes = scopes.into_iter().collect();
        needs
    }

    /// The authentication context classes that satisfy all rules, in the order of the first rule; `None` if none is
    /// required.
    fn acr_values(&self) -> Option<Vec<&str>> {
        let mut shared: Option<Vec<&str>> = None;
        for rule in self.rules.iter() {
            let Rule::Acr(values) = rule else { continue };
            let fits = |one: &&str| values.iter().any(|value| value == one);
            shared = Some(match shared {
                None => values.iter().map(String::as_str).collect(),
                Some(known) => known.into_iter().filter(fits).collect(),
            });
        }
        shared
    }

    fn of(rule: Rule) -> Self {
        Self { rules: Arc::new(vec![rule]) }
    }
}

impl From<&str> for Policy {
    fn from(scopes: &str) -> Self {
        Self::all_of(scopes)
    }
}

impl From<&String> for Policy {
    fn from(scopes: &String) -> Self {
        Self::all_of(scopes)
    }
}

impl From<&Self> for Policy {
    fn from(policy: &Self) -> Self {
        policy.clone()
    }
}

/// A refusal, and what would have been accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenRefusal {
    pub(crate) reason: Reason,
    pub(crate) needs: Needs,
    /// What differs, for the log.
    pub(crate) difference: Option<Box<Difference>>,
}

impl From<Reason> for TokenRefusal {
    fn from(reason: Reason) -> Self {
        Self { reason, needs: Needs::default(), difference: None }
    }
}

/// What a challenge names as needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) scopes: Scopes,
    /// The scopes to request if there is no accepted token; most resources leave that to their metadata.
    pub(crate) asked: Scopes,
    pub(crate) acr_values: Option<String>,
    pub(crate) max_age: Option<i64>,
}

#[derive(Clone, Debug)]
enum Rule {
    Scopes(Alternatives),
    ReadWrite { read: Alternatives, write: Alternatives },
    ByMethod(Vec<(Method, Alternatives)>),
    AnyRole(Vec<String>),
    Acr(Vec<String>),
    MaxAge(i64),
    Own(Own),
}

impl Rule {
    fn judge(&self, authorization: &Authorization, method: &Method, now: Timestamp) -> Result<(), Reason> {
        match self {
            Self::Scopes(_) | Self::ReadWrite { .. } | Self::ByMethod(_) => match self.alternatives(method) {
                Some(alternatives) if alternatives.holds(&authorization.scopes) => Ok(()),
                Some(_) => Err(Reason::ScopeInsufficient),
                None => Err(Reason::MethodNotCovered),
            },
            Self::AnyRole(roles) => {
                let fits = roles.iter().any(|role| authorization.roles.contains(role));
                if fits { Ok(()) } else { Err(Reason::ClaimsRefused) }
            }
            Self::Acr(values) => {
                let acr = authorization.claims.string("acr").map_err(|_| Reason::ClaimMalformed)?;
                let fits = acr.is_some_and(|acr| values.iter().any(|value| value == acr));
                if fits { Ok(()) } else { Err(Reason::AuthenticationWeak) }
            }
            Self::MaxAge(age) => {
                let signed_in = authorization.claims.time("auth_time").map_err(|_| Reason::ClaimMalformed)?;
                recent(signed_in.map(Timestamp), *age, now)
            }
            Self::Own(own) => (own.0)(&authorization.claims),
        }
    }

    /// The sets of scopes of which one is needed for this method; `None` if the method is not covered.
    fn alternatives(&self, method: &Method) -> Option<&Alternatives> {
        match self {
            Self::Scopes(alternatives) => Some(alternatives),
            Self::ReadWrite { read, .. } if is_safe(method) => Some(read),
            Self::ReadWrite { write, .. } => Some(write),
            Self::ByMethod(table) => {
                table.iter().find(|(known, _)| known == method).map(|(_, alternatives)| alternatives)
            }
            Self::AnyRole(_) | Self::Acr(_) | Self::MaxAge(_) | Self::Own(_) => None,
        }
    }
}

/// A sign-in in the future of this clock has no known age.
fn recent(signed_in: Option<Timestamp>, age: i64, now: Timestamp) -> Result<(), Reason> {
    let signed_in = signed_in.ok_or(Reason::AuthenticationOld)?;
    if signed_in > now + LEEWAY_SECONDS {
        return Err(Reason::ClaimMalformed);
    }
    let within = now.since(signed_in) <= age.saturating_add(LEEWAY_SECONDS);
    if within { Ok(()) } else { Err(Reason::AuthenticationOld) }
}

/// The safe methods (RFC 9110 §9.2.1) without `TRACE`, which no API uses.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Sets of scopes of which one is needed. Without any, no token is accepted.
#[derive(Clone, Debug)]
struct Alternatives(Vec<Scopes>);

impl Alternatives {
    fn new(texts: &[&str]) -> Self {
        if texts.is_empty() {
            tracing::error!("a route accepts no scope: all requests are refused");
        }
        let parsed = texts.iter().filter_map(|text| {
            let scopes = Scopes::parse(text).inspect_err(|error| {
                tracing::error!(scopes = text, %error, "a route requires an invalid scope");
            });
            scopes.ok()
        });
        Self(parsed.collect())
    }

    fn holds(&self, held: &Scopes) -> bool {
        self.0.iter().any(|needed| needed.is_subset(held))
    }
}

type Judge = dyn Fn(&Claims) -> Result<(), Reason> + Send + Sync;

/// A custom rule.
#[derive(Clone)]
struct Own(Arc<Judge>);

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Own(..)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn token(scope: &str, claims: Value) -> Authorization {
        let Value::Object(members) = claims else { panic!("an object") };
        Authorization {
            claims: Claims::from(members),
            scopes: Scopes::stored(scope),
            roles: Vec::new(),
            expires: None,
            confirmation: None,
        }
    }

    fn judged(policy: &Policy, method: &Method, scope: &str) -> Result<(), (Reason, String)> {
        let judged = policy.judge(&token(scope, json!({})), method, NOW);
        judged.map_err(|refusal| (refusal.reason, refusal.needs.scopes.as_str().to_owned()))
    }

    /// Each row: the policy, the method, the scopes of the token, and what is said to be needed if it is refused.
    #[test]
    fn scopes_are_enough_or_not() {
        let (get, post, head, patch) = (Method::GET, Method::POST, Method::HEAD, Method::PATCH);
        let all = Policy::all_of("a b");
        let any = Policy::any_of("a b");
        let halves = Policy::read_write("read", "write x");
        let music = Policy::resource_scopes("music film");
        let table = Policy::by_method(&[
            (Method::GET, &["read"]),
            (Method::POST, &["create", "post widget"]),
            (Method::PUT, &[""]),
            (Method::DELETE, &[]),
        ]);
        let both = Policy::all_of("notes").and(Policy::read_write("read", "write"));
        let rows: &[(&Policy, &Method, &str, Option<&str>)] = &[
            (&all, &get, "b x a", None),
            (&all, &get, "a", Some("a b")),
            (&all, &get, "", Some("a b")),
            (&all, &get, "ab", Some("a b")),
            (&all, &get, "A B", Some("a b")),
            (&any, &get, "b", None),
            (&any, &get, "a", None),
            (&any, &get, "c", Some("a")),
            (&any, &get, "", Some("a")),
            (&halves, &get, "read", None),
            (&halves, &head, "read", None),
            (&halves, &Method::OPTIONS, "read", None),
            (&halves, &get, "write x", Some("read")),
            (&halves, &post, "write x", None),
            (&halves, &post, "read write", Some("write x")),
            (&halves, &Method::DELETE, "read", Some("write x")),
            (&halves, &Method::TRACE, "read", Some("write x")),
            (&music, &get, "music:read film:read", None),
            (&music, &get, "music:read", Some("music:read film:read")),
            (&music, &post, "music:write film:write", None),
            (&music, &patch, "music:read film:read", Some("music:write film:write")),
            (&table, &get, "read", None),
            (&table, &get, "create", Some("read")),
            (&table, &post, "create", None),
            (&table, &post, "post widget", None),
            (&table, &post, "post", Some("create")),
            (&table, &Method::PUT, "", None),
            (&table, &Method::DELETE, "read create post widget", Some("")),
            (&both, &get, "notes read", None),
            (&both, &get, "notes", Some("notes read")),
            (&both, &get, "read", Some("notes read")),
            (&both, &post, "notes read", Some("notes write")),
        ];
        for (policy, method, scope, needed) in rows {
            let expected = needed.map_or(Ok(()), |text| Err((Reason::ScopeInsufficient, text.to_owned())));
            assert_eq!(judged(policy, method, scope), expected, "{policy:?} {method} {scope}");
        }
    }

    #[test]
    fn a_method_that_is_not_in_the_table_is_refused() {
        let table = Policy::by_method(&[(Method::GET, &["read"]), (Method::POST, &[""])]);
        for method in [Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE, Method::TRACE] {
            let refused = (Reason::MethodNotCovered, String::new());
            assert_eq!(judged(&table, &method, "read write"), Err(refused), "{method}");
        }
        let custom = Method::from_bytes(b"get").expect("a method");
        assert!(judged(&table, &custom, "read").is_err(), "methods have a case");
        assert!(judged(&Policy::by_method(&[]), &Method::GET, "read").is_err());
    }

    #[test]
    fn what_is_no_scope_keeps_the_route_shut() {
        let held = "a b ä a\"b";
        for policy in [
            Policy::all_of("ä"),
            Policy::all_of("a\"b c"),
            Policy::any_of(""),
            Policy::any_of("  "),
            Policy::by_method(&[(Method::GET, &[])]),
            Policy::default().acr(""),
        ] {
            assert!(judged(&policy, &Method::GET, held).is_err(), "{policy:?}");
        }
        assert_eq!(judged(&Policy::all_of(""), &Method::GET, ""), Ok(()));
        assert_eq!(judged(&Policy::default(), &Method::TRACE, ""), Ok(()));
    }

    #[test]
    fn a_step_up_goes_by_acr_and_auth_time() {
        use Reason::{AuthenticationOld, AuthenticationWeak, ClaimMalformed};
        let strong = Policy::default().acr("phr mfa");
        let recent = Policy::default().max_age(Duration::from_millis(300_900));
        let rows: &[(&Policy, Value, Option<Reason>)] = &[
            (&strong, json!({"acr": "mfa"}), None),
            (&strong, json!({"acr": "phr"}), None),
            (&strong, json!({"acr": "pwd"}), Some(AuthenticationWeak)),
            (&strong, json!({"acr": "phr mfa"}), Some(AuthenticationWeak)),
            (&strong, json!({"acr": ""}), Some(AuthenticationWeak)),
            (&strong, json!({}), Some(AuthenticationWeak)),
            (&strong, json!({"acr": ["mfa"]}), Some(ClaimMalformed)),
            (&strong, json!({"acr": null}), Some(ClaimMalformed)),
            (&recent, json!({"auth_time": NOW.0}), None),
            (&recent, json!({"auth_time": NOW.0 - 330}), None),
            (&recent, json!({"auth_time": NOW.0 - 331}), Some(AuthenticationOld)),
            (&recent, json!({"auth_time": NOW.0 + 30}), None),
            (&recent, json!({"auth_time": NOW.0 + 31}), Some(ClaimMalformed)),
            (&recent, json!({"auth_time": 0}), Some(AuthenticationOld)),
            (&recent, json!({}), Some(AuthenticationOld)),
            (&recent, json!({"auth_time": "1800000000"}), Some(ClaimMalformed)),
        ];
        for (policy, claims, reason) in rows {
            let judged = policy.judge(&token("", claims.clone()), &Method::GET, NOW);
            assert_eq!(judged.err().map(|refusal| refusal.reason), *reason, "{claims}");
        }
    }

    #[test]
    fn a_refusal_names_all_that_a_new_token_needs() {
        let policy = Policy::any_of("pay admin").acr("phr mfa").max_age(Duration::from_secs(60));
        let policy = policy.max_age(Duration::from_secs(300)).and("notes");
        let refusal = policy.judge(&token("", json!({})), &Method::GET, NOW).expect_err("refused");
        assert_eq!(refusal.reason, Reason::ScopeInsufficient);
        assert_eq!(refusal.needs.scopes.as_str(), "pay notes");
        assert_eq!((refusal.needs.acr_values.as_deref(), refusal.needs.max_age), (Some("phr mfa"), Some(60)));
    }

    #[test]
    fn alternatives_are_scopes_that_are_needed_together_or_others() {
        let policy = Policy::alternatives(&["a b", "c"]);
        for scope in ["a b", "b x a", "c"] {
            assert_eq!(judged(&policy, &Method::DELETE, scope), Ok(()), "{scope}");
        }
        for scope in ["a", "b", "", "ab c2"] {
            let refused = Err((Reason::ScopeInsufficient, "a b".to_owned()));
            assert_eq!(judged(&policy, &Method::GET, scope), refused, "{scope}");
        }
        assert!(judged(&Policy::alternatives(&[]), &Method::GET, "a").is_err());
    }

    #[test]
    fn of_two_demands_for_acr_what_both_take_is_asked_for() {
        let asked = |policy: &Policy, acr: &str| {
            let judged = policy.judge(&token("", json!({ "acr": acr })), &Method::GET, NOW);
            judged.err().map(|refusal| (refusal.reason, refusal.needs.acr_values))
        };
        let both = Policy::default().acr("phr mfa sms").and(Policy::default().acr("sms mfa"));
        for acr in ["phr", "pwd"] {
            let expected = Some((Reason::AuthenticationWeak, Some("mfa sms".to_owned())));
            assert_eq!(asked(&both, acr), expected, "{acr}");
        }
        assert_eq!(asked(&both, "mfa"), None);
        let none = Policy::default().acr("phr").acr("mfa");
        for acr in ["phr", "mfa"] {
            let expected = Some((Reason::AuthenticationWeak, None));
            assert_eq!(asked(&none, acr), expected, "no sign-in is enough, so none is asked for");
        }
    }

    #[test]
    fn groups_roles_and_entitlements_are_a_rule_of_ones_own() {
        let policy = Policy::default().check(|claims| match claims.strings("groups") {
            Ok(groups) if groups.contains(&"staff") => Ok(()),
            Ok(_) => Err(Reason::ClaimsRefused),
            Err(_) => Err(Reason::ClaimMalformed),
        });
        for (claims, reason) in [
            (json!({"groups": ["x", "staff"]}), None),
            (json!({"groups": ["staffx"]}), Some(Reason::ClaimsRefused)),
            (json!({}), Some(Reason::ClaimsRefused)),
            (json!({"groups": {"staff": true}}), Some(Reason::ClaimMalformed)),
        ] {
            let judged = policy.judge(&token("", claims.clone()), &Method::GET, NOW);
            assert_eq!(judged.err().map(|refusal| refusal.reason), reason, "{claims}");
        }
    }

    #[test]
    fn an_own_rule_sees_the_claims_and_says_why() {
        let policy = Policy::all_of("a").check(|claims| match claims.string("tenant") {
            Ok(Some("blue")) => Ok(()),
            Ok(_) => Err(Reason::ClaimsRefused),
            Err(_) => Err(Reason::ClaimMalformed),
        });
        for (claims, reason) in [
            (json!({"tenant": "blue"}), None),
            (json!({"tenant": "red"}), Some(Reason::ClaimsRefused)),
            (json!({}), Some(Reason::ClaimsRefused)),
            (json!({"tenant": 1}), Some(Reason::ClaimMalformed)),
        ] {
            let judged = policy.judge(&token("a", claims.clone()), &Method::GET, NOW);
            assert_eq!(judged.err().map(|refusal| refusal.reason), reason, "{claims}");
        }
    }
}

//! The tables of members: name, type, default, who may set it, rule.
//!
//! Clients: RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2, and passavant's own. Resources: RFC 9728
//! §2, RFC 9701 §6, and passavant's own. Scopes: passavant's own.

use super::{
    checks::{backchannel, certificates, exchange, excuses, keys, scopes, sector, served, tokens, uris},
    entry::{
        Absent, Effect,
        Kind::{self, Any, Flag, Number, Object, Text, TextOrTexts, Texts, Wording},
        Member,
    },
};

const fn member(name: &'static str, kind: Kind) -> Member {
    Member::new(name, kind)
}

/// A registered member that is stored without effect.
const fn kept(name: &'static str, kind: Kind) -> Member {
    Member::new(name, kind).effect(Effect::Stored)
}

/// A registered member that describes the client or resource, and requests nothing.
const fn note(name: &'static str, kind: Kind) -> Member {
    Member::new(name, kind).effect(Effect::Note)
}

/// A credential for another server, which is read and not stored.
const fn dropped(name: &'static str, kind: Kind) -> Member {
    Member::new(name, kind).effect(Effect::Dropped)
}

/// The members of a client.
pub const CLIENT: &[Member] = &[
    member("client_id", Text).by_operator(),
    member("client_secret", Text).by_operator(),
    member("client_name", Text).translatable(),
    member("client_uri", Text).translatable().checked(uris::page),
    member("initiate_login_uri", Text).checked(uris::start),
    member("logo_uri", Text).translatable().checked(uris::page),
    member("policy_uri", Text).translatable().checked(uris::page),
    member("tos_uri", Text).translatable().checked(uris::page),
    member("application_type", Text).or(Absent::Text("web")).checked(served::application_type),
    member("redirect_uris", Texts).checked(uris::redirect_uris),
    member("post_logout_redirect_uris", Texts).checked(uris::return_uris),
    member("grant_types", Texts).or(Absent::Texts(&["authorization_code"])).checked(served::grant_types),
    member("response_types", Texts).or(Absent::Texts(&["code"])).checked(served::response_types),
    member("token_endpoint_auth_method", Text)
        .or(Absent::Text("client_secret_basic"))
        .checked(served::auth_method),
    member("token_endpoint_auth_signing_alg", Text).checked(served::signature),
    member("scope", Text).or(Absent::Text("openid")).checked(scopes::of_client),
    member("jwks", Object).checked(keys::by_value),
    member("jwks_uri", Text).checked(keys::by_reference),
    member("id_token_signed_response_alg", Text).or(Absent::Text("RS256")).checked(served::signature),
    member("id_token_encrypted_response_alg", Text).checked(keys::encryption),
    member("id_token_encrypted_response_enc", Text)
        .or(Absent::Text("A128CBC-HS256"))
        .checked(keys::content_encryption),
    member("userinfo_signed_response_alg", Text).checked(served::signature),
    member("userinfo_encrypted_response_alg", Text).checked(keys::encryption),
    member("userinfo_encrypted_response_enc", Text)
        .or(Absent::Text("A128CBC-HS256"))
        .checked(keys::content_encryption),
    member("introspection_signed_response_alg", Text).or(Absent::Text("RS256")).checked(served::signature),
    member("introspection_encrypted_response_alg", Text).checked(keys::encryption),
    member("introspection_encrypted_response_enc", Text)
        .or(Absent::Text("A128CBC-HS256"))
        .checked(keys::content_encryption),
    member("authorization_signed_response_alg", Text).or(Absent::Text("RS256")).checked(served::signature),
    member("authorization_encrypted_response_alg", Text).checked(keys::encryption),
    member("authorization_encrypted_response_enc", Text)
        .or(Absent::Text("A128CBC-HS256"))
        .checked(keys::content_encryption),
    member("backchannel_logout_uri", Text).checked(uris::back_channel_logout),
    member("backchannel_logout_session_required", Flag).or(Absent::Flag(false)),
    member("frontchannel_logout_uri", Text).checked(uris::front_channel_logout),
    member("frontchannel_logout_session_required", Flag).or(Absent::Flag(false)),
    member("request_uris", Texts).checked(uris::request_uris),
    member("request_object_signing_alg", Text).checked(keys::request_object),
    member("require_signed_request_object", Flag).or(Absent::Flag(false)),
    member("require_pushed_authorization_requests", Flag).or(Absent::Flag(false)),
    member("subject_type", Text).or(Absent::Text("public")).checked(sector::subject_type),
    member("sector_identifier_uri", Text).checked(sector::identifier_uri),
    member("default_max_age", Number),
    member("default_acr_values", Texts),
    member("authorization_details_types", Texts),
    member("require_auth_time", Flag).or(Absent::Flag(false)),
    member("cors_origins", Texts).checked(uris::origins),
    member("id_token_claims", TextOrTexts).or(Absent::Text("scopes")).checked(tokens::id_token_claims),
    member("require_strict_assertions", Flag).or(Absent::Flag(false)),
    member("tls_client_auth_subject_dn", Text).checked(certificates::subject),
    member("tls_client_auth_san_dns", Text),
    member("tls_client_auth_san_uri", Text),
    member("tls_client_auth_san_ip", Text).checked(certificates::address),
    member("tls_client_auth_san_email", Text),
    member("tls_client_certificate_bound_access_tokens", Flag)
        .or(Absent::Flag(false))
        .checked(certificates::binding),
    member("dpop_bound_access_tokens", Flag).or(Absent::Flag(false)),
    // Absent: false, or true for a client that registered itself.
    member("one_resource_per_token", Flag).by_operator(),
    member("token_exchange", Object).by_operator().checked(exchange::policy),
    member("require_pkce", Flag).or(Absent::Flag(true)).by_operator().checked(excuses::pkce),
    member("skip_consent", Flag).or(Absent::Flag(false)).by_operator(),
    member("disabled", Flag).or(Absent::Flag(false)).by_operator(),
    note("contacts", Texts),
    note("software_id", Text),
    note("software_version", Text),
    // The answer to a registration elsewhere (RFC 7591 §3.2.1, RFC 7592 §3).
    note("software_statement", Any),
    note("client_id_issued_at", Number),
    note("client_secret_expires_at", Number).checked(excuses::secret_expiry),
    note("registration_client_uri", Text),
    dropped("registration_access_token", Text),
    kept("request_object_encryption_alg", Text),
    kept("request_object_encryption_enc", Text),
    member("backchannel_token_delivery_mode", Text).or(Absent::Text("poll")).checked(backchannel::delivery),
    member("backchannel_client_notification_endpoint", Text).checked(backchannel::endpoint),
    member("backchannel_authentication_request_signing_alg", Text).checked(backchannel::signing),
    kept("backchannel_user_code_parameter", Flag),
    kept("response_modes", Texts),
];

/// The members of a resource. Only the operator registers one.
pub const RESOURCE: &[Member] = &[
    member("resource", Text).by_operator(),
    member("resource_name", Text).translatable().by_operator(),
    member("scopes", Texts).by_operator().checked(scopes::of_resource),
    member("client_id", Text).by_operator(),
    member("client_secret", Text).by_operator(),
    // Absent: `jwt` without credentials, else `opaque`.
    member("access_token_format", Text).by_operator().checked(tokens::format),
    member("access_token_typ", Text).or(Absent::Text("at+jwt")).by_operator().checked(tokens::typ),
    member("access_token_signing_alg", Text)
        .or(Absent::Text("ES256"))
        .by_operator()
        .checked(tokens::signing_algorithm),
    member("access_token_lifetime", Number).or(Absent::Number(600)).by_operator().checked(tokens::lifetime),
    member("introspection_audience", Text).by_operator().checked(tokens::introspection_audience),
    member("introspection_allow_plain", Flag).or(Absent::Flag(false)).by_operator(),
    member("introspection_signed_response_alg", Text)
        .or(Absent::Text("RS256"))
        .by_operator()
        .checked(served::signature),
    member("introspection_encrypted_response_alg", Text).by_operator().checked(keys::encryption),
    member("introspection_encrypted_response_enc", Text)
        .or(Absent::Text("A128CBC-HS256"))
        .by_operator()
        .checked(keys::content_encryption),
    member("token_endpoint_auth_method", Text).by_operator().checked(served::auth_method_of_resource),
    member("token_endpoint_auth_signing_alg", Text).by_operator().checked(served::signature),
    member("require_strict_assertions", Flag).or(Absent::Flag(false)).by_operator(),
    member("authorization_details_types", Object).by_operator().checked(tokens::details_types),
    member("jwks_uri", Text).by_operator().checked(keys::by_reference),
    member("jwks", Object).by_operator().checked(keys::by_value),
    note("authorization_servers", Any).by_operator(),
    note("bearer_methods_supported", Any).by_operator(),
    note("resource_signing_alg_values_supported", Any).by_operator(),
    note("resource_documentation", Any).by_operator(),
    note("resource_policy_uri", Any).by_operator(),
    note("resource_tos_uri", Any).by_operator(),
    note("tls_client_certificate_bound_access_tokens", Any).by_operator(),
    note("authorization_details_types_supported", Any).by_operator(),
    note("dpop_signing_alg_values_supported", Any).by_operator(),
    note("dpop_bound_access_tokens_required", Any).by_operator(),
    note("contacts", Any).by_operator(),
];

/// The members of a scope. Only the operator registers one.
pub const SCOPE: &[Member] = &[
    member("scope", Text).by_operator(),
    member("description", Wording).by_operator(),
    member("claims", Texts).by_operator(),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use protocol::ClientMetadata;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::{registration::entry::SetBy, store::ResourceSettings};

    /// A value of a kind.
    fn value(kind: Kind) -> Value {
        match kind {
            Text | TextOrTexts | Wording | Any => "x".into(),
            Texts => json!(["x"]),
            Flag => true.into(),
            Number => 1.into(),
            Object => json!({}),
        }
    }

    fn full(table: &[Member]) -> Value {
        let member = |member: &Member| (member.name.to_owned(), value(member.kind));
        Value::Object(table.iter().map(member).collect::<Map<_, _>>())
    }

    fn names(table: &[Member], of: impl Fn(&&Member) -> bool) -> BTreeSet<&str> {
        table.iter().filter(of).map(|member| member.name).collect()
    }

    #[test]
    fn every_name_is_in_a_table_once() {
        for table in [CLIENT, RESOURCE, SCOPE] {
            assert_eq!(names(table, |_| true).len(), table.len());
        }
    }

    #[test]
    fn what_is_obeyed_has_a_field_and_what_is_only_kept_has_none() {
        let metadata: ClientMetadata = serde_json::from_value(full(CLIENT)).expect("every kind fits");
        // These are stored outside of the metadata.
        let own = ["client_id", "client_secret", "require_pkce", "skip_consent", "disabled"];
        let without_field = names(CLIENT, |m| m.effect != Effect::Served || own.contains(&m.name));
        assert_eq!(metadata.other.keys().map(String::as_str).collect::<BTreeSet<_>>(), without_field);

        let settings: ResourceSettings = serde_json::from_value(full(RESOURCE)).expect("every kind fits");
        let own = ["resource", "client_id", "client_secret"];
        let without_field = names(RESOURCE, |m| m.effect != Effect::Served || own.contains(&m.name));
        assert_eq!(settings.other.keys().map(String::as_str).collect::<BTreeSet<_>>(), without_field);
    }

    #[test]
    fn the_defaults_are_those_of_the_types() {
        let default = |name: &str| CLIENT.iter().find(|member| member.name == name).expect("a row").absent;
        let metadata = ClientMetadata::default();
        let texts = |name: &str| match default(name) {
            Absent::Texts(texts) => texts.to_vec(),
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(metadata.grant_types().collect::<Vec<_>>(), texts("grant_types"));
        assert_eq!(metadata.response_types().collect::<Vec<_>>(), texts("response_types"));
        assert_eq!(default("token_endpoint_auth_method"), Absent::Text("client_secret_basic"));
        assert_eq!(metadata.auth_method(), "client_secret_basic");
    }

    #[test]
    fn a_client_that_registers_itself_sets_nothing_that_is_the_operators() {
        let operators = [
            "client_id",
            "client_secret",
            "one_resource_per_token",
            "require_pkce",
            "skip_consent",
            "token_exchange",
            "disabled",
        ];
        assert_eq!(names(CLIENT, |m| m.set_by == SetBy::Operator), BTreeSet::from(operators));
    }
}

//! The workloads: how each is asked for on both sides, and what it may cost beside the limit.

use std::sync::Arc;

use anyhow::Context as _;

use super::{
    http::Client,
    load::{Load, Requests},
    servers::{self, Bare, PASSWORD, Passavant, REDIRECT_URI},
};

/// The servers of a run.
pub(super) struct Servers {
    pub(super) passavant: Passavant,
    pub(super) bare: Bare,
}

/// A workload.
pub(super) struct Workload {
    pub(super) name: &'static str,
    /// Its maximum cost, as a ratio to that of the limit.
    pub(super) budget: f64,
    /// Connections, if it does not take those of the command line.
    pub(super) connections: Option<usize>,
    pub(super) load: fn(&Servers) -> anyhow::Result<(Load, Load)>,
}

const fn workload(
    name: &'static str,
    budget: f64,
    load: fn(&Servers) -> anyhow::Result<(Load, Load)>,
) -> Workload {
    Workload { name, budget, connections: None, load }
}

pub(super) const WORKLOADS: [Workload; 12] = [
    workload("client_credentials, opaque, durable", 1.3, opaque),
    workload("client_credentials, JWT ES256", 1.25, jwt),
    workload("introspection, opaque, active", 1.3, introspection),
    workload("introspection, opaque, inactive", 1.3, inactive),
    workload("introspection of a JWT", 1.2, introspection_of_jwt),
    workload("UserInfo", 1.4, userinfo),
    workload("whole flow: session, code, PKCE, refresh", 2.0, flow),
    workload("discovery", 1.2, |servers| document(servers, "/.well-known/openid-configuration")),
    workload("JWKS", 1.2, |servers| document(servers, "/jwks")),
    Workload { connections: Some(2), ..workload("sign-in, of one Argon2id hash", 1.1, sign_in) },
    workload("opaque token, of an HTTP form post", 2.5, opaque_of_form),
    workload("introspection, of an HTTP form post", 1.5, introspection_of_form),
];

/// Those that must not depend on the number of registered resources.
pub(super) const LARGE: [Workload; 2] = [
    workload("client_credentials with 1,000 resources", 1.3, opaque),
    workload("discovery with 1,000 resources", 1.2, |servers| {
        document(servers, "/.well-known/openid-configuration")
    }),
];

/// Those that must not depend on the number of stored tokens.
pub(super) const GROWING: [&str; 2] = [WORKLOADS[0].name, WORKLOADS[2].name];

const OPAQUE: &str = "grant_type=client_credentials&scope=bench.read+bench.write";
const JWT: &str = "grant_type=client_credentials&scope=jwt.read";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Tokens that are requested beforehand and then presented in turn.
const TOKENS: usize = 256;

fn requests(port: u16, path: &str, authorization: Option<&str>, bodies: Vec<String>) -> Requests {
    Requests { port, path: path.to_owned(), authorization: authorization.map(str::to_owned), bodies }
}

/// The same form on both sides; only passavant authenticates.
fn forms(servers: &Servers, paths: [&str; 2], basic: &str, bodies: [Vec<String>; 2]) -> (Load, Load) {
    let [ours, limit] = bodies;
    let ours = requests(servers.passavant.port, paths[0], Some(basic), ours);
    (Load::Requests(ours), Load::Requests(requests(servers.bare.port, paths[1], None, limit)))
}

fn opaque(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let bodies = [vec![OPAQUE.to_owned()], vec![OPAQUE.to_owned()]];
    Ok(forms(servers, ["/token", "/token"], servers::CLIENT, bodies))
}

fn jwt(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let bodies = [vec![JWT.to_owned()], vec![JWT.to_owned()]];
    Ok(forms(servers, ["/token", "/jwt"], servers::CLIENT, bodies))
}

fn opaque_of_form(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let bodies = [vec![OPAQUE.to_owned()], vec![OPAQUE.to_owned()]];
    Ok(forms(servers, ["/token", "/form"], servers::CLIENT, bodies))
}

/// Bodies with tokens that were just issued.
fn issued(loads: (Load, Load)) -> anyhow::Result<[Vec<String>; 2]> {
    let bodies = |load: Load| match load {
        Load::Requests(requests) => (0..TOKENS)
            .map(|_| Ok(format!("token={}", requests.token()?)))
            .collect::<anyhow::Result<Vec<_>>>(),
        Load::Sequence { .. } => anyhow::bail!("tokens are requested one by one"),
    };
    Ok([bodies(loads.0)?, bodies(loads.1)?])
}

fn introspection(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let bodies = issued(opaque(servers)?)?;
    Ok(forms(servers, ["/introspect", "/introspect"], servers::RESOURCE, bodies))
}

fn introspection_of_form(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let bodies = issued(opaque(servers)?)?;
    Ok(forms(servers, ["/introspect", "/form"], servers::RESOURCE, bodies))
}

/// Tokens of the right form that nobody issued.
fn inactive(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let [ours, _] = issued(opaque(servers)?)?;
    // The ends stay: not every text of this length is base64url of whole bytes.
    let other = |body: String| {
        let (start, token) = body.split_at("token=x".len());
        let (token, end) = token.split_at(token.len() - 2);
        format!("{start}{}{end}", token.chars().rev().collect::<String>())
    };
    let bodies: Vec<String> = ours.into_iter().map(other).collect();
    Ok(forms(servers, ["/introspect", "/introspect"], servers::RESOURCE, [bodies.clone(), bodies]))
}

fn introspection_of_jwt(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let bodies = issued(jwt(servers)?)?;
    Ok(forms(servers, ["/introspect", "/introspect-jwt"], servers::RESOURCE, bodies))
}

fn userinfo(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let Servers { passavant, bare } = servers;
    let mut client = Client::new(passavant.port);
    let code = client.sign_in(&authorization(), &servers::user(0), PASSWORD)?;
    let token = client.post("/token", Some(servers::FLOW), &redemption(&code))?.member("access_token")?;
    let ours = requests(passavant.port, "/userinfo", Some(&format!("Bearer {token}")), Vec::new());
    let Load::Requests(limit) = opaque(servers)?.1 else { anyhow::bail!("a token is one request") };
    let bearer = format!("Bearer {}", limit.token()?);
    let limit = requests(bare.port, "/userinfo", Some(&bearer), Vec::new());
    Ok((Load::Requests(ours), Load::Requests(limit)))
}

fn document(servers: &Servers, path: &str) -> anyhow::Result<(Load, Load)> {
    let bytes = Client::new(servers.passavant.port).get(path)?.bytes();
    let ours = requests(servers.passavant.port, path, None, Vec::new());
    let limit = requests(servers.bare.port, &format!("/document?{bytes}"), None, Vec::new());
    Ok((Load::Requests(ours), Load::Requests(limit)))
}

/// Every connection has a session, and runs the flow in it.
fn flow(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let port = servers.passavant.port;
    let mut browser = Client::new(port);
    browser.sign_in(&authorization(), &servers::user(0), PASSWORD)?;
    let cookies = browser.cookies;
    let (path, limit_path) = (authorization(), authorization());
    let ours = move |client: &mut Client, _: usize| {
        if client.cookies.is_empty() {
            client.cookies.clone_from(&cookies);
        }
        one_flow(client, &path)
    };
    let limit = move |client: &mut Client, _: usize| {
        client.cookies.entry("session".to_owned()).or_insert_with(|| "1".to_owned());
        one_flow(client, &limit_path)
    };
    let limit = Load::Sequence { port: servers.bare.port, run: Arc::new(limit) };
    Ok((Load::Sequence { port, run: Arc::new(ours) }, limit))
}

fn one_flow(client: &mut Client, path: &str) -> anyhow::Result<()> {
    let code = client.get(path)?.code()?.to_owned();
    let tokens = client.post("/token", Some(servers::FLOW), &redemption(&code))?;
    tokens.member("id_token").context("the redemption")?;
    let body = format!("grant_type=refresh_token&refresh_token={}", tokens.member("refresh_token")?);
    client.post("/token", Some(servers::FLOW), &body)?.member("access_token").context("the refresh")?;
    Ok(())
}

/// A browser without a session, each time; the limit is the hash of one password.
fn sign_in(servers: &Servers) -> anyhow::Result<(Load, Load)> {
    let port = servers.passavant.port;
    let path = authorization();
    let ours = move |client: &mut Client, number: usize| {
        client.cookies.clear();
        client.sign_in(&path, &servers::user(number), PASSWORD).map(drop)
    };
    let limit = |client: &mut Client, _: usize| client.post("/password", None, "").map(drop);
    let limit = Load::Sequence { port: servers.bare.port, run: Arc::new(limit) };
    Ok((Load::Sequence { port, run: Arc::new(ours) }, limit))
}

fn authorization() -> String {
    format!(
        "/authorize?response_type=code&client_id=bench-flow&redirect_uri={REDIRECT_URI}\
         &scope=openid+offline_access+profile+email+bench.read&state=s&nonce=n\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    )
}

fn redemption(code: &str) -> String {
    format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}&code_verifier={VERIFIER}")
}

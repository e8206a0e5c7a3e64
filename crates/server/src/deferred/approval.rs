//! Approving a deferred request: its grant.

use protocol::{DeferredId, GrantType};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources, TokenAudience},
    authorize::approval::Approval,
    error::{Error, Fault},
    reason::Reason,
    registry::{RegisteredClient, Resources},
    session::SignedIn,
    settle::{Carried, Decision, settle},
    store::{Commit, Deferred, DeferredChange, GrantChange},
};

/// The audience of its tokens, if what is registered now still allows what the client requested.
pub(crate) fn audience_of(
    row: &Deferred,
    client: &RegisteredClient,
    resources: &Resources,
) -> Result<TokenAudience, Reason> {
    if !row.scopes.is_subset(&client.user_scopes()) {
        return Err(Reason::ScopeNotRegistered);
    }
    let wanted = if row.narrowed { row.audience.clone() } else { Vec::new() };
    let mut audience = audience::of(resources, client, &row.scopes, &RequestedResources(wanted))?;
    audience.resources.retain(|resource| row.audience.contains(&resource.identifier));
    Ok(audience)
}

/// A request that waits for its user, and its client as registered today.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Approvable<'a> {
    pub(crate) id: DeferredId,
    pub(crate) row: &'a Deferred,
    pub(crate) client: &'a RegisteredClient,
}

/// Approves the request. Its grant has no session, so signing out ends nothing at the device; it is written only if the
/// session of whoever approves it has not ended meanwhile.
///
/// # Errors
/// [`Reason::SignInOutdated`] and [`Reason::AuthorizeClientUnknown`] as for an authorization request;
/// [`Reason::InteractionUnknown`] where it was answered meanwhile.
pub(crate) async fn approve(
    server: &AuthorizationServer,
    approvable: Approvable<'_>,
    signed_in: &SignedIn,
    alongside: impl Fn() -> Result<Commit, Fault> + Send + Sync,
    carried: Carried<'_>,
) -> Result<(), Error> {
    let Approvable { id, row, client } = approvable;
    let (now, settings) = (server.now(), server.settings());
    let audience = audience_of(row, client, &*server.registry().resources().await?)?;
    let lifetime = match client.may_use(GrantType::RefreshToken) {
        true => settings.refresh_absolute_lifetime,
        false => row.expires_at.since(now) + audience.lifetime(settings.access_token_lifetime),
    };
    let approval = Approval::new(server, client, signed_in);
    let decide = || async {
        let client_epoch = approval.client_epoch().await?;
        let grant = approval.grant(&row.scopes, &audience, now, lifetime);
        let commit = alongside()?.with(DeferredChange::Approve(id, grant.id));
        let commit = commit.with(GrantChange::Add(Box::new(grant), signed_in.basis.at(client_epoch)));
        Ok(Decision { commit, answer: Ok(()) })
    };
    settle(server.store(), carried, decide).await
}

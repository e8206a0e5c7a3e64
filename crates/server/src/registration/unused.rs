//! Clients that registered themselves and got no token are deleted after a while, so that strangers do not fill the store.

use crate::{
    AuthorizationServer,
    context::{BoxFuture, Installed},
    error::Fault,
    store::{Commit, End, Of, RegistryChange, Why},
};

pub(crate) fn install(installed: &mut Installed) {
    installed.maintenance(step);
}

fn step(server: &AuthorizationServer, limit: u32) -> BoxFuture<'_, Result<u32, Fault>> {
    Box::pin(async move {
        let now = server.now();
        let mut deleted = 0;
        for id in server.store().unused_clients(now, limit).await? {
            let ends_offline = server.settings().logout_ends_offline;
            let end = End::new(Of::Client(id.clone()), Why::ClientDeleted, ends_offline);
            let commit = Commit::new(now).with(RegistryChange::DeleteUnused(id)).with(end);
            // One that was used meanwhile stays.
            deleted += u32::from(server.store().commit(commit).await?.is_ok());
        }
        Ok(deleted)
    })
}

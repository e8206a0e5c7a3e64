//! Response types with tokens: from the authorization endpoint through the browser to the client (OpenID Connect Core 1.0
//! §3.2, §3.3; RFC 6749 §4.2). Off unless the server and the client both ask for it (RFC 9700 §2.1.2).

use protocol::{GrantType, ResponseType};

use crate::{context::Installed, endpoints::offer::Offer};

pub(crate) fn install(installed: &mut Installed, (): &()) {
    installed.response_types.extend(ResponseType::ALL.iter().filter(|known| known.has_tokens()));
    installed.advertise(|metadata, _: &Offer<'_>| {
        metadata.grant_types_supported.push(GrantType::Implicit.as_str().to_owned());
    });
}

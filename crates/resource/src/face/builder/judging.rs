//! Builder methods for judging the tokens of one issuer, and for requirements of every request.

use http::request::Parts;
use jose::{Claims, SignatureAlgorithm};

use crate::face::builder::GuardBuilder;
use crate::judging::audience::{AudienceRule, OwnAudience};
use crate::judging::issuers::SubjectClaim;
use crate::judging::policy::Policy;
use crate::judging::verifier::Mode;

impl GuardBuilder {
    /// Whether tokens are verified locally or introspected; [`Mode::Auto`] by default.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The algorithms that are accepted, instead of all that need no shared secret.
    pub fn algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// The URL of the issuer's key set, instead of discovery.
    pub fn jwks_url(mut self, url: &str) -> Self {
        self.endpoints.jwks = Some(url.to_owned());
        self
    }

    /// Refuses introspection answers that do not name the audience. A JWT must always name it.
    pub fn require_audience(mut self) -> Self {
        self.audience_required = true;
        self
    }

    /// How a token must say that it is for this API; [`AudienceRule::Exact`] by default.
    pub fn audience_rule(mut self, rule: AudienceRule) -> Self {
        self.audience_rule = rule;
        self
    }

    /// Decides with a custom rule whether a token is for this API, for each request, instead of by
    /// [`GuardBuilder::audience_rule`]. **The rule sees tokens for other APIs of the issuer too**, and nothing else
    /// refuses those: use it only for servers that express the audience in their own way.
    ///
    /// ```
    /// use passavant_resource::Guard;
    ///
    /// let builder = Guard::builder("https://id.example.org", "https://notes.example.org");
    /// // Any client may call, as long as the server names it.
    /// let builder = builder.danger_own_audience(|claims, _| matches!(claims.string("client_id"), Ok(Some(_))));
    /// # let _ = builder;
    /// ```
    pub fn danger_own_audience(
        mut self,
        rule: impl Fn(&Claims, &Parts) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.own_audience = Some(OwnAudience::new(rule));
        self
    }

    /// Accepts a token that its server reports as active although the `exp` of the answer has passed:
    /// django-oidc-provider puts the expiry of the ID token there. **A server that does not check the expiry of its
    /// tokens is believed too.** A JWT that is verified locally still expires at its `exp`.
    pub fn danger_ignore_exp(mut self) -> Self {
        self.exp_ignored = true;
        self
    }

    /// The claim that says who the user is; [`SubjectClaim::Sub`] by default.
    pub fn subject(mut self, claim: SubjectClaim) -> Self {
        self.subject = claim;
        self
    }

    /// Scopes that every request needs: all of them, separated by spaces.
    pub fn required_scopes(mut self, scopes: &str) -> Self {
        scopes.clone_into(&mut self.required_scopes);
        self
    }

    /// Further requirements of every request. Repeated calls add up.
    pub fn require(mut self, policy: impl Into<Policy>) -> Self {
        self.required = self.required.and(policy);
        self
    }
}

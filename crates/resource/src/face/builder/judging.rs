//! How the tokens of one issuer are judged, and what every request needs.

use http::request::Parts;
use jose::{Claims, SignatureAlgorithm};

use crate::face::builder::GuardBuilder;
use crate::judging::audience::{AudienceRule, OwnAudience};
use crate::judging::issuers::SubjectClaim;
use crate::judging::policy::Policy;
use crate::judging::verifier::Mode;

impl GuardBuilder {
    /// How tokens are judged; [`Mode::Auto`] unless said otherwise.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The algorithms that are accepted, in place of all that need no shared secret.
    pub fn algorithms(mut self, algorithms: &[SignatureAlgorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// Where the issuer's keys are, in place of discovery.
    pub fn jwks_url(mut self, url: &str) -> Self {
        self.endpoints.jwks = Some(url.to_owned());
        self
    }

    /// Refuses introspection answers that do not name the audience. A JWT must always name it.
    pub fn require_audience(mut self) -> Self {
        self.audience_required = true;
        self
    }

    /// How a token must say that it is for this API; [`AudienceRule::Exact`] unless said otherwise.
    pub fn audience_rule(mut self, rule: AudienceRule) -> Self {
        self.audience_rule = rule;
        self
    }

    /// Judges by a rule of your own whether a token is for this API, in place of [`GuardBuilder::audience_rule`] and
    /// for every request anew. **Tokens that the issuer made for other APIs come to it like any other**, and nothing
    /// else refuses them: only for servers that say in their own way whom a token is for.
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

    /// Takes a token that its server introspects as active although the `exp` of the answer has passed:
    /// django-oidc-provider tells there when the ID token ends. **A server that does not look at the end of its tokens
    /// is believed too.** A JWT that is verified here still ends at its `exp`.
    pub fn danger_ignore_exp(mut self) -> Self {
        self.exp_ignored = true;
        self
    }

    /// The claim that says who the user is; [`SubjectClaim::Sub`] unless said otherwise.
    pub fn subject(mut self, claim: SubjectClaim) -> Self {
        self.subject = claim;
        self
    }

    /// Scopes that every request needs, separated by spaces, all of them.
    pub fn required_scopes(mut self, scopes: &str) -> Self {
        scopes.clone_into(&mut self.required_scopes);
        self
    }

    /// What else every request needs. Called again, it adds.
    pub fn require(mut self, policy: impl Into<Policy>) -> Self {
        self.required = self.required.and(policy);
        self
    }
}

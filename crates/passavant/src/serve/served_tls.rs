//! The TLS of the listeners, as the configuration has it.

use serving::{ClientAuthorities, ClientCertificates, Tls};

use crate::{
    client_certificates::ProxiedCertificates,
    config::Config,
    terminal::{Exit, Failure},
};

/// TLS of the public listeners, and of those that ask for client certificates.
#[derive(Debug, Default)]
pub(super) struct ServedTls {
    pub(super) public: Option<Tls>,
    pub(super) mutual: Option<Tls>,
    authorities: Option<ClientAuthorities>,
}

impl ServedTls {
    /// Reads every file.
    ///
    /// # Errors
    /// [`Exit::Config`], with the file.
    pub(super) fn load(config: &Config) -> Result<Self, Failure> {
        let wrong = |error: serving::TlsError| Failure::new(Exit::Config, anyhow::Error::new(error));
        let authorities =
            config.client_ca_file.clone().map(ClientAuthorities::load).transpose().map_err(wrong)?;
        let load = |clients| {
            let files = config.tls.clone();
            files.map(|files| Tls::load(files, clients)).transpose().map_err(wrong)
        };
        let public = load(ClientCertificates::NotAsked)?;
        let mutual = match config.mutual_tls.is_empty() {
            true => None,
            false => load(ClientCertificates::Asked(authorities.clone()))?,
        };
        Ok(Self { public, mutual, authorities })
    }

    /// Reads files again that change, until the process ends.
    pub(super) fn follow(&self) {
        for tls in self.public.iter().chain(&self.mutual) {
            tokio::spawn(tls.clone().follow());
        }
        // Otherwise the listeners follow them.
        if let (Some(authorities), None) = (self.authorities.clone(), &self.mutual) {
            tokio::spawn(async move { authorities.follow().await });
        }
    }

    /// What takes certificates from the header of a proxy, if the operator wants that.
    pub(super) fn proxied(&self, config: &Config) -> Option<ProxiedCertificates> {
        config.client_cert_header.then(|| ProxiedCertificates {
            proxies: config.trusted_proxies.clone().into(),
            authorities: self.authorities.clone(),
        })
    }
}

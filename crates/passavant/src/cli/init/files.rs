//! The texts that `init` writes.

use std::{net::SocketAddr, path::Path};

use protocol::uri::Parts;

/// What the files are about.
pub(super) struct Installation<'i> {
    pub(super) issuer: &'i str,
    pub(super) listen: SocketAddr,
    /// Whether there is no proxy.
    pub(super) is_local: bool,
    pub(super) binary: &'i Path,
    pub(super) config: &'i Path,
    pub(super) key: &'i Path,
    pub(super) state: &'i Path,
    /// Whom the server runs as.
    pub(super) user: String,
}

impl Installation<'_> {
    /// The configuration: everything else has a default.
    pub(super) fn config_file(&self) -> String {
        let Self { issuer, listen, key, state, .. } = self;
        let proxies = match self.is_local {
            true => String::new(),
            false => "# The proxy on this machine, whose X-Forwarded-For names the client.\n\
                      trusted_proxies = [\"127.0.0.1\", \"::1\"]\n"
                .to_owned(),
        };
        format!(
            "# Written by passavant init. `passavant config reference` describes every key.\n\
             issuer = \"{issuer}\"\n\n\
             [http]\nlisten = \"{listen}\"\n{proxies}\n\
             [management]\n# /health/live and /health/ready\nlisten = \"127.0.0.1:{}\"\n\n\
             [database]\nurl = \"sqlite:{}\"\n\n\
             [secrets]\nmaster_key_file = \"{}\"\n",
            listen.port().wrapping_add(1).max(1024),
            state.join("passavant.db").display(),
            key.display(),
        )
    }

    /// The systemd unit.
    pub(super) fn unit(&self) -> String {
        let Self { binary, config, state, user, .. } = self;
        format!(
            "[Unit]\nDescription=passavant, an OAuth 2 and OpenID Connect server\n\
             Wants=network-online.target\nAfter=network-online.target\n\n\
             [Service]\nUser={user}\nExecStart={} serve --config {}\nRestart=on-failure\nUMask=0077\n\
             NoNewPrivileges=yes\nProtectSystem=strict\nReadWritePaths={}\nPrivateTmp=yes\nPrivateDevices=yes\n\
             ProtectKernelTunables=yes\nProtectControlGroups=yes\nRestrictSUIDSGID=yes\nLockPersonality=yes\n\n\
             [Install]\nWantedBy=multi-user.target\n",
            binary.display(),
            config.display(),
            state.display(),
        )
    }

    /// The block of a Caddyfile. Caddy gets the certificate by itself.
    pub(super) fn caddy(&self) -> String {
        format!("{} {{\n\treverse_proxy {}\n}}\n", self.authority(), self.listen)
    }

    /// The server block of nginx.
    pub(super) fn nginx(&self) -> String {
        let (host, listen) = (self.host(), self.listen);
        let port = Parts::of(self.issuer).ok().and_then(|parts| parts.port).unwrap_or(443);
        format!(
            "server {{\n    listen {port} ssl;\n    server_name {host};\n\
             \x20   ssl_certificate     /etc/ssl/certs/{host}.pem;    # your certificate\n\
             \x20   ssl_certificate_key /etc/ssl/private/{host}.key;\n\n\
             \x20   location / {{\n        proxy_pass http://{listen};\n        proxy_http_version 1.1;\n\
             \x20       proxy_set_header Host $http_host;\n        proxy_set_header X-Forwarded-For $remote_addr;\n\
             \x20       proxy_set_header X-Forwarded-Proto $scheme;\n    }}\n}}\n"
        )
    }

    /// What remains to be done.
    pub(super) fn next_steps(&self, unit: &Path, caddy: &Path, nginx: &Path) -> String {
        let Self { issuer, config, key, state, user, .. } = self;
        let is_machine_wide = user == super::USER;
        let (unit, config) = (unit.display(), config.display());
        let mut steps = vec![format!(
            "keep a copy of {} in a safe place: nothing in the database opens without it",
            key.display()
        )];
        let command = if is_machine_wide {
            let folder = key.parent().unwrap_or(Path::new("/")).display();
            steps.push(format!(
                "useradd --system --home-dir {} --shell /usr/sbin/nologin {user}\n   chown -R {user}: {folder} {}",
                state.display(),
                state.display()
            ));
            steps.push("systemctl daemon-reload && systemctl enable --now passavant".to_owned());
            format!("sudo -u {user} passavant")
        } else {
            steps.push(format!(
                "passavant serve --config {config}\n   or, as a service: systemctl enable --now {unit}"
            ));
            format!("passavant --config {config}")
        };
        if !self.is_local {
            steps.push(format!(
                "TLS in front of it: add {} to your Caddyfile, or {} to nginx",
                caddy.display(),
                nginx.display()
            ));
        }
        steps.push(format!("{command} user create alice"));
        steps.push(format!("{command} client create shop --redirect-uri https://shop.example/callback"));
        steps.push(format!("open {issuer}/.well-known/openid-configuration"));
        let steps = steps.iter().enumerate().map(|(at, step)| format!("{}. {step}\n", at + 1));
        format!("\nnext:\n{}", steps.collect::<String>())
    }

    fn host(&self) -> &str {
        Parts::of(self.issuer).ok().and_then(|parts| parts.host).unwrap_or_default()
    }

    /// Host, and the port that is not the usual one.
    fn authority(&self) -> String {
        match Parts::of(self.issuer).ok().and_then(|parts| parts.port) {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }
}

//! A small HTTP client: one kept connection, cookies, and the forms of the pages.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use anyhow::Context as _;

/// Redirects and pages that one sign-in may take.
const STEPS_MAX: usize = 10;

/// One connection, and the cookies that were set on it.
pub(super) struct Client {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
    pub(super) cookies: BTreeMap<String, String>,
}

/// An answer.
pub(super) struct Reply {
    status: u16,
    pub(super) location: Option<String>,
    body: String,
}

impl Reply {
    /// A text member of the JSON body.
    pub(super) fn member(&self, name: &str) -> anyhow::Result<String> {
        let json: serde_json::Value =
            serde_json::from_str(&self.body).with_context(|| format!("{}: {}", self.status, self.body))?;
        Ok(json[name].as_str().with_context(|| format!("no {name} in {}", self.body))?.to_owned())
    }

    /// The code of a redirect to the client.
    pub(super) fn code(&self) -> anyhow::Result<&str> {
        let location = self.location.as_deref();
        let code = location
            .and_then(|location| location.split(['?', '&']).find_map(|part| part.strip_prefix("code=")));
        code.with_context(|| format!("no code: {} {location:?} {}", self.status, self.body))
    }

    pub(super) fn bytes(&self) -> usize {
        self.body.len()
    }
}

impl Client {
    pub(super) fn new(port: u16) -> Self {
        Self { port, stream: None, cookies: BTreeMap::new() }
    }

    pub(super) fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        self.send(path, None, None)
    }

    /// Sends a form, with the value of `Authorization`.
    pub(super) fn post(
        &mut self,
        path: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> anyhow::Result<Reply> {
        self.send(path, authorization, Some(body))
    }

    /// Opens the URL of an authorization request, answers the pages, and returns the code.
    pub(super) fn sign_in(&mut self, path: &str, username: &str, password: &str) -> anyhow::Result<String> {
        let (mut at, mut reply) = (path.to_owned(), self.get(path)?);
        for _ in 0..STEPS_MAX {
            if let Some(location) = reply.location.clone() {
                if !location.starts_with('/')
                    && !location.starts_with(&format!("http://127.0.0.1:{}/", self.port))
                {
                    return Ok(reply.code()?.to_owned());
                }
                at = local(&location).to_owned();
                reply = self.get(&at)?;
                continue;
            }
            let form = form(&reply.body, username, password);
            anyhow::ensure!(!form.is_empty(), "no form at {at}: {} {}", reply.status, reply.body);
            reply = self.post(&at, None, &form)?;
        }
        anyhow::bail!("the sign-in does not end: {} {}", reply.status, reply.body)
    }

    fn send(&mut self, path: &str, authorization: Option<&str>, body: Option<&str>) -> anyhow::Result<Reply> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(("127.0.0.1", self.port))?;
                stream.set_nodelay(true)?;
                BufReader::new(stream)
            }
        };
        let mut head = String::new();
        let mut add = |text: &[&str]| text.iter().for_each(|text| head.push_str(text));
        add(&[if body.is_some() { "POST " } else { "GET " }, path, " HTTP/1.1\r\nhost: 127.0.0.1:"]);
        add(&[&self.port.to_string(), "\r\n"]);
        if let Some(authorization) = authorization {
            add(&["authorization: ", authorization, "\r\n"]);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            add(&["cookie: ", &cookies.join("; "), "\r\n"]);
        }
        if let Some(body) = body {
            let length = body.len().to_string();
            add(&["content-type: application/x-www-form-urlencoded\r\ncontent-length: ", &length, "\r\n"]);
        }
        add(&["\r\n", body.unwrap_or_default()]);
        stream.get_mut().write_all(head.as_bytes())?;
        self.receive(stream)
    }

    fn receive(&mut self, mut stream: BufReader<TcpStream>) -> anyhow::Result<Reply> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        let (mut location, mut length, mut closes) = (None, 0, false);
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "location" => location = Some(value.to_owned()),
                "connection" => closes = value.eq_ignore_ascii_case("close"),
                "set-cookie" => self.keep(value),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        if !closes {
            self.stream = Some(stream);
        }
        Ok(Reply { status, location, body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let is_deleted = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
        if is_deleted {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn local(location: &str) -> &str {
    let rest = location.strip_prefix("http://");
    rest.and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap_or(location)
}

/// The fields of the first form of a page, filled in.
fn form(page: &str, username: &str, password: &str) -> String {
    let Some((_, form)) = page.split_once("<form") else { return String::new() };
    let form = form.split_once("</form>").map_or(form, |(form, _)| form);
    let mut fields = vec!["decision=allow".to_owned()];
    for input in form.split("<input").skip(1) {
        let attribute = |name: &str| {
            let (_, rest) = input.split_once(&format!(" {name}=\""))?;
            rest.split_once('"').map(|(value, _)| value)
        };
        let value = match attribute("name") {
            Some("username") => username,
            Some("password") => password,
            Some(_) if attribute("type") == Some("hidden") => attribute("value").unwrap_or_default(),
            Some(_) | None => continue,
        };
        fields.push(format!("{}={value}", attribute("name").unwrap_or_default()));
    }
    fields.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_page_is_filled_in() {
        let page = "<form method=\"post\"><input type=\"hidden\" name=\"csrf\" value=\"t\">\
            <input id=\"username\" name=\"username\" value=\"\"><input name=\"password\" type=\"password\"></form>\
            <form><input type=\"hidden\" name=\"other\" value=\"x\"></form>";
        assert_eq!(form(page, "u", "p"), "decision=allow&csrf=t&username=u&password=p");
    }

    #[test]
    fn a_redirect_stays_on_the_connection() {
        assert_eq!(local("http://127.0.0.1:1/a?b"), "/a?b");
        assert_eq!(local("/a"), "/a");
    }
}

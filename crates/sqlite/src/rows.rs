//! Reads rows as records.

use std::{collections::BTreeSet, net::IpAddr};

use jose::Thumbprint;
use protocol::{
    Audience, ClientId, CodeChallenge, Confirmation, Digest, FamilyId, GrantId, Scopes, SessionId, Subject,
    Timestamp,
};
use rusqlite::Row;
use serde::{Serialize, de::DeserializeOwned};
use server::store::{
    Access, Caller, Code, Consent, Ended, Grant, Interaction, Refresh, ScopeAt, Session, StoredSecret,
};

use crate::error::Broken;

/// Joins values without spaces to one text.
pub(crate) fn spaced(values: &[Audience]) -> String {
    values.iter().map(Audience::as_str).collect::<Vec<_>>().join(" ")
}

/// Writes one scope at one resource in each line.
pub(crate) fn lines(approved: &BTreeSet<ScopeAt>) -> String {
    approved.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Writes a value as JSON, if there is one.
pub(crate) fn json<T: Serialize>(value: Option<&T>) -> Result<Option<String>, Broken> {
    value.map(serde_json::to_string).transpose().map_err(|_| Broken::Word("details"))
}

/// The columns of [`grant`], of a table called `g`.
macro_rules! grant_columns {
    () => {
        "g.id, g.subject, g.client, g.session, g.offline, g.scopes, g.audience, g.narrowed, g.authenticated_at, \
         g.amr, g.approved_at, g.expires_at, g.details, g.ended_at"
    };
}
pub(crate) use grant_columns;

/// An address that was written as text.
pub(crate) fn address(columns: &mut Columns<'_>, name: &'static str) -> Result<Option<IpAddr>, Broken> {
    let text = columns.text_or_none()?;
    text.map(|text| text.parse().map_err(|_| Broken::Word(name))).transpose()
}

/// A row whose columns are read in order.
pub(crate) struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    fn column(&mut self) -> Result<rusqlite::types::ValueRef<'a>, Broken> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }

    pub(crate) fn number(&mut self) -> Result<i64, Broken> {
        Ok(self.column()?.as_i64()?)
    }

    pub(crate) fn number_or_none(&mut self) -> Result<Option<i64>, Broken> {
        Ok(self.column()?.as_i64_or_null()?)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Broken> {
        Ok(self.number()? != 0)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Broken> {
        self.number().map(Timestamp)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Broken> {
        Ok(self.column()?.as_str()?)
    }

    pub(crate) fn text_or_none(&mut self) -> Result<Option<&'a str>, Broken> {
        Ok(self.column()?.as_str_or_null()?)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        Ok(self.column()?.as_blob()?)
    }

    pub(crate) fn bytes_or_none(&mut self) -> Result<Option<&'a [u8]>, Broken> {
        Ok(self.column()?.as_blob_or_null()?)
    }

    pub(crate) fn digest<S>(&mut self) -> Result<Digest<S>, Broken> {
        let bytes = self.bytes()?.try_into().map_err(|_| Broken::Word("digest"))?;
        Ok(Digest::stored(bytes))
    }

    /// A number that was written as a `u32`.
    fn count(&mut self, column: &'static str) -> Result<u32, Broken> {
        u32::try_from(self.number()?).map_err(|_| Broken::Word(column))
    }

    /// Whether the next column, which stays the next one, has a value: for the row of an outer join.
    pub(crate) fn is_next_set(&self) -> Result<bool, Broken> {
        Ok(self.row.get_ref(self.next)? != rusqlite::types::ValueRef::Null)
    }

    /// A key that a code is bound to, if any.
    fn thumbprint(&mut self) -> Result<Option<Thumbprint>, Broken> {
        let bytes = self.bytes_or_none()?.map(TryInto::try_into).transpose();
        Ok(bytes.map_err(|_| Broken::Word("dpop_jkt"))?.map(Thumbprint::from_bytes))
    }

    /// The keys that a token is bound to. One that can't be read is a fault, never an unbound token.
    fn confirmation(&mut self) -> Result<Option<Box<Confirmation>>, Broken> {
        let Some(bytes) = self.bytes_or_none()? else { return Ok(None) };
        let confirmation = Confirmation::from_bytes(bytes).map_err(|_| Broken::Word("confirmation"))?;
        Ok(Some(Box::new(confirmation)))
    }

    /// A value that was written as JSON, if any.
    fn json<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<Box<T>>, Broken> {
        let Some(text) = self.text_or_none()? else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|_| Broken::Word(name))
    }

    pub(crate) fn audience(&mut self) -> Result<Vec<Audience>, Broken> {
        let text = self.text()?;
        Ok(text.split(' ').filter(|one| !one.is_empty()).map(Audience::new).collect())
    }
}

/// [`grant_columns`], and whether it was revoked.
pub(crate) fn grant(columns: &mut Columns<'_>) -> Result<(Grant, Option<Ended>), Broken> {
    let grant = Grant {
        id: GrantId(columns.number()?),
        subject: Subject::new(columns.text()?),
        client: ClientId::new(columns.text()?),
        session: columns.number_or_none()?.map(SessionId),
        offline: columns.flag()?,
        scopes: Scopes::stored(columns.text()?),
        audience: columns.audience()?,
        narrowed: columns.flag()?,
        authenticated_at: columns.time()?,
        amr: columns.text()?.into(),
        approved_at: columns.time()?,
        expires_at: columns.time()?,
        details: columns.json("details")?,
    };
    let ended = columns.number_or_none()?.map(|_| Ended::Grant);
    Ok((grant, ended))
}

/// `grant_id, redirect_uri, challenge, nonce, expires_at, used_at, tries, dpop_jkt`
pub(crate) fn code(columns: &mut Columns<'_>) -> Result<Code, Broken> {
    Ok(Code {
        grant: GrantId(columns.number()?),
        redirect_uri: columns.text()?.into(),
        challenge: columns.text_or_none()?.map(CodeChallenge::stored),
        nonce: columns.text_or_none()?.map(Into::into),
        expires_at: columns.time()?,
        used: columns.number_or_none()?.is_some(),
        tries: columns.count("tries")?,
        dpop_jkt: columns.thumbprint()?,
    })
}

/// `id, grant_id, generation, rotated_at, expires_at, key, confirmation`
pub(crate) fn refresh(columns: &mut Columns<'_>) -> Result<Refresh, Broken> {
    Ok(Refresh {
        family: FamilyId(columns.number()?),
        grant: GrantId(columns.number()?),
        generation: columns.count("generation")?,
        rotated_at: columns.time()?,
        expires_at: columns.time()?,
        key: columns.count("key")?,
        confirmation: columns.confirmation()?,
    })
}

/// `grant_id, client, epoch, subject, scopes, audience, narrowed, issued_at, expires_in, confirmation, details, act`
pub(crate) fn access(columns: &mut Columns<'_>) -> Result<Access, Broken> {
    let grant = columns.number_or_none()?.map(GrantId);
    let client = ClientId::new(columns.text()?);
    let epoch = columns.number()?;
    let subject = columns.text_or_none()?.map(Subject::new);
    let scopes = Scopes::stored(columns.text()?);
    let audience = columns.audience()?;
    let narrowed = columns.flag()?;
    let issued_at = columns.time()?;
    let expires_at = issued_at + columns.number()?;
    let confirmation = columns.confirmation()?;
    let details = columns.json("details")?;
    let act = columns.text_or_none()?.map(Into::into);
    Ok(Access {
        grant,
        client,
        epoch,
        subject,
        scopes,
        audience,
        narrowed,
        issued_at,
        expires_at,
        confirmation,
        details,
        act,
    })
}

/// `subject, client, approved, given_at`
pub(crate) fn consent(columns: &mut Columns<'_>) -> Result<Consent, Broken> {
    Ok(Consent {
        subject: Subject::new(columns.text()?),
        client: ClientId::new(columns.text()?),
        approved: columns.text()?.lines().map(ScopeAt::from).collect(),
        given_at: columns.time()?,
    })
}

/// `subject, authenticated_at, amr, seen_at, expires_at`
pub(crate) fn session(columns: &mut Columns<'_>) -> Result<Session, Broken> {
    Ok(Session {
        subject: Subject::new(columns.text()?),
        authenticated_at: columns.time()?,
        amr: columns.text()?.into(),
        seen_at: columns.time()?,
        expires_at: columns.time()?,
    })
}

/// `browser, request, expires_at, used_at`
pub(crate) fn interaction(columns: &mut Columns<'_>) -> Result<Interaction, Broken> {
    Ok(Interaction {
        browser: columns.digest()?,
        request: columns.text()?.into(),
        expires_at: columns.time()?,
        used: columns.number_or_none()?.is_some(),
    })
}

/// `client_id, epoch, disabled, secret_digest, secret_sealed`, or `None` if the first of them is null.
pub(crate) fn caller(columns: &mut Columns<'_>) -> Result<Option<Caller>, Broken> {
    let id = columns.text_or_none()?.map(ClientId::new);
    let (epoch, disabled) = (columns.number_or_none()?, columns.number_or_none()?);
    let digest = columns.bytes_or_none()?.map(TryInto::try_into).transpose();
    let digest = digest.map_err(|_| Broken::Word("secret_digest"))?;
    let sealed = columns.bytes_or_none()?.map(<[u8]>::to_vec);
    let secret = digest.map(|digest| StoredSecret { digest, sealed });
    let (Some(id), Some(epoch), Some(disabled)) = (id, epoch, disabled) else { return Ok(None) };
    Ok(Some(Caller { id, epoch, disabled: disabled != 0, secret }))
}

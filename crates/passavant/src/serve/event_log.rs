//! Logs the events of the outbox, whoever wrote them: this server, a command beside it, another server.

use std::time::Duration;

use server::{
    AuthorizationServer, Fault, SubjectForLogs,
    store::{Actor, Event},
};
use tracing::field::display;

/// Time between two looks at the outbox.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Events that are read at once.
const PAGE: u32 = 200;

/// The target of the lines, by which `log.filter` selects them.
const TARGET: &str = "event";

/// Logs events from now on, until it is dropped.
pub(super) struct EventLog {
    server: AuthorizationServer,
    cursor: i64,
}

impl EventLog {
    /// Begins behind the latest event.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn begin(server: AuthorizationServer) -> Result<Self, Fault> {
        let cursor = server.store().latest_event().await?;
        Ok(Self { server, cursor })
    }

    /// Logs what comes.
    pub(super) async fn follow(mut self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut was_read = true;
        loop {
            looks.tick().await;
            let read = self.look().await;
            if let Err(fault) = &read
                && was_read
            {
                tracing::warn!(%fault, "events could not be read, and are not logged");
            }
            was_read = read.is_ok();
        }
    }

    async fn look(&mut self) -> Result<(), Fault> {
        loop {
            let page = self.server.store().events(self.cursor, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            self.cursor = *last;
            page.iter().for_each(|(_, event)| log(event));
        }
    }
}

/// One line. A user is named as everywhere in the log, an operator by the name of the tool or person.
fn log(event: &Event) {
    let actor = event.actor.as_ref().map(|actor| match actor {
        Actor::User(subject) => format!("user:{}", SubjectForLogs(subject)),
        other => other.to_text(),
    });
    let (actor, request_id) = (actor.as_deref(), event.request_id.as_deref());
    let peer = event.peer.as_ref().map(display);
    let subject = event.subject.as_ref().map(|subject| display(SubjectForLogs(subject)));
    let client = event.client.as_ref().map(display);
    let (event_kind, why) = (event.kind.as_str(), event.why.as_deref());
    let detail = Some(&*event.detail).filter(|detail| !detail.is_empty());
    tracing::info!(
        target: TARGET,
        event = event_kind,
        at = event.at.0,
        actor,
        peer,
        request_id,
        subject,
        client,
        detail,
        why,
        "event"
    );
}

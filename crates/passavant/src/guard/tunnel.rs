//! A connection that both ends have agreed to speak another protocol over: bytes, both ways, until one side ends or
//! nothing moves any more.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
};

use super::{flowing::Progress, limits::TUNNEL_PAUSE_SECONDS_MAX};
use crate::http::Answering;

/// Opens a tunnel once both connections are free for it.
pub(super) fn open(outside: OnUpgrade, inside: OnUpgrade, held: (OwnedSemaphorePermit, Answering)) {
    tokio::spawn(async move {
        let _held = held;
        let (outside, inside) = match tokio::try_join!(outside, inside) {
            Ok(both) => both,
            Err(error) => {
                tracing::debug!(%error, "a tunnel did not open");
                return;
            }
        };
        let progress = Progress::begin();
        let mut outside = Watching { stream: TokioIo::new(outside), progress: progress.clone() };
        let mut inside = Watching { stream: TokioIo::new(inside), progress: progress.clone() };
        tokio::select! {
            ended = tokio::io::copy_bidirectional(&mut outside, &mut inside) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a tunnel broke");
                }
            }
            () = progress.rested_for(Duration::from_secs(TUNNEL_PAUSE_SECONDS_MAX)) => {
                tracing::debug!("a tunnel was silent for too long");
            }
        }
    });
}

/// One end, which tells when bytes come.
struct Watching {
    stream: TokioIo<Upgraded>,
    progress: Progress,
}

impl AsyncRead for Watching {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_ready() {
            self.progress.moved();
        }
        read
    }
}

impl AsyncWrite for Watching {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

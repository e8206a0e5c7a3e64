//! Servers that hang, disconnect, drip, flood, redirect and compress.

use std::time::Duration;

use passavant_resource::Reason;
use serde_json::json;

use super::{Makers, Row, refusal};
use crate::stub::{Play, http};

/// A valid answer, for faults of the transport.
fn good() -> String {
    json!({"active": true, "scope": "read"}).to_string()
}

pub(super) fn redirect(makers: &Makers, status: &str) -> Play {
    let location = format!("Location: {}/good", makers.issuer);
    Play::Say(http(status, &[&location], good().as_bytes()))
}

pub(super) fn rows(makers: &Makers) -> Vec<Row> {
    let mut rows = silences();
    rows.extend(breaks());
    rows.extend(compressed());
    let redirects = [
        ("301", "301 Moved Permanently"),
        ("302", "302 Found"),
        ("303", "303 See Other"),
        ("307", "307 Temporary Redirect"),
        ("308", "308 Permanent Redirect"),
    ];
    for (name, status) in redirects {
        rows.push(refusal(name, &[], redirect(makers, status), Reason::IntrospectionFailed));
    }
    rows
}

fn failed(name: &'static str, lines: &'static [&'static str], play: Play) -> Row {
    refusal(name, lines, play, Reason::IntrospectionFailed)
}

fn silences() -> Vec<Row> {
    let good = good();
    let whole = http("200 OK", &["Content-Type: application/json"], good.as_bytes());
    let drip = Play::Drip(whole.clone(), Duration::from_millis(50));
    vec![
        failed("silence", &["dot: silent", "lasuite: slower than the deadline"], Play::Stall(Vec::new())),
        // The client skips informational responses without keeping them; the deadline ends it.
        failed("hints without end", &[], {
            Play::Flood(Vec::new(), b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".to_vec())
        }),
        failed("half a status line", &[], Play::Stall(b"HTTP/1.1 20".to_vec())),
        failed("half the headers", &[], Play::Stall(whole[..whole.len() - good.len() - 4].to_vec())),
        failed("half a body", &[], Play::Stall(whole[..whole.len() - 5].to_vec())),
        failed("slower than the deadline, byte by byte", &[], drip),
        failed("100 Continue and no more", &[], Play::Stall(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())),
        failed(
            "half a chunk",
            &[],
            Play::Stall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{".to_vec()),
        ),
    ]
}

fn breaks() -> Vec<Row> {
    let good = good();
    let whole = http("200 OK", &["Content-Type: application/json"], good.as_bytes());
    let chunked = |body: &str| {
        Play::Say(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}").into_bytes())
    };
    let wide = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(2_000_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n{good}", "X: y\r\n".repeat(10_000));
    vec![
        failed("reset", &["lasuite: connection lost"], Play::Reset),
        failed("the end at once", &[], Play::Say(Vec::new())),
        failed("the end in the headers", &[], Play::Say(whole[..20].to_vec())),
        failed("the end in the body", &[], Play::Say(whole[..whole.len() - 5].to_vec())),
        failed("no HTTP", &[], Play::Say(b"220 mail.example ESMTP\r\n".to_vec())),
        failed("HTTP/0.9", &[], Play::Say(good.clone().into_bytes())),
        failed("two lengths", &[], {
            Play::Say(
                format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 31\r\n\r\n{good}")
                    .into_bytes(),
            )
        }),
        failed("no length", &[], {
            Play::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{good}").into_bytes())
        }),
        failed("a chunk without length", &[], chunked("zz\r\n{}\r\n0\r\n\r\n")),
        failed("a chunk beyond all numbers", &[], chunked("fffffffffffffffff\r\n{}")),
        failed("the end before the last chunk", &[], chunked("2\r\n{}\r\n")),
        failed("one header of two megabytes", &[], Play::Say(wide.into_bytes())),
        failed("ten thousand headers", &[], Play::Say(many.into_bytes())),
        failed(
            "101",
            &[],
            Play::Say(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_vec(),
            ),
        ),
    ]
}

/// No compression was offered, so nothing is decompressed, not even a decompression bomb.
fn compressed() -> Vec<Row> {
    let gzip: &[u8] =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xed\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7Om\x0e7\xa0";
    let coded = |coding: &str, body: &[u8]| {
        Play::Say(http(
            "200 OK",
            &["Content-Type: application/json", &format!("Content-Encoding: {coding}")],
            body,
        ))
    };
    let malformed = |name, play| refusal(name, &[], play, Reason::AnswerMalformed);
    vec![
        malformed("gzip", coded("gzip", gzip)),
        malformed("br", coded("br", gzip)),
        malformed("zstd", coded("zstd", b"\x28\xb5\x2f\xfd")),
        malformed("gzip that is none", coded("gzip", good().as_bytes())),
        malformed("gzip that does not say so", Play::Say(http("200 OK", &[], gzip))),
    ]
}

pub(super) fn floods() -> Vec<Row> {
    let spaces = vec![b' '; 64 * 1024];
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend_from_slice(&spaces);
    chunk.extend_from_slice(b"\r\n");
    let head = |more: &str| format!("HTTP/1.1 200 OK\r\n{more}\r\n").into_bytes();
    let mut headers = b"X: ".to_vec();
    headers.extend_from_slice(&spaces);
    headers.extend_from_slice(b"\r\n");
    let begun = b"HTTP/1.1 200 OK\r\n".to_vec();
    vec![
        failed("100 MB, announced", &[], Play::Flood(head("Content-Length: 104857600\r\n"), spaces.clone())),
        failed(
            "a body without end, chunked",
            &[],
            Play::Flood(head("Transfer-Encoding: chunked\r\n"), chunk),
        ),
        failed("a body without end, until it closes", &[], Play::Flood(head(""), spaces)),
        failed("headers without end", &[], Play::Flood(begun, headers)),
    ]
}

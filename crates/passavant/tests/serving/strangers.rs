//! What strangers can't use up for others: connections, and tries to sign in.

use std::{net::SocketAddr, time::Duration};

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::process::{Server, client, folder, outcome, run, send};

/// More than the server has places for.
const MANY: usize = 1_000;

fn management(server: &Server) -> SocketAddr {
    let said = server.said.iter().find_map(|line| line.strip_prefix("management ")).expect("an address");
    said.trim().parse().expect("an address")
}

async fn idle(address: SocketAddr, sent: &[u8]) -> Vec<TcpStream> {
    let mut open = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        // One that made room already is closed.
        let _ = stream.write_all(sent).await;
        open.push(stream);
    }
    open
}

#[tokio::test]
async fn idle_connections_stop_neither_the_service_nor_its_health() {
    let folder = folder();
    let server = Server::configured(folder.path());
    let management = management(&server);
    let whole = b"GET /jwks HTTP/1.1\r\nhost: localhost:4000\r\n\r\n";
    for (address, sent) in [
        (server.address, &b""[..]),
        (server.address, &whole[..9]),
        (server.address, whole),
        (management, b""),
    ] {
        let open = idle(address, sent).await;
        for url in [server.url("/jwks"), format!("http://{management}/health/ready")] {
            let answer = tokio::time::timeout(Duration::from_secs(5), send(client().get(&url))).await;
            assert_eq!(
                answer.unwrap_or_else(|_| panic!("{url} waits after {sent:?}")).status(),
                200,
                "{url}"
            );
        }
        drop(open);
    }
}

#[test]
fn nothing_is_limited_at_first_and_an_account_can_be_unlocked() {
    let folder = folder();
    let _server = Server::configured(folder.path());
    let command = |arguments: &[&str]| {
        outcome(&run(folder.path(), &[&["-c", "passavant.toml", "user"], arguments].concat()))
    };
    let (code, said) = command(&["create", "alice", "--without-password"]);
    assert_eq!(code, Some(0), "{said}");
    for _ in 0..2 {
        let (code, said) = command(&["unlock", "Alice"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("forgave the failed sign-ins of alice"), "{said}");
    }
    assert_eq!(command(&["unlock", "nobody"]).0, Some(4));
    let (code, said) = command(&["limited"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("alice"), "{said}");
}

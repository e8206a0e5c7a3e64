//! A protected API with actix-web, configured by `PASSAVANT_*` (see `Guard::from_env`) and `LISTEN`.

use std::error::Error;

use actix_web::web::{self, Json};
use actix_web::{App, HttpServer};
use passavant_resource::extract::{Claims, OptionalToken};
use passavant_resource::{Denied, Guard, Token};
use serde::{Deserialize, Serialize};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let guard = Guard::from_env()?;
    let server = HttpServer::new(move || {
        let anybody = web::resource("/hello").wrap(guard.layer().optional().actix()).get(hello);
        let notes = web::scope("")
            .wrap(guard.require("notes.read").actix())
            .route("/notes", web::get().to(read))
            .route("/notes", web::post().to(write))
            .route("/me", web::get().to(me));
        App::new().configure(guard.actix_metadata()).service(anybody).service(notes)
    });
    let server = server.bind(listen())?;
    eprintln!("listening on http://{}", server.addrs()[0]);
    server.run().await?;
    Ok(())
}

async fn read(token: Token) -> String {
    format!("notes of {}", token.subject())
}

/// The middleware requires `notes.read`; this handler requires more.
async fn write(token: Token) -> Result<&'static str, Denied> {
    token.require("notes.write")?;
    Ok("written")
}

#[derive(Deserialize, Serialize)]
struct Me {
    sub: String,
    department: String,
}

/// A token without these claims is refused with 401.
async fn me(Claims(me): Claims<Me>) -> Json<Me> {
    Json(me)
}

async fn hello(OptionalToken(token): OptionalToken) -> String {
    format!("hello {}", token.as_ref().map_or("nobody", Token::subject))
}

#[expect(clippy::disallowed_methods, reason = "LISTEN is this example's one own setting")]
fn listen() -> String {
    std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:4100".to_owned())
}

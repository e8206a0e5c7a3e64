//! What handlers take the token with, framework by framework.

mod axum;

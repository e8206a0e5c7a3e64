//! The one stylesheet.

use std::{
    hash::{DefaultHasher, Hasher as _},
    sync::LazyLock,
};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use server::Answer;

/// Where it is, below the issuer.
pub(crate) const PATH: &str = "/assets/ui.css";

const STYLE: &str = include_str!("../../assets/ui.css");

/// Changes whenever the text does.
static TAG: LazyLock<HeaderValue> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    hasher.write(STYLE.as_bytes());
    HeaderValue::from_str(&format!("\"{:016x}\"", hasher.finish())).expect("hexadecimal digits in quotes")
});

/// The stylesheet, or 304 where the browser has it (RFC 9110 §13.1.2).
pub(crate) fn answer(headers: &HeaderMap) -> Answer {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = known.flat_map(|line| line.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    let is_known = tags.any(|tag| tag.as_bytes() == TAG.as_bytes());
    let mut answer = if is_known { Answer::default() } else { Answer::new(STYLE.into()) };
    if is_known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = answer.headers_mut();
    headers.insert(header::ETAG, TAG.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn the_stylesheet_may_be_kept_for_an_hour_and_is_sent_once() {
        let first = answer(&HeaderMap::new());
        assert_eq!(first.headers()[header::CACHE_CONTROL], "public, max-age=3600");
        assert_eq!(first.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
        let tag = first.headers()[header::ETAG].clone();
        assert_eq!(first.into_body().collect().await.expect("whole").to_bytes(), STYLE);
        let again = answer(&HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.into_body().collect().await.expect("whole").to_bytes().is_empty());
    }

    #[test]
    fn the_stylesheet_is_right_to_left_safe_light_and_dark_and_loads_nothing() {
        for physical in
            ["-left", "-right", "left:", "right:", " width:", "text-align: left", "url(", "@import"]
        {
            assert!(!STYLE.contains(physical), "{physical}");
        }
        assert!(STYLE.contains("prefers-color-scheme: dark"));
    }

    #[test]
    fn no_selector_is_styled_twice_outside_of_the_color_schemes() {
        let rules = STYLE.lines().filter(|line| !line.starts_with([' ', '@', '}', '/']));
        let mut selectors: Vec<&str> =
            rules.filter_map(|line| line.split_once(" {")).map(|rule| rule.0).collect();
        assert!(selectors.len() > 30, "{selectors:?}");
        selectors.sort_unstable();
        let twice: Vec<_> = selectors.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert!(selectors.contains(&".alert p"));
    }
}

//! The one stylesheet.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use server::Answer;

use super::asset;

/// Its path below the issuer.
pub(crate) const PATH: &str = "/assets/ui.css";

const STYLE: &str = include_str!("../../assets/ui.css");

/// Serves the stylesheet, which browsers may cache.
pub(crate) fn answer(headers: &HeaderMap) -> Answer {
    asset::answer(
        headers,
        &Bytes::from_static(STYLE.as_bytes()),
        HeaderValue::from_static("text/css; charset=utf-8"),
    )
}

#[cfg(test)]
mod tests {
    use http::{StatusCode, header};
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn the_stylesheet_may_be_cached_for_an_hour_and_is_sent_once() {
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

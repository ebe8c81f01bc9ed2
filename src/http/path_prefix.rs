//! What a proxy puts before the paths of the page and of the interface, and does not take away again. So the page works below
//! any path with no setting, whether its proxy strips that or not.

use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};

/// Takes away what stands before the first part of a path that is the page, the interface or its documentation. Health checks
/// and metrics are for machines nearby, and keep their own paths.
pub fn take_away<B>(request: &mut Request<B>) {
    let Some(stripped) = stripped(request.uri()) else { return };
    *request.uri_mut() = stripped;
}

fn stripped(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let (start, _) = path.match_indices('/').find(|(start, _)| is_own(&path[*start..]))?;
    if start == 0 {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    let rest = PathAndQuery::try_from(&parts.path_and_query?.as_str()[start..]).ok()?;
    parts.path_and_query = Some(rest);
    Uri::from_parts(parts).ok()
}

fn is_own(path: &str) -> bool {
    path.starts_with("/api/v1/")
        || ["/dashboard", "/docs"]
            .iter()
            .any(|own| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_first_own_part_is_taken_away() {
        for (path, taken) in [
            ("/eventlease/dashboard/", "/dashboard/"),
            ("/team/queue/dashboard/a/0/main.js", "/dashboard/a/0/main.js"),
            ("/eventlease/dashboard", "/dashboard"),
            ("/eventlease/docs", "/docs"),
            ("/eventlease/docs/style.css", "/docs/style.css"),
            ("/eventlease/api/v1/events?status=queued&x=/dashboard/", "/api/v1/events?status=queued&x=/dashboard/"),
            ("/api/eventlease/api/v1/queues", "/api/v1/queues"),
            ("http://queue.example/x/api/v1/queues", "http://queue.example/api/v1/queues"),
        ] {
            let uri: Uri = path.parse().expect("a URI");
            assert_eq!(stripped(&uri), Some(taken.parse().expect("a URI")), "{path}");
        }
        for path in [
            "/",
            "*",
            "/dashboard/",
            "/dashboard/docs/dashboard/",
            "/api/v1/queues/dashboard/pause",
            "/docs",
            "/eventlease/healthz",
            "/eventlease/metrics",
            "/eventlease/dashboards",
            "/eventlease/docsandmore",
            "/eventlease/api/v2/events",
            "/eventlease/api/v1",
            "/eventlease/?next=/dashboard/",
        ] {
            assert_eq!(stripped(&path.parse().expect("a URI")), None, "{path}");
        }
    }
}

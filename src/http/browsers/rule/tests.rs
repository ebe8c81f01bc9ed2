//! Headers, and what becomes of the request.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};

use super::{Call, Hosts, Refusal, RequestHead, check};

const HOST: (&str, &str) = ("host", "127.0.0.1:8080");
const FOREIGN: (&str, &str) = ("origin", "http://evil.example");

fn verdict(call: Call, hosts: Hosts<'_>, target: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
    verdict_in(Version::HTTP_11, call, hosts, target, headers)
}

fn verdict_in(
    version: Version,
    call: Call,
    hosts: Hosts<'_>,
    target: &str,
    headers: &[(&str, &str)],
) -> Result<(), Refusal> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        map.append(HeaderName::try_from(*name).expect("a name"), value);
    }
    let uri = Uri::try_from(target).expect("a target");
    check(hosts, RequestHead { call, version, uri: &uri, headers: &map })
}

/// Of any call but a lease, with and without authentication.
#[track_caller]
fn assert_both(headers: &[(&str, &str)], expected: &Result<(), Refusal>) {
    for hosts in [Hosts::Any, Hosts::LocalAnd(&[])] {
        assert_eq!(&verdict(Call::Other, hosts, "/api/v1/queues", headers), expected, "{hosts:?} {headers:?}");
    }
}

#[test]
fn programs_and_pages_of_this_server_pass() {
    for headers in [
        &[HOST][..],
        &[HOST, ("user-agent", "curl/8.0")],
        &[HOST, ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")],
        &[HOST, ("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8080")],
        &[HOST, ("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")],
        &[HOST, ("sec-fetch-site", "Same-Origin")],
        &[("host", "[::1]:8080"), ("origin", "http://[::1]:8080")],
        &[("host", "eventlease"), ("origin", "https://eventlease")],
        &[HOST, ("x-forwarded-host", "queue.example"), ("origin", "https://queue.example")],
        &[HOST, ("x-forwarded-host", "queue.example:8443"), ("origin", "https://queue.example:8443")],
        &[HOST, ("x-forwarded-host", "queue.example, inner"), ("origin", "https://queue.example")],
        &[
            HOST,
            ("x-forwarded-host", "inner"),
            ("x-forwarded-host", "queue.example"),
            ("origin", "http://queue.example"),
        ],
        &[HOST, FOREIGN, ("x-eventlease-dashboard", "1")],
        &[HOST, FOREIGN, ("x-eventlease-dashboard", "1"), ("sec-fetch-site", "same-origin")],
    ] {
        assert_both(headers, &Ok(()));
    }
}

#[test]
fn the_browsers_word_that_another_site_asks_ends_it() {
    for site in ["cross-site", "same-site", "CROSS-SITE", "", "?1", "same-origin, cross-site", "noné"] {
        let site = ("sec-fetch-site", site);
        for others in [&[][..], &[("x-eventlease-dashboard", "1")], &[("origin", "http://127.0.0.1:8080")]] {
            assert_both(&[&[HOST, site], others].concat(), &Err(Refusal::OtherSite));
        }
        assert_both(&[HOST, ("sec-fetch-site", "same-origin"), site], &Err(Refusal::OtherSite));
        assert_both(&[HOST, site, ("sec-fetch-site", "none")], &Err(Refusal::OtherSite));
    }
    let link = [HOST, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert_both(&link, &Err(Refusal::OtherSite));
}

#[test]
fn the_pages_files_are_for_the_page_whatever_a_proxy_made_of_the_host() {
    let file = |headers: &[(&str, &str)]| verdict(Call::File, Hosts::Any, "/dashboard/a/0/main.js", headers);
    assert_eq!(file(&[HOST, FOREIGN, ("sec-fetch-site", "same-origin")]), Ok(()));
    assert_eq!(file(&[HOST, FOREIGN]), Ok(()));
    assert_eq!(file(&[HOST, ("sec-fetch-site", "cross-site")]), Err(Refusal::OtherSite));
}

#[test]
fn a_link_of_another_site_may_open_the_page_in_a_tab_and_nowhere_else() {
    let opened = |hosts, headers: &[(&str, &str)]| verdict(Call::Page, hosts, "/dashboard/", headers);
    let (site, mode) = (("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"));
    for hosts in [Hosts::Any, Hosts::LocalAnd(&[])] {
        assert_eq!(opened(hosts, &[HOST, site, mode, ("sec-fetch-dest", "document")]), Ok(()));
        for headers in [
            &[HOST, site][..],
            &[HOST, site, mode],
            &[HOST, site, mode, ("sec-fetch-dest", "iframe")],
            &[HOST, site, mode, ("sec-fetch-dest", "document"), ("sec-fetch-dest", "document")],
            &[HOST, site, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "document")],
        ] {
            assert_eq!(opened(hosts, headers), Err(Refusal::OtherSite), "{headers:?}");
        }
        let with_origin = [HOST, site, mode, ("sec-fetch-dest", "document"), FOREIGN];
        assert_eq!(opened(hosts, &with_origin), Err(Refusal::OtherOrigin));
    }
    let rebound = [("host", "evil.example"), site, mode, ("sec-fetch-dest", "document")];
    assert_eq!(opened(Hosts::LocalAnd(&[]), &rebound), Err(Refusal::HostNotAllowed("evil.example".to_owned())));
}

#[test]
fn an_origin_that_is_not_the_hosts_ends_it() {
    for origin in [
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:8081",
        "http://localhost:8080",
        "null",
        "",
        "file://",
        "127.0.0.1:8080",
        "http://127.0.0.1:8080/",
        "moz-extension://127.0.0.1:8080",
        "http://127.0.0.1:8080, http://evil.example",
    ] {
        assert_both(&[HOST, ("origin", origin)], &Err(Refusal::OtherOrigin));
        assert_both(&[HOST, ("origin", "http://127.0.0.1:8080"), ("origin", origin)], &Err(Refusal::OtherOrigin));
        assert_both(&[HOST, ("origin", origin), ("sec-fetch-site", "same-origin")], &Err(Refusal::OtherOrigin));
    }
    for dashboard in ["", "0", "true", "1, 1", "11"] {
        assert_both(&[HOST, FOREIGN, ("x-eventlease-dashboard", dashboard)], &Err(Refusal::OtherOrigin));
    }
    let twice = ("x-eventlease-dashboard", "1");
    assert_both(&[HOST, FOREIGN, twice, twice], &Err(Refusal::OtherOrigin));
    for forwarded in ["", "127.0.0.1:8080", "evil.example:81", "evil.example.org", "http://evil.example", ", ,"] {
        assert_both(&[HOST, FOREIGN, ("x-forwarded-host", forwarded)], &Err(Refusal::OtherOrigin));
    }
    // Which of two hosts was meant is not known, so that neither is the origin's.
    let two = [HOST, ("host", "evil.example"), FOREIGN];
    assert_eq!(verdict(Call::Other, Hosts::Any, "/", &two), Err(Refusal::OtherOrigin));
    assert_eq!(verdict(Call::Other, Hosts::Any, "/", &[FOREIGN]), Err(Refusal::OtherOrigin));
}

#[test]
fn without_authentication_a_name_that_strangers_can_own_must_be_allowed() {
    let allowed = ["queue.example".to_owned()];
    let asked = |host: &str| verdict(Call::Other, Hosts::LocalAnd(&allowed), "/healthz", &[("host", host)]);
    for host in ["127.0.0.1", "[::1]:8080", "eventlease_1:8080", "a.ns.svc", "queue.example", "QUEUE.example.:8080"] {
        assert_eq!(asked(host), Ok(()), "{host}");
    }
    for host in ["evil.example", "sub.queue.example", "queue.example.evil"] {
        assert_eq!(asked(host), Err(Refusal::HostNotAllowed(host.to_owned())), "{host}");
        assert_eq!(verdict(Call::Other, Hosts::Any, "/healthz", &[("host", host)]), Ok(()), "{host}");
    }
    for host in ["", "a b", "127.0.0.1, 127.0.0.1", "user@localhost", "localhost/", "nonsensé"] {
        assert_eq!(asked(host), Err(Refusal::HostUnclear), "{host}");
    }
    // What a proxy says of the host that it was asked for opens nothing, and closes nothing.
    let forwarded = |host, forwarded| {
        verdict(Call::Other, Hosts::LocalAnd(&[]), "/", &[("host", host), ("x-forwarded-host", forwarded)])
    };
    assert_eq!(forwarded("evil.example", "localhost"), Err(Refusal::HostNotAllowed("evil.example".to_owned())));
    assert_eq!(forwarded("eventlease", "queue.example"), Ok(()));
}

#[test]
fn one_host_is_named_and_the_target_agrees() {
    let local = Hosts::LocalAnd(&[]);
    let unclear = Err(Refusal::HostUnclear);
    assert_eq!(verdict(Call::Other, local, "/", &[]), unclear);
    assert_eq!(verdict(Call::Other, local, "/", &[HOST, HOST]), unclear);
    assert_eq!(verdict(Call::Other, local, "/", &[HOST, ("host", "evil.example")]), unclear);
    assert_eq!(verdict(Call::Other, local, "http://127.0.0.1:8080/", &[HOST]), Ok(()));
    for target in ["http://evil.example/", "http://localhost:8080/", "http://me@127.0.0.1:8080/", "evil.example:80"] {
        assert_eq!(verdict(Call::Other, local, target, &[HOST]), unclear, "{target}");
    }
    assert_eq!(verdict(Call::Other, local, "http://127.0.0.1/", &[]), unclear);
    // Load balancers probe by HTTP/1.0, which needs no Host; where it names one, that one counts.
    let old = |target, headers| verdict_in(Version::HTTP_10, Call::Other, local, target, headers);
    assert_eq!(old("/healthz", &[]), Ok(()));
    assert_eq!(old("/healthz", &[HOST]), Ok(()));
    assert_eq!(old("http://127.0.0.1/", &[]), Ok(()));
    let foreign = Err(Refusal::HostNotAllowed("evil.example".to_owned()));
    assert_eq!(old("http://evil.example/", &[]), foreign);
    assert_eq!(old("/healthz", &[("host", "evil.example")]), foreign);
    assert_eq!(old("/healthz", &[HOST, HOST]), unclear);
    assert_eq!(old("http://me@127.0.0.1/", &[]), unclear);
    for target in ["/", "*", "http://evil.example/"] {
        assert_eq!(verdict(Call::Other, Hosts::Any, target, &[]), Ok(()), "{target}");
    }
}

#[test]
fn no_browser_leases() {
    let lease = |headers: &[(&str, &str)]| {
        let headers = [&[HOST], headers].concat();
        let verdicts = [Hosts::Any, Hosts::LocalAnd(&[])].map(|hosts| verdict(Call::LeaseByGet, hosts, "/", &headers));
        assert_eq!(verdicts[0], verdicts[1], "{headers:?}");
        verdicts[0].clone()
    };
    for headers in [
        &[("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36")][..],
        &[("user-agent", "mozilla/4.0")],
        &[("user-agent", "Mozilla/5.0 (Linux; Android 15; 小米)")],
        &[("user-agent", "Mozilla/5.0"), ("x-eventlease-dashboard", "1"), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-mode", "navigate")],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), FOREIGN],
    ] {
        assert_eq!(lease(headers), Err(Refusal::NotForBrowsers), "{headers:?}");
    }
    assert_eq!(lease(&[FOREIGN]), Err(Refusal::OtherOrigin));
    assert_eq!(lease(&[("sec-fetch-site", "something new")]), Err(Refusal::OtherSite));
    for headers in [
        &[][..],
        &[("user-agent", "curl/8.0")],
        &[("user-agent", "python-requests/2.32 (not Mozilla/5.0)")],
        &[("user-agent", "Mozill")],
        // Node's fetch.
        &[("user-agent", "node"), ("sec-fetch-mode", "cors")],
        &[("user-agent", "é")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")],
    ] {
        assert_eq!(lease(headers), Ok(()), "{headers:?}");
    }
    let exchange = |headers: &[(&str, &str)]| verdict(Call::Exchange, Hosts::Any, "/", &[&[HOST], headers].concat());
    assert_eq!(exchange(&[("sec-fetch-mode", "navigate")]), Err(Refusal::NotForBrowsers));
    assert_eq!(exchange(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]), Err(Refusal::OtherSite));
    assert_eq!(exchange(&[("user-agent", "Mozilla/5.0"), ("sec-fetch-site", "same-origin")]), Ok(()));
    let named = verdict(
        Call::LeaseByGet,
        Hosts::LocalAnd(&[]),
        "/",
        &[("host", "evil.example"), ("user-agent", "Mozilla/5.0")],
    );
    assert_eq!(named, Err(Refusal::HostNotAllowed("evil.example".to_owned())));
}

use clap::Parser;

use super::ServeConfig;

#[derive(Parser)]
struct Serve {
    #[command(flatten)]
    config: ServeConfig,
}

#[test]
fn whoever_listens_beyond_loopback_asks_for_tokens_unless_told_not_to() {
    for (flags, is_required, are_lease_tokens_optional) in [
        (&["--listen", "127.0.0.1:0"][..], false, true),
        (&["--listen", "[::1]:0"], false, true),
        (&["--listen", "[::ffff:127.0.0.1]:0"], false, true),
        (&["--listen", "localhost:0"], false, true),
        (&["--listen", "0.0.0.0:0"], true, false),
        (&["--listen", "[::]:0"], true, false),
        (&["--listen", "192.0.2.1:0"], true, false),
        (&["--listen", "0.0.0.0:0", "--auth", "off"], false, true),
        (&["--listen", "127.0.0.1:0", "--auth", "required"], true, false),
        (&["--auth", "required", "--lease-tokens", "optional"], true, true),
        (&["--auth", "off", "--lease-tokens", "required"], false, false),
    ] {
        let arguments = ["serve"].iter().chain(flags);
        let config = Serve::parse_from(arguments).config;
        assert_eq!(config.is_auth_required(), is_required, "{flags:?}");
        assert_eq!(config.are_lease_tokens_optional(), are_lease_tokens_optional, "{flags:?}");
    }
}

#[test]
fn empty_items_of_a_list_are_ignored() {
    for (proxies, hosts, count) in
        [("", "", 0), (",", " ", 0), ("10.0.0.0/8,", "a.example,", 1), (" ::1, , ::2", "a.example, ,b.example", 2)]
    {
        let flags = [format!("--trusted-proxy={proxies}"), format!("--allowed-hosts={hosts}")];
        let arguments = std::iter::once("serve").chain(flags.iter().map(String::as_str));
        let access = Serve::parse_from(arguments).config.access;
        assert_eq!((access.trusted_proxies().len(), access.allowed_hosts().len()), (count, count), "{flags:?}");
    }
}

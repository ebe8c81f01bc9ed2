//! The parameters of a database URL: which ones are understood, and which ones may be shown.

use std::net::IpAddr;

use url::Url;

/// Said of a URL with more than one host.
pub const SEVERAL_HOSTS: &str = "names several hosts, and one is expected: name an address that follows the primary, like that of a proxy or a virtual one";
/// Added to what is said of a URL whose user name or password may be what confuses its parser.
pub const ENCODING: &str = "in a user name or password, write '#' as %23, '/' as %2F, '?' as %3F and '@' as %40";

/// Whether a log may show them.
const UNDERSTOOD: [(&str, bool); 18] = [
    ("sslmode", true),
    ("ssl-mode", true),
    ("sslrootcert", true),
    ("ssl-root-cert", true),
    ("ssl-ca", true),
    ("sslcert", true),
    ("ssl-cert", true),
    ("sslkey", true),
    ("ssl-key", true),
    ("statement-cache-capacity", true),
    ("host", true),
    ("hostaddr", true),
    ("port", true),
    ("dbname", true),
    ("user", true),
    ("application_name", true),
    ("password", false),
    ("options", false),
];
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// True if a parameter of that name may be shown: nothing else, like a part of a password, looks like one.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-')
}

fn understood(name: &str) -> Option<bool> {
    if name.starts_with("options[") && name.ends_with(']') {
        return Some(false);
    }
    UNDERSTOOD.iter().find(|(known, _)| *known == name).map(|(_, is_harmless)| *is_harmless)
}

/// What a log shows, and what an '@' does not belong in unless it is encoded.
const NAMES: [&str; 2] = ["user", "dbname"];

/// Refuses what reads like the rest of a password that has a '?' or an '&': something without a '='; an '@' where a name
/// stands, in the name of a user or database, or, in a URL without user name, in the value of a parameter that is not
/// understood.
pub fn check_form(query: &str, has_user: bool) -> Result<(), String> {
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(format!(
                "has something without a '=' among the parameters after its '?'; in a value, write '&' as %26; {ENCODING}"
            ));
        };
        if NAMES.contains(&name) && value.contains('@') {
            return Err(format!("has an '@' in its parameter {name}, where it is to be written as %40; {ENCODING}"));
        }
        let is_understood = understood(name).is_some();
        if !is_understood && (!is_name(name) || (!has_user && value.contains('@'))) {
            return Err(format!(
                "has something after a '?' that is no parameter, as if a password had a '?'; {ENCODING}"
            ));
        }
    }
    Ok(())
}

/// Takes the parameters out that are not understood, and answers their names.
pub fn keep_understood(url: &mut Url) -> Result<Vec<String>, String> {
    let (kept, ignored): (Vec<_>, Vec<_>) =
        url.query_pairs().into_owned().partition(|(name, _)| understood(name).is_some());
    for (name, value) in &kept {
        check_value(name, value)?;
    }
    set(url, &kept);
    Ok(ignored.into_iter().map(|(name, _)| name).collect())
}

/// Takes the parameters out that may hold a password.
pub fn keep_harmless(url: &mut Url) {
    let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| understood(name) == Some(true)).collect();
    set(url, &kept);
}

fn set(url: &mut Url, pairs: &[(String, String)]) {
    if pairs.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
}

fn check_value(name: &str, value: &str) -> Result<(), String> {
    // A comma may stand in the path of a socket's folder.
    let names_several = match name {
        "host" => !value.starts_with('/') && value.contains(','),
        "hostaddr" | "port" => value.contains(','),
        _ => false,
    };
    if names_several {
        return Err(SEVERAL_HOSTS.to_owned());
    }
    let expected = match name {
        "sslmode" | "ssl-mode" if !SSL_MODES.contains(&value.to_ascii_lowercase().as_str()) => {
            format!("one of {}", SSL_MODES.join(", "))
        }
        "port" if value.parse::<u16>().is_err() => "a port number".to_owned(),
        "hostaddr" if value.parse::<IpAddr>().is_err() => "an IP address".to_owned(),
        "statement-cache-capacity" if value.parse::<usize>().is_err() => "a number".to_owned(),
        _ => return Ok(()),
    };
    Err(format!("has a parameter {name} that is not {expected}"))
}

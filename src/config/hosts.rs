//! Host names that an operator allows.

/// Reads a host name into lower case, without a port and a trailing dot, as the name in `Host` is compared.
fn host_name(text: &str) -> Result<String, String> {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = text.trim().rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(text.trim(), |(name, _)| name);
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if name.split('.').all(is_label) {
        Ok(name)
    } else {
        Err("is not a host name like queue.example.com, without a scheme, a path or a wildcard; other than ASCII as xn--…".to_owned())
    }
}

/// One of several with commas between them. An empty one, like that of a variable without a value, is none.
pub fn host_name_if_any(item: &str) -> Result<Option<String>, String> {
    if item.trim().is_empty() { Ok(None) } else { host_name(item).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::host_name;

    #[test]
    fn a_host_name_is_read_as_it_is_compared() {
        for (written, read) in [
            ("queue.example.com", "queue.example.com"),
            (" Queue.Example.COM.:8080", "queue.example.com"),
            ("queue_1.example:", "queue_1.example"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("xn--e1afmkfd.example", "xn--e1afmkfd.example"),
        ] {
            assert_eq!(host_name(written).as_deref(), Ok(read), "{written}");
        }
        for bad in [
            "",
            ".",
            "a..b",
            "*",
            "*.example.com",
            "http://queue.example.com",
            "queue.example.com/",
            "a b",
            "é.example",
        ] {
            assert!(host_name(bad).is_err_and(|error| error.contains("queue.example.com")), "{bad}");
        }
    }
}

//! The page for operators.

use clap::{Args, ValueEnum};

const MAX_NAME_CHARS: usize = 60;

/// Whether it is served, and what it calls the installation.
#[derive(Args, Clone, Debug)]
pub struct DashboardConfig {
    /// Whether the page for operators is served at /dashboard/. Its files have no data, and need no token.
    #[arg(long, env = "EVENTLEASE_DASHBOARD", value_enum, default_value_t = Dashboard::On)]
    dashboard: Dashboard,

    /// What people call this installation, up to 60 characters: the page shows it, so that nobody takes production for a test.
    #[arg(long, env = "EVENTLEASE_INSTALLATION_NAME", value_name = "NAME", value_parser = name)]
    installation_name: Option<String>,
}

impl DashboardConfig {
    /// Whether the page is served.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.dashboard == Dashboard::On
    }

    /// What people call this installation. A variable without a value is no name.
    #[must_use]
    pub fn installation_name(&self) -> Option<&str> {
        self.installation_name.as_deref().filter(|name| !name.is_empty())
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Dashboard {
    On,
    Off,
}

fn name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(format!("is longer than {MAX_NAME_CHARS} characters"));
    }
    if name.chars().any(char::is_control) {
        return Err("has control characters".to_owned());
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_short_line() {
        assert_eq!(name(" Games, production ").as_deref(), Ok("Games, production"));
        assert_eq!(name("").as_deref(), Ok(""));
        assert!(name(&"é".repeat(60)).is_ok() && name(&"é".repeat(61)).is_err());
        assert!(name("a\nb").is_err());
    }
}

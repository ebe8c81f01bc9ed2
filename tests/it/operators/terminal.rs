//! The program as on a terminal: what it asks is read, and answered.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};

use nix::pty::{Winsize, openpty};

use crate::cli::program::{Ended, command};

/// A program that has asked, and waits for an answer.
pub struct OnTerminal {
    /// All that the terminal showed until then.
    pub shown: String,
    terminal: File,
    child: Child,
}

impl OnTerminal {
    /// Starts it with its input and errors on a terminal, and returns when it asks.
    pub async fn start(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let start = move || {
            let pair = openpty(None, None).expect("a pair of terminals");
            let other_end = || Stdio::from(pair.slave.try_clone().expect("one more"));
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let started = command(&arguments).stdin(other_end()).stderr(other_end()).spawn();
            let child = started.expect("the program can be started");
            drop(pair.slave);
            let mut terminal = File::from(pair.master);
            let mut shown = Vec::new();
            while !shown.ends_with(b"[y/N] ") {
                let mut byte = [0];
                assert!(terminal.read(&mut byte).is_ok_and(|count| count == 1), "it does not ask: {shown:?}");
                shown.push(byte[0]);
            }
            Self { shown: String::from_utf8(shown).expect("UTF-8"), terminal, child }
        };
        tokio::task::spawn_blocking(start).await.expect("no panic")
    }

    /// Types an answer, and waits for the end. What the terminal shows from then on, the answer too, is `stderr`.
    pub async fn answer(mut self, text: &str) -> Ended {
        let text = text.to_owned();
        let answer = move || {
            self.terminal.write_all(text.as_bytes()).expect("it reads");
            let mut stdout = String::new();
            self.child.stdout.take().expect("piped").read_to_string(&mut stdout).expect("UTF-8");
            let code = self.child.wait().expect("it was started").code();
            let mut shown = Vec::new();
            // Ends with an error, since nobody is at the other end any more.
            self.terminal.read_to_end(&mut shown).ok();
            Ended { code, stdout, stderr: String::from_utf8(shown).expect("UTF-8") }
        };
        tokio::task::spawn_blocking(answer).await.expect("no panic")
    }
}

/// All that the program shows on a terminal with lines of that many characters.
pub async fn shown_on(columns: u16, arguments: &[&str]) -> String {
    let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let run = move || {
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).expect("a pair of terminals");
        let other_end = || Stdio::from(pair.slave.try_clone().expect("one more"));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut started = command(&arguments);
        started.stdin(other_end()).stdout(other_end()).stderr(other_end());
        let mut child = started.spawn().expect("the program can be started");
        // The command holds the other end open as well.
        drop((started, pair.slave));
        let mut shown = Vec::new();
        // Ends with an error, since nobody is at the other end any more.
        File::from(pair.master).read_to_end(&mut shown).ok();
        child.wait().expect("it was started");
        String::from_utf8(shown).expect("UTF-8").replace("\r\n", "\n")
    };
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

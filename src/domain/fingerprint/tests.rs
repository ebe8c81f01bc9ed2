mod causes;
mod libraries;
mod strangers;

use std::collections::HashSet;
use std::time::Instant;

use super::normalized::normalized;
use super::*;
use crate::domain::limits::{MAX_ERROR_MESSAGE_CHARS, MAX_FINGERPRINT_READ_CHARS, MAX_FINGERPRINTED_CHARS};

fn of(kind: Option<&str>, message: &str) -> String {
    fingerprint(Cause::Error { fingerprint: None, kind, message, json: None }).text.into_owned()
}

#[test]
fn what_changes_is_taken_out_of_a_message() {
    for (message, normal) in [
        ("", ""),
        ("out of memory", "out of memory"),
        // white space
        ("  out \t of\r\n  memory\n", "out of memory"),
        // UUIDs
        ("event 01a20093-1ca2-7da5-8000-86c2b092a5fc is gone", "event # is gone"),
        ("event_01A20093-1CA2-7DA5-8000-86C2B092A5FC.", "event_#."),
        // hexadecimal numbers of 8 digits and more, and with 0x
        ("commit deadbeef not found", "commit # not found"),
        ("commit dead not found", "commit dead not found"),
        ("object at 0x7f at 0X7FFE12", "object at # at #"),
        ("npc.Mind@1b2c died", "npc.Mind@# died"),
        ("faces and facades", "faces and facades"),
        // numbers
        ("took 12 of 3.5, -7 or +1e-05 and 1,234,567", "took # of # or # and #"),
        ("took 30s or 250ms (limit=20)", "took # or # (limit=#)"),
        ("after 1m30s, 2 hours 5 minutes or 1.5 GiB", "after # or #"),
        ("1 error, 2 errors", "# error, # error"),
        ("shape (1x512) of torch.Size([1, 512])", "shape (#) of torch.Size([#])"),
        ("worker7 of node-12_a", "worker# of node-#_a"),
        ("request req_8fKx02, req_Kxfab71", "request req_#"),
        ("event 01ARZ3NDEKTSV4RRFFQ69G5FAV", "event #"),
        ("pod worker-7d9f8b6c5-x2k4q, agent-bkzrt", "pod worker-#, agent-bkzrt"),
        ("commit 1a2b3c4, id=mira", "commit #, id=#"),
        ("k8s, i18n, getById", "k#s, i#n, getById"),
        ("npcs npc-1, npc-2, npc-3 and [[1, 2], [3]]", "npcs npc-# and [[#]]"),
        ("between 10-20 or 3/4", "between # or #"),
        ("version 1.2.3 is too old", "version # is too old"),
        ("line 3: bad token", "line #: bad token"),
        // quoted strings
        (r#"no key "mood" in 'npc \'7\'' or `scene`"#, r##"no key "mood" in "#" or "#""##),
        ("no key “mood” in ‘npc’ or «scene»", r##"no key "mood" in "#" or "#""##),
        ("can't open the users' file, isn't there", "can't open the users' file, isn't there"),
        ("'don't' is quoted", r##""#" is quoted"##),
        ("a \" that is left open 5", "a \" that is left open #"),
        // times
        ("at 2030-01-31T12:00:00.123Z", "at #"),
        ("at 2030-01-31T12:00:00+01:00", "at #"),
        ("at 2030-01-31", "at #"),
        ("at 12:00:59.5", "at #"),
        ("at Thu, 31 Jan 2030 12:00:00 GMT", "at # # # # GMT"),
        // addresses
        ("connect to 10.0.0.7:5432 failed", "connect to # failed"),
        ("connect to [fe80::1ff:fe23]:80 failed", "connect to # failed"),
        ("connect to db-3.internal:5432: refused", "connect to db-#.internal:#: refused"),
        ("no mail to mira@example.com", "no mail to #"),
        // the last parts of paths
        ("cannot read /var/lib/npc/mira.json: denied", "cannot read /var/lib/npc/#: denied"),
        ("cannot read ./mira.json", "cannot read ./#"),
        ("cannot read ~/npc/", "cannot read ~/#"),
        (r"cannot read C:\npc\mira.json", r"cannot read C:\npc\#"),
        ("GET https://api.example.com/v1/models/mira?page=3", "GET https://api.example.com/v#/models/#"),
        (
            "GET https://npc:pw@api.example.com:8443 of https://a.com/v1/npc/mira#top",
            "GET https://api.example.com:# of https://a.com/v#/npc/#",
        ),
        ("who has /npcs/mira? I do, in npc/mira.json", "who has /npcs/#? I do, in npc/#"),
        ("read and/or write", "read and/or write"),
        // codes
        (
            "HTTP 404, HTTP/1.1 503, statusCode=418, error 500 of 600",
            "HTTP 404, HTTP/# 503, statusCode=418, error 500 of #",
        ),
        ("got 404 rows, got 503", "got # row, got 503"),
        (
            "exit code 137, exit status 2, errno 13, SQLSTATE 42P01",
            "exit code 137, exit status 2, errno 13, SQLSTATE 42P01",
        ),
        // quoted names and causes
        ("'mira'", r#""mira""#),
        ("KeyError: 'npc-7'", r#"KeyError: "npc-#""#),
        ("ValueError: 'mira' is odd", r##"ValueError: "#" is odd"##),
        ("OSError('no space on disk 7')", r#"OSError("no space on disk #")"#),
        ("'NoneType' object has no attribute 'mood'", r#""NoneType" object has no attribute "mood""#),
        // JSON
        (
            r#"{"error": {"code": "late", "message": "after \"7\" s"}, "npc": "mira", "ids": ["a", "b"]}"#,
            r##"{"error": {"code": "late", "message": "after "#" s"}, "npc": "#", "ids": ["#"]}"##,
        ),
        (r#"[{"loc": ["body", "mood"]}, {"id": 7}, {"id": 8}]"#, r#"[{"loc": ["body", "mood"]}, {"id": #}]"#),
        // data
        ("DETAIL: Key (name)=(Mira of the Hills) exists", "DETAIL: Key (name)=(#) exists"),
        ("...", "..."),
        ("/", "/"),
    ] {
        assert_eq!(normalized(message), normal, "{message:?}");
    }
}

#[test]
fn a_fingerprint_is_of_the_type_and_of_the_message() {
    let late = of(Some("Timeout"), "no answer after 30 s");
    assert_eq!((late.len(), late.chars().all(|c| c.is_ascii_hexdigit())), (16, true));
    assert_eq!(late, of(Some("Timeout"), "no answer after 31.5 s"));
    let others = [
        of(None, "no answer after 30 s"),
        of(Some("Crash"), "no answer after 30 s"),
        of(Some("Timeout"), "no reply after 30 s"),
        of(None, "Timeout no answer after 30 s"),
    ];
    assert!(others.iter().all(|other| *other != late), "{late} {others:?}");
}

/// Stored fingerprints stay what they are: who changes one of these needs a new version of the rule.
#[test]
fn fingerprints_are_the_same_in_every_version_with_this_rule() {
    assert_eq!(RULE, 2);
    assert_eq!(of(Some("Timeout"), "no answer from npc 7"), "29d3d95d8739da98");
    assert_eq!(of(None, "no answer from npc 7"), "152c7b6c1bffc331");
    assert_eq!(fingerprint(Cause::Loss { outcome: "expired" }).text, "1ee5b5eff78172e3");
}

#[test]
fn a_loss_has_the_fingerprint_of_its_outcome() {
    let outcomes = ["expired", "max_lease", "engine_unresponsive", "engine_restarted"];
    let of_losses: HashSet<_> = outcomes.map(|outcome| fingerprint(Cause::Loss { outcome }).text).into();
    assert_eq!(of_losses.len(), 4);
    assert!(!of_losses.contains(of(None, "expired").as_str()));
}

#[test]
fn what_an_engine_sends_counts_as_it_is() {
    let sent = Cause::Error { fingerprint: Some("npc 7"), kind: Some("Timeout"), message: "no answer", json: None };
    assert_eq!(fingerprint(sent), Fingerprint { text: "npc 7".into(), rule: SENT });
}

/// A number that looks random, and is the same in every run.
fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[test]
fn two_hundred_errors_of_one_type_with_three_causes_and_changing_ids_make_three_groups() {
    let messages = (0..200).map(|n| {
        let (id, port) = (uuid::Uuid::from_u64_pair(mixed(n), mixed(n + 1000)), mixed(n) % 60_000);
        match n % 3 {
            0 => format!("CUDA out of memory: tried to allocate {}.{n} GiB for scene {id}", mixed(n) % 80),
            1 => format!("connection to 10.{}.{}.3:{port} reset after {port} ms", n % 256, mixed(n) % 256),
            _ => format!("no state for '{}' in /srv/npc/{:x}/state-{n}.json", id.simple(), mixed(n) | 1 << 60),
        }
    });
    let groups: HashSet<String> = messages.map(|message| of(Some("RuntimeError"), &message)).collect();
    assert_eq!(groups.len(), 3);
}

/// What is wrong with lists of messages of which each has one cause, and no two have the same.
fn faults_of(causes: &[&[&str]]) -> Vec<String> {
    let mut faults = Vec::new();
    let normal: Vec<Vec<String>> =
        causes.iter().map(|messages| messages.iter().map(|message| normalized(message)).collect()).collect();
    for (at, messages) in normal.iter().enumerate() {
        let other = messages.iter().find(|other| **other != messages[0]);
        faults.extend(other.map(|other| format!("apart:  {}\n        {other}", messages[0])));
        let merged = normal[..at].iter().find(|before| before.iter().any(|text| messages.contains(text)));
        faults.extend(merged.map(|_| format!("merged: {}\n        {}", messages[0], causes[at][0])));
    }
    faults
}

#[test]
fn messages_have_one_fingerprint_where_one_repair_helps() {
    for causes in [causes::CAUSES, strangers::CAUSES, libraries::CAUSES] {
        let faults = faults_of(causes);
        assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), causes.len(), faults.join("\n"));
    }
}

#[test]
fn two_hundred_unlike_messages_do_not_merge() {
    let subjects = ["model", "scene", "memory", "planner", "voice", "cache", "prompt", "router", "world", "path"];
    let verbs = ["is missing", "was refused", "ran out of tokens", "timed out", "cannot be parsed"];
    let ends = ["for the npc", "at startup", "while saving", "after a retry"];
    let mut groups = HashSet::new();
    for subject in subjects {
        for verb in verbs {
            groups.extend(ends.map(|end| of(Some("RuntimeError"), &format!("the {subject} {verb} {end}"))));
        }
    }
    assert_eq!(groups.len(), 200);
}

#[test]
fn a_message_that_is_cut_is_read_out_of_the_error() {
    let of = |filler: usize| {
        let message =
            format!("lost \"{}\" in the {} scene", "x".repeat(filler), if filler < 20_000 { "last" } else { "first" });
        let json = serde_json::json!({"message": message}).to_string();
        let kept: String = message.chars().take(MAX_ERROR_MESSAGE_CHARS).collect();
        fingerprint(Cause::Error { fingerprint: None, kind: None, message: &kept, json: Some(&json) }).text.into_owned()
    };
    assert_eq!(of(7), of(9_000));
    assert_eq!(of(7), of(19_000));
    assert_ne!(of(7), of(20_000));
}

#[test]
fn where_a_long_message_is_cut_does_not_depend_on_its_changing_parts() {
    let long = |id: &str| format!("npc {id} {}", "has nothing to say ".repeat(400));
    assert!(long("7").chars().count() > 2 * MAX_FINGERPRINTED_CHARS);
    assert_eq!(of(None, &long("7")), of(None, &long(&"7".repeat(500))));
    assert_eq!(normalized(&long("7")).chars().count(), MAX_FINGERPRINTED_CHARS);
    assert_eq!(normalized(&"ä ".repeat(5_000)).chars().count(), MAX_FINGERPRINTED_CHARS - 1);
}

/// Each of these would take a rule that looks ahead again and again more than a minute.
#[test]
fn hostile_messages_take_no_longer_than_others() {
    let began_at = Instant::now();
    for part in
        ["\"", "'", "`\\", "“", "/", "\\", "a1", "1.", "0x", "1-", "@", ":", "f", "-", "1e", " '", "2030-01-31T", "#"]
    {
        let message: String = part.chars().cycle().take(2 * MAX_FINGERPRINT_READ_CHARS).collect();
        let normal = normalized(&message);
        assert!(normal.chars().count() <= MAX_FINGERPRINTED_CHARS, "{part}");
    }
    assert!(began_at.elapsed().as_secs() < 60, "{:?}", began_at.elapsed());
}

//! What was made of a snapshot for its readers: once for all who may know the same queues, not once for each.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;

/// More than that is not kept: tokens that are limited to different queues are many, and each has a reply of its own.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// How a reply is sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// As it is.
    Plain,
    /// Smaller, for those who take that.
    Compressed,
}

/// The queues that a reply is about, of which `None` is all, and its form.
type Key = (Option<Vec<String>>, Form);

/// Replies by the queues that they are about, of which `None` is all, and by their form.
#[derive(Debug, Default)]
pub struct Rendered(Mutex<HashMap<Key, Bytes>>);

impl Rendered {
    /// The reply about these queues. Two readers that come first at the same time may both make it.
    pub fn get_or_render(&self, only: Option<&[String]>, form: Form, render: impl FnOnce() -> Vec<u8>) -> Bytes {
        let key = (only.map(<[String]>::to_vec), form);
        if let Some(known) = self.0.lock().get(&key) {
            return known.clone();
        }
        let mut bytes = render();
        bytes.shrink_to_fit();
        let reply = Bytes::from(bytes);
        let mut kept = self.0.lock();
        if kept.values().map(Bytes::len).sum::<usize>() + reply.len() <= MAX_KEPT_BYTES {
            kept.insert(key, reply.clone());
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_made_once_for_the_same_queues_and_form() {
        let rendered = Rendered::default();
        let chess = ["chess".to_owned()];
        let mut made = Vec::new();
        for _ in 0..3 {
            for (only, form, text) in [
                (None, Form::Plain, "all"),
                (None, Form::Compressed, "smaller"),
                (Some(&chess[..]), Form::Plain, "chess"),
            ] {
                let reply = rendered.get_or_render(only, form, || {
                    made.push(text);
                    text.into()
                });
                assert_eq!(reply, text);
            }
        }
        assert_eq!(made, ["all", "smaller", "chess"]);
    }

    #[test]
    fn replies_that_would_take_too_much_memory_are_not_kept() {
        let rendered = Rendered::default();
        let mut made = 0;
        for number in 0..4 {
            let only = [format!("queue-{}", number % 2)];
            rendered.get_or_render(Some(&only), Form::Plain, || {
                made += 1;
                vec![0; MAX_KEPT_BYTES * 2 / 3]
            });
        }
        assert_eq!(made, 3, "the first is kept, the second is not");
    }
}

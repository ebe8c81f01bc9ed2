//! What was made of a snapshot for its readers: once for all who may know the same queues, not once for each.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;

/// More than that is not kept: tokens that are limited to different queues are many, and each has a reply of its own.
const MAX_KEPT_BYTES: usize = 8 << 20;

/// Replies by the queues that they are about; `None` is all of them.
#[derive(Debug, Default)]
pub struct Rendered(Mutex<HashMap<Option<Vec<String>>, Bytes>>);

impl Rendered {
    /// The reply about these queues. Two readers that come first at the same time may both make it.
    pub fn get_or_render(&self, only: Option<&[String]>, render: impl FnOnce() -> Vec<u8>) -> Bytes {
        let only = only.map(<[String]>::to_vec);
        if let Some(known) = self.0.lock().get(&only) {
            return known.clone();
        }
        let mut bytes = render();
        bytes.shrink_to_fit();
        let reply = Bytes::from(bytes);
        let mut kept = self.0.lock();
        if kept.values().map(Bytes::len).sum::<usize>() + reply.len() <= MAX_KEPT_BYTES {
            kept.insert(only, reply.clone());
        }
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_made_once_for_the_same_queues() {
        let rendered = Rendered::default();
        let chess = ["chess".to_owned()];
        let (mut of_all, mut of_chess) = (0, 0);
        for _ in 0..3 {
            let all = rendered.get_or_render(None, || {
                of_all += 1;
                b"all".to_vec()
            });
            let one = rendered.get_or_render(Some(&chess), || {
                of_chess += 1;
                b"chess".to_vec()
            });
            assert_eq!((&all[..], &one[..]), (&b"all"[..], &b"chess"[..]));
        }
        assert_eq!((of_all, of_chess), (1, 1));
    }

    #[test]
    fn replies_that_would_take_too_much_memory_are_not_kept() {
        let rendered = Rendered::default();
        let mut made = 0;
        for number in 0..4 {
            let only = [format!("queue-{}", number % 2)];
            rendered.get_or_render(Some(&only), || {
                made += 1;
                vec![0; MAX_KEPT_BYTES * 2 / 3]
            });
        }
        assert_eq!(made, 3, "the first is kept, the second is not");
    }
}

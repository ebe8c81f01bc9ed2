//! Who gets which of the due events: engines' limits, the bound on a reply's bytes, and suspects
//! alone.
//!
//! A suspect is an event with a silent loss: it may be what killed its engine. It is dealt as the
//! only event of its reply, to an engine that holds nothing else, and that engine gets nothing
//! more until it is done; so poison takes no other event with it. Where every engine is busy, one is reserved for a
//! suspect for some time (`reservation`).

use super::ids::EngineId;
use super::limits::MAX_LEASE_REPLY_PAYLOAD_BYTES;
use super::reservation::Reservable;

/// What a registered engine has in hand.
#[derive(Clone, Copy, Debug)]
pub struct Hand {
    pub engine_id: EngineId,
    pub held: u32,
    pub is_holding_a_suspect: bool,
    pub max_concurrent_events: Option<u32>,
}

impl Hand {
    /// How many more events this engine may take.
    #[must_use]
    pub fn room(&self) -> u32 {
        if self.is_holding_a_suspect {
            return 0;
        }
        self.max_concurrent_events.map_or(u32::MAX, |max| max.saturating_sub(self.held))
    }
}

/// One poll. An anonymous one has no hand: nothing is known of what it holds.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub limit: u32,
    pub hand: Option<usize>,
}

/// A due event, locked. The slice given to [`deal`] is in the order of leasing, both lanes merged.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub payload_bytes: u64,
    pub is_suspect: bool,
    /// It has been due for longer than a suspect is asked to wait for an engine to be idle.
    pub is_overdue: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deal {
    /// For each claim the candidates it gets, by index.
    pub dealt: Vec<Vec<usize>>,
    /// The engine that was given nothing, so that it becomes idle and the first suspect can go to it.
    pub reserved: Option<EngineId>,
}

/// Deals `candidates` to `claims` in order. Where every engine is always busy, a suspect would wait
/// for ever: then one of those that are `reservable` is given nothing.
#[must_use]
pub fn deal(claims: &[Claim], hands: &[Hand], candidates: &[Candidate], reservable: &Reservable) -> Deal {
    let mut hands = hands.to_vec();
    let mut normals = candidates.iter().enumerate().filter(|(_, c)| !c.is_suspect).map(|(i, _)| i).peekable();
    let mut suspects = candidates.iter().enumerate().filter(|(_, c)| c.is_suspect).map(|(i, _)| i).peekable();
    let mut deal = Deal { dealt: Vec::with_capacity(claims.len()), reserved: None };

    for claim in claims {
        let mut hand = claim.hand.map(|index| &mut hands[index]);
        let is_suspect_first =
            suspects.peek().is_some_and(|suspect| normals.peek().is_none_or(|normal| suspect < normal));
        let is_idle = hand.as_ref().is_none_or(|hand| hand.held == 0);

        if is_suspect_first && is_idle && claim.limit > 0 {
            let suspect = suspects.next().into_iter().collect::<Vec<_>>();
            if let Some(hand) = hand.as_mut() {
                hand.held += 1;
                hand.is_holding_a_suspect = true;
            }
            deal.dealt.push(suspect);
            continue;
        }
        if is_suspect_first
            && suspects.peek().is_some_and(|&suspect| candidates[suspect].is_overdue)
            && let Some(hand) = hand.as_ref()
            && deal.reserved.map_or_else(|| reservable.allows(hand.engine_id), |reserved| reserved == hand.engine_id)
        {
            deal.reserved = Some(hand.engine_id);
            deal.dealt.push(Vec::new());
            continue;
        }

        let room = hand.as_ref().map_or(u32::MAX, |hand| hand.room()).min(claim.limit);
        let mut taken = Vec::new();
        let mut bytes = 0;
        while (taken.len() as u64) < u64::from(room)
            && let Some(&next) = normals.peek()
        {
            bytes += candidates[next].payload_bytes;
            if bytes > MAX_LEASE_REPLY_PAYLOAD_BYTES && !taken.is_empty() {
                break;
            }
            taken.push(next);
            normals.next();
        }
        if let Some(hand) = hand.as_mut() {
            hand.held += u32::try_from(taken.len()).unwrap_or(u32::MAX);
        }
        deal.dealt.push(taken);
    }
    deal
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NORMAL: Candidate = Candidate { payload_bytes: 100, is_suspect: false, is_overdue: false };
    const SUSPECT: Candidate = Candidate { is_suspect: true, ..NORMAL };
    const OVERDUE: Candidate = Candidate { is_overdue: true, ..SUSPECT };

    fn engine(number: u128) -> EngineId {
        EngineId(Uuid::from_u128(number))
    }

    fn anyone() -> Reservable {
        Reservable::default()
    }

    fn hand(number: u128, held: u32, max: Option<u32>) -> Hand {
        Hand { engine_id: engine(number), held, is_holding_a_suspect: false, max_concurrent_events: max }
    }

    fn claim(limit: u32, hand: usize) -> Claim {
        Claim { limit, hand: Some(hand) }
    }

    #[test]
    fn nobody_gets_more_than_its_limit_or_its_room() {
        let hands = [hand(1, 3, Some(5)), hand(2, 0, None)];
        let deal = deal(&[claim(3, 0), claim(3, 1)], &hands, &[NORMAL; 9], &anyone());
        assert_eq!(deal.dealt, [vec![0, 1], vec![2, 3, 4]]);
    }

    #[test]
    fn polls_of_one_engine_in_one_batch_share_its_room() {
        let deal = deal(&[claim(4, 0), claim(4, 0)], &[hand(1, 0, Some(5))], &[NORMAL; 9], &anyone());
        assert_eq!(deal.dealt, [vec![0, 1, 2, 3], vec![4]]);
    }

    #[test]
    fn a_reply_stops_before_its_bytes_but_has_one_event() {
        let big = Candidate { payload_bytes: MAX_LEASE_REPLY_PAYLOAD_BYTES + 1, ..NORMAL };
        let anonymous = Claim { limit: 3, hand: None };
        assert_eq!(deal(&[anonymous], &[], &[big, NORMAL], &anyone()).dealt, [vec![0]]);
        assert_eq!(deal(&[anonymous], &[], &[NORMAL, big, NORMAL], &anyone()).dealt, [vec![0]]);
    }

    #[test]
    fn a_suspect_goes_alone_to_an_idle_engine() {
        let deal = deal(
            &[claim(3, 0), claim(3, 1)],
            &[hand(1, 0, None), hand(2, 0, None)],
            &[SUSPECT, NORMAL, NORMAL],
            &anyone(),
        );
        assert_eq!(deal.dealt, [vec![0], vec![1, 2]]);
    }

    #[test]
    fn an_engine_that_holds_a_suspect_gets_nothing_more() {
        let holding = Hand { is_holding_a_suspect: true, ..hand(1, 1, None) };
        assert_eq!(deal(&[claim(3, 0)], &[holding], &[NORMAL], &anyone()).dealt, [Vec::<usize>::new()]);
        let twice = deal(&[claim(3, 0), claim(3, 0)], &[hand(1, 0, None)], &[SUSPECT, NORMAL], &anyone());
        assert_eq!(twice.dealt, [vec![0], vec![]]);
    }

    #[test]
    fn suspects_hold_nobody_up() {
        let deal = deal(&[claim(3, 0)], &[hand(1, 2, None)], &[SUSPECT, SUSPECT, NORMAL], &anyone());
        assert_eq!(deal.dealt, [vec![2]]);
        assert_eq!(deal.reserved, None);
    }

    #[test]
    fn an_overdue_suspect_has_one_busy_engine_reserved() {
        let hands = [hand(1, 2, None), hand(2, 2, None)];
        let claims = [claim(3, 0), claim(3, 1)];
        let first = deal(&claims, &hands, &[OVERDUE, NORMAL, NORMAL], &anyone());
        assert_eq!((first.dealt, first.reserved), (vec![vec![], vec![1, 2]], Some(engine(1))));
        let reserved = Reservable { reserved: Some(engine(2)), ..anyone() };
        let second = deal(&claims, &hands, &[OVERDUE, NORMAL, NORMAL], &reserved);
        assert_eq!((second.dealt, second.reserved), (vec![vec![1, 2], vec![]], Some(engine(2))));
    }

    #[test]
    fn an_engine_that_was_reserved_in_vain_is_given_events_and_another_one_is_reserved() {
        let hands = [hand(1, 2, None), hand(2, 2, None)];
        let reservable = Reservable { reserved: None, resting: vec![engine(1)] };
        let alone = deal(&[claim(3, 0)], &hands, &[OVERDUE, NORMAL], &reservable);
        assert_eq!((alone.dealt, alone.reserved), (vec![vec![1]], None));
        let both = deal(&[claim(3, 0), claim(3, 1)], &hands, &[OVERDUE, NORMAL], &reservable);
        assert_eq!((both.dealt, both.reserved), (vec![vec![1], vec![]], Some(engine(2))));
        let idle = deal(&[claim(3, 0)], &[hand(1, 0, None)], &[OVERDUE, NORMAL], &reservable);
        assert_eq!(idle.dealt, [vec![0]], "idle, it is given the suspect at once");
    }

    #[test]
    fn strict_priority_holds_for_suspects_too() {
        let deal = deal(&[claim(3, 0)], &[hand(1, 0, None)], &[NORMAL, OVERDUE], &anyone());
        assert_eq!(deal.dealt, [vec![0]]);
    }
}

    -- not taken over by a repeat of their poll
    and not q.is_poll_repeated

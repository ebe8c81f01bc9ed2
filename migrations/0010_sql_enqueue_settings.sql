-- A function's literals are read by the settings of whoever calls it. The regular expressions of `enqueue` and of what it
-- calls hold backslashes, which mean something else where a role has standard_conforming_strings off.

alter function eventlease.enqueue(text, text, json, integer, integer, text, text, integer, json)
    set standard_conforming_strings = 'on';

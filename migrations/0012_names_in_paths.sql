-- The names of engine types and event types and the ids of scenario runs stand in paths of URLs, from which `.` and `..`
-- vanish. Like POST /api/v1/events, `eventlease.enqueue` takes them no longer. Events that have such a name stay.

create or replace function eventlease.check_plain_name(argument text, name text) returns void
language plpgsql immutable
as $$
begin
    if name is null then
        perform eventlease.refuse_argument(argument, 'is missing');
    elsif name = '' then
        perform eventlease.refuse_argument(argument, 'must not be empty');
    elsif length(name) > 64 then
        perform eventlease.refuse_argument(argument, 'is longer than 64 characters');
    elsif name in ('.', '..') then
        perform eventlease.refuse_argument(argument, 'must not be . or .., which vanish from the path of a URL');
    elsif name ~ '[^A-Za-z0-9._:-]' then
        perform eventlease.refuse_argument(argument, format('has the character %L; allowed are letters, digits and . _ : -',
            substring(name from '[^A-Za-z0-9._:-]')));
    end if;
end
$$;

-- Any text without control characters; null passes.
create or replace function eventlease.check_text(argument text, content text, limit_chars integer) returns void
language plpgsql immutable
as $$
begin
    if content = '' then
        perform eventlease.refuse_argument(argument, 'must not be empty');
    elsif length(content) > limit_chars then
        perform eventlease.refuse_argument(argument, format('is longer than %s characters', limit_chars));
    elsif content ~ '[\u0001-\u001f\u007f-\u009f]' then
        perform eventlease.refuse_argument(argument, 'has a control character');
    elsif argument = 'scenario_run_id' and content in ('.', '..') then
        perform eventlease.refuse_argument(argument, 'must not be . or .., which vanish from the path of a URL');
    end if;
end
$$;

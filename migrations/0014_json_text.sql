-- A text within JSON, like the operator `#>>`, for those who read events here. That operator fails on JSON with an unpaired
-- surrogate or a \u0000 anywhere in it, and producers and engines may send both; U+FFFD stands in their place.
create function eventlease.json_text(content json, variadic path text[]) returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = 'on'
as $$
declare
    body text := content::text;
begin
    if strpos(body, '\u') > 0 then
        -- without escaped backslashes, every backslash begins an escape
        body := replace(body, '\\', '\u005c');
        body := replace(body, '\u0000', '\ufffd');
        -- pairs of surrogates are set aside as \x, which is no escape of JSON, the others replaced, and the pairs put back;
        -- looking behind instead would take time by the square of the length
        body := regexp_replace(body, '\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})', '\\x\1\\x\2', 'g');
        body := regexp_replace(body, '\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\ufffd', 'g');
        body := replace(body, '\x', '\u');
    end if;
    return body::json #>> path;
end
$$;

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
        -- A pair is set aside as \p, which no JSON has; what is left is unpaired. A look behind each low surrogate would be
        -- simpler, and take minutes for a payload that is full of them.
        body := regexp_replace(body, '\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})', '\\p\1\2', 'g');
        body := regexp_replace(body, '\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\ufffd', 'g');
        body := regexp_replace(body, '\\p(.{4})(.{4})', '\\u\1\\u\2', 'g');
    end if;
    return body::json #>> path;
end
$$;

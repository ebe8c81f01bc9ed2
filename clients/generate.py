#!/usr/bin/env python3
"""Writes what the clients take from docs/openapi.json: Python's types, and contract.json for the tests.

Without arguments the files are written; `--check` fails where a file is not what the document gives.
"""

from __future__ import annotations

import argparse
import difflib
import json
import keyword
import sys
from pathlib import Path
from typing import Any

CLIENTS = Path(__file__).resolve().parent
DOCUMENT = CLIENTS.parent / "docs" / "openapi.json"
WIDTH = 120
METHODS = ("get", "put", "post", "delete", "patch")
BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern")
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

Schema = dict[str, Any]


def main() -> int:
    """Writes or checks the files; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is not fresh")
    is_check = parser.parse_args().check
    document = json.loads(DOCUMENT.read_text())
    files = {
        CLIENTS / "python/src/eventlease/openapi.py": python_types(document),
        CLIENTS / "contract.json": json.dumps(contract(document), indent=1, ensure_ascii=False) + "\n",
    }
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if is_check:
            show_difference(path, files[path])
        else:
            path.write_text(files[path])
    if is_check and stale:
        print('These files are not what docs/openapi.json gives: run "clients/generate.py" and commit them.')
    return 1 if is_check and stale else 0


def show_difference(path: Path, text: str) -> None:
    """Prints the first lines in which a file differs from what it should be."""
    before = path.read_text().splitlines() if path.exists() else []
    name = str(path.relative_to(CLIENTS.parent))
    for line in list(difflib.unified_diff(before, text.splitlines(), name, "generated", lineterm=""))[:40]:
        print(line)


# Python's types


def python_types(document: Schema) -> str:
    """The module `eventlease.openapi`: a TypedDict for every object, a Literal for every enumeration."""
    schemas = document["components"]["schemas"]
    head = (
        '"""Types of requests and replies. Generated from docs/openapi.json by clients/generate.py; do not edit.\n\n'
        "Replies may have further members and further values of open enumerations: servers are upgraded first.\n"
        '"""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union\n\n"
        "if TYPE_CHECKING:\n    from typing_extensions import NotRequired\n"
    )
    parts = [head]
    for name in in_order(schemas):
        schema = schemas[name]
        parts.append(typed_dict(name, schema) if is_closed_object(schema) else alias(name, schema))
    return "\n".join(parts)


def in_order(schemas: dict[str, Schema]) -> list[str]:
    """Names by letter, but an alias after what it is made of, since aliases are evaluated when the module is read."""
    done: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in done:
            if not is_closed_object(schemas[name]):
                for used in references(schemas[name]):
                    add(used)
            done[name] = None

    for name in sorted(schemas):
        add(name)
    return list(done)


def references(schema: Any) -> list[str]:
    """The names of the schemas that this one refers to."""
    if isinstance(schema, dict):
        own = [named(schema["$ref"])] if "$ref" in schema else []
        return own + [name for value in schema.values() for name in references(value)]
    return [name for value in schema for name in references(value)] if isinstance(schema, list) else []


def is_closed_object(schema: Schema) -> bool:
    """Objects of any members are dictionaries: a TypedDict would refuse the members that it does not name."""
    return "properties" in schema and schema.get("additionalProperties", False) is False


def typed_dict(name: str, schema: Schema) -> str:
    """A class; the members that may be left out are NotRequired."""
    required = set(schema.get("required", ()))
    kinds = {member: python_type(value) for member, value in schema["properties"].items()}
    kinds = {member: kind if member in required else f"NotRequired[{kind}]" for member, kind in kinds.items()}
    if any(keyword.iskeyword(member) for member in kinds):  # cannot be an attribute of a class
        members = "".join(f'        "{member}": {json.dumps(kind)},\n' for member, kind in kinds.items())
        return f'\n{name} = TypedDict(\n    "{name}",\n    {{\n{members}    }},\n)\n'
    lines = [f"\nclass {name}(TypedDict):", *docstring(schema)]
    return "\n".join([*lines, *(f"    {member}: {kind}" for member, kind in kinds.items())]) + "\n"


def alias(name: str, schema: Schema) -> str:
    """An assignment, of an enumeration or of alternatives."""
    comment = "".join(f"# {line}\n" for line in wrapped(schema.get("description", ""), WIDTH - 2))
    if "enum" in schema:
        values = [json.dumps(value) for value in schema["enum"]]
        text = f"{name} = Literal[{', '.join(values)}]"
        if len(text) > WIDTH:
            text = f"{name} = Literal[\n" + "".join(f"    {value},\n" for value in values) + "]"
        return f"\n{comment}{text}\n"
    options = alternatives(schema)
    kind = python_type(schema) if len(options) < 2 else f"Union[{', '.join(quoted(option) for option in options)}]"
    return f"\n{comment}{name} = {kind}\n"


def quoted(kind: str) -> str:
    """A type as it may stand in a Union that is evaluated: classes may be defined further below."""
    return kind if kind in (*SIMPLE.values(), "Any") or "[" in kind else f'"{kind}"'


def alternatives(schema: Schema) -> list[str]:
    """The types of which a value has one."""
    if "type" in schema and isinstance(schema["type"], list):
        return [python_type({**schema, "type": kind}) for kind in schema["type"]]
    options = [python_type(option) for option in schema.get("oneOf", schema.get("anyOf", []))]
    return list(dict.fromkeys(options))


def python_type(schema: Schema) -> str:
    """The type of a member, as it is written in an annotation."""
    if "$ref" in schema:
        return named(schema["$ref"])
    if options := alternatives(schema):
        return " | ".join(options)
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
    kind = schema.get("type")
    if kind == "array":
        return f"list[{python_type(schema.get('items', {}))}]"
    if kind == "object":
        values = schema.get("additionalProperties", True)
        return f"dict[str, {python_type(values) if isinstance(values, dict) else 'Any'}]"
    return SIMPLE[kind] if kind else "Any"


def named(reference: str) -> str:
    """The name at the end of a reference."""
    return reference.rpartition("/")[2]


def docstring(schema: Schema) -> list[str]:
    """The description, where there is one."""
    lines = wrapped(schema.get("description", ""), WIDTH - 10)
    if not lines:
        return []
    lines[0] = f'"""{lines[0]}'
    if len(lines) == 1:
        lines[0] += '"""'
    else:
        lines.append('"""')
    return [*(f"    {line}" for line in lines), ""]


def wrapped(text: str, width: int) -> list[str]:
    """The words of a text in lines."""
    lines: list[str] = []
    for word in text.replace("\\", "\\\\").split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


# What tests of every language check their library against


def contract(document: Schema) -> Schema:
    """Operations, the values of every enumeration, and the bounds of every member."""
    schemas = document["components"]["schemas"]
    return {
        "version": document["info"]["version"],
        "operations": operations(document),
        "enumerations": {name: schema["enum"] for name, schema in schemas.items() if "enum" in schema},
        "bounds": {
            f"{name}.{member}": found
            for name, schema in schemas.items()
            for member, value in schema.get("properties", {}).items()
            if (found := bounds(value, schemas))
        },
        "limits": schemas["Server"]["example"]["limits"],
    }


def operations(document: Schema) -> Schema:
    """Every operation by its id, with the bounds of its parameters and the name of its body's schema."""
    schemas = document["components"]["schemas"]
    found: Schema = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if (operation := item.get(method)) is None:
                continue
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            found[operation["operationId"]] = {
                "method": method.upper(),
                "path": path,
                "parameters": {
                    parameter["name"]: {"in": parameter["in"], **bounds(parameter["schema"], schemas)}
                    for parameter in operation.get("parameters", [])
                },
                "body": named(body["$ref"]) if "$ref" in body else None,
            }
    return found


def bounds(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """The bounds of a value, also those of the schema that it refers to."""
    found = {name: schema[name] for name in BOUNDS if name in schema}
    inner = schema.get("oneOf", schema.get("anyOf", []))
    for option in [schemas[named(schema["$ref"])]] if "$ref" in schema else inner:
        found = bounds(option, schemas) | found
    return found


if __name__ == "__main__":
    sys.exit(main())

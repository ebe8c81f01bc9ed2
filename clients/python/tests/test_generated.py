"""What the library takes from the server's document."""

import json
import subprocess
import sys
from pathlib import Path

from eventlease import openapi

CLIENTS = Path(__file__).parents[2]
CONTRACT = json.loads((CLIENTS / "contract.json").read_text())


def test_the_generated_files_are_what_the_document_gives() -> None:
    check = subprocess.run([sys.executable, CLIENTS / "generate.py", "--check"], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


def test_every_schema_of_the_document_has_a_type() -> None:
    document = json.loads((CLIENTS.parent / "docs" / "openapi.json").read_text())
    assert [name for name in document["components"]["schemas"] if not hasattr(openapi, name)] == []

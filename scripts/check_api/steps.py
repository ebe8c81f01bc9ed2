"""The steps: each runs one tool and passes or fails as it does."""
import json
import shutil
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable

from check_api.later_server import MEMBER, VALUE, Document, LaterServer
from check_api.tools import Installed

# In the replies to operators and admins.
NOT_SENT_TO_ENGINES = {
    "AttentionCode", "AttentionSeverity", "DatabaseWarningCode", "ExplanationCode", "OperationId", "RedriveJobState",
    "RedriveJobStateReason", "RetryPolicySource", "Role", "SnapshotHolder", "TokenState",
}
TAIL_LINES = 12  # of a step that passed
SCHEMATHESIS_SECONDS = 300
# The commit of the version before this one: the clients that its users have were generated from its document.
VERSION_BEFORE = "0ba4dce395355d8f87d54b4aeb1a013fd71912fc"


@dataclass(frozen=True)
class Check:
    tools: Installed
    url: str
    directory: Path
    seed: int

    @property
    def document(self) -> Path:
        return self.directory / "openapi.json"

    @property
    def typescript(self) -> Path:
        return self.directory / "typescript"

    def run_python(self, program: str, *arguments: object) -> bool:
        return self.call(self.tools.python_programs / "python", self.tools.lists / program, self.directory, *arguments)

    def run_typescript(self, program: str, *arguments: object) -> bool:
        return self.call("node", self.typescript / "built" / program, *arguments)

    def call(self, *command: object, seconds: int = 120, shown: int = TAIL_LINES,
             variables: dict[str, str] | None = None, **more: object) -> bool:
        """Runs a program; shows the end of what it says, or all of it where it fails."""
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, env={**self.tools.environment, **(variables or {})}, timeout=seconds,
                              check=False, **more)
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        print("\n".join(lines[-shown:] if done.returncode == 0 else lines), flush=True)
        return done.returncode == 0


def validate(check: Check) -> bool:
    """OpenAPI 3.1, as its specification has it."""
    return check.call("openapi-spec-validator", check.document)


def lint_redocly(check: Check) -> bool:
    config = check.tools.lists / "redocly.yaml"
    return check.call("redocly", "lint", "--config", config, check.document, shown=3)


def lint_spectral(check: Check) -> bool:
    ruleset = check.tools.lists / "spectral.yaml"
    return check.call("spectral", "lint", "--fail-severity", "warn", "--ruleset", ruleset, check.document)


def python_client(check: Check) -> bool:
    """Generated without a warning: no part of the document that the generator leaves out."""
    return check.call("openapi-python-client", "generate", "--meta", "none", "--fail-on-warning", "--path",
                      check.document, "--output-path", check.directory / "eventlease_client", cwd=check.directory)


def typescript_client(check: Check) -> bool:
    """Types are generated, and the programs that use them compile."""
    folder = check.typescript
    shutil.copytree(check.tools.lists / "typescript", folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(check.tools.node_programs.parent)
    return check.call("openapi-typescript", check.document, "-o", folder / "eventlease.ts") and check.call(
        "tsc", "--project", folder)


def python_life_cycle(check: Check) -> bool:
    """Takes events through their lives; leaves dead letters for the steps that come after."""
    return check.run_python("life_cycle.py", check.url)


def typescript_life_cycle(check: Check) -> bool:
    return check.run_typescript("first_engine.js", check.url) and check.run_typescript("life_cycle.js", check.url)


def unknown_values(check: Check) -> bool:
    """No generated client fails on what a later server may send."""
    document = Document(json.loads(check.document.read_bytes()))
    with LaterServer(document, check.url) as later:
        passed = [check.run_python("unknown_values.py", later.url, VALUE, MEMBER),
                  check.run_typescript("unknown_values.js", later.url, VALUE)]
    not_sent = document.open_enumerations() - document.replaced
    print(f"replaced: {', '.join(sorted(document.replaced))}; not sent: {', '.join(sorted(not_sent))}")
    return all(passed) and not_sent <= NOT_SENT_TO_ENGINES


def clients_of_version_before(check: Check) -> bool:
    """Clients generated from the document of the version before take events through their lives, by its own programs."""
    if subprocess.run(["git", "cat-file", "-e", VERSION_BEFORE], cwd=check.tools.lists, capture_output=True,
                      check=False).returncode != 0:
        print(f"skipped: this clone has no commit {VERSION_BEFORE[:12]} (git fetch --unshallow)")
        return True
    folder = check.directory / "before"
    folder.mkdir()
    archive = subprocess.run(["git", "archive", VERSION_BEFORE, "docs/openapi.json", "scripts/check_api"],
                             cwd=check.tools.lists.parent.parent, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    shutil.move(folder / "docs" / "openapi.json", folder)
    before = replace(check, tools=replace(check.tools, lists=folder / "scripts" / "check_api"), directory=folder)
    steps = [python_client, typescript_client, python_life_cycle, typescript_life_cycle]
    return all([step(before) for step in steps])


def schemathesis(check: Check) -> bool:
    """All checks, which is what it does unless told otherwise; `--checks all` would overrule the configuration."""
    config = check.tools.lists / "schemathesis.toml"
    return check.call("st", "--config-file", config, "run", f"{check.url}/api/v1/openapi.json", "--no-color",
                      "--phases", "examples,coverage,fuzzing,stateful", "--seed", check.seed,
                      seconds=SCHEMATHESIS_SECONDS, shown=16,
                      variables={"SCHEMATHESIS_HOOKS": str(check.tools.lists / "hooks.py")}, cwd=check.directory)


def metrics(check: Check) -> bool:
    """After all the others, so that every series has been there."""
    if not shutil.which("promtool"):
        print("skipped: promtool is not installed (Debian: apt-get install prometheus)")
        return True
    with urllib.request.urlopen(f"{check.url}/metrics") as reply:
        text = reply.read().decode()
    print(f"{len(text.splitlines())} lines")
    return check.call("promtool", "check", "metrics", input=text)


STEPS: dict[str, Callable[[Check], bool]] = {
    "openapi-spec-validator": validate,
    "redocly lint": lint_redocly,
    "spectral lint": lint_spectral,
    "openapi-python-client": python_client,
    "openapi-typescript": typescript_client,
    "life cycle in Python": python_life_cycle,
    "life cycle in TypeScript": typescript_life_cycle,
    "values of a later server": unknown_values,
    "clients of the version before": clients_of_version_before,
    "schemathesis": schemathesis,
    "promtool check metrics": metrics,
}


def run(check: Check, only: list[str] | None) -> list[str]:
    """Runs the steps, all of them whatever one says. Returns the names of those that failed."""
    with urllib.request.urlopen(f"{check.url}/api/v1/openapi.json") as reply:
        check.document.write_bytes(reply.read())
    failed = []
    for name, step in STEPS.items():
        if only and name not in only:
            continue
        started = time.monotonic()
        print(f"\n--> {name}", flush=True)
        try:
            passed = step(check)
        except (OSError, subprocess.SubprocessError) as error:
            print(error, file=sys.stdout)
            passed = False
        print(f"--> {name}: {'ok' if passed else 'FAILED'}, {time.monotonic() - started:.0f} s", flush=True)
        if not passed:
            failed.append(name)
    return failed

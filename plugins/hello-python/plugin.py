"""Greets: adds one package, one kernel parameter and one file."""

import json

from wit_world import exports
from wit_world.imports import blobs, context, types
from wit_world.imports.contribution import Attributes, Module

DESCRIPTION = {
    "id": "hello-python",
    "version": "0.1.0",
    "summary": "Greets: one package, one kernel argument, one file",
    "licence": "MIT",
    "options": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "greeting": {
                "type": "string",
                "default": "Hello from a plugin\n",
                "description": "The text that a user sees after logging in.",
            }
        },
    },
    "requests": {
        "files": ["root:/etc/motd.d/**"],
        "merge": ["packages.install", "boot.kernel-params"],
        "kernel-params": ["isoplug.hello=*"],
    },
    "examples": [{"title": "greet", "config": {"greeting": "Welcome\n"}}],
}


class Describe(exports.Describe):
    def describe(self) -> str:
        return json.dumps(DESCRIPTION)


class Contributor(exports.Contributor):
    def contribute(self) -> list[Module]:
        greeting = json.loads(context.options())["greeting"]
        if greeting == "":
            context.report(
                types.Diagnostic(
                    types.Severity.ERROR,
                    "empty-greeting",
                    "there is nothing to say",
                    [types.Segment_Key("greeting")],
                    "leave it out for the default",
                )
            )
            return []
        image = json.loads(context.fact("image.name") or '""')
        context.log(context.Level.INFO, f"greeting from {image}")
        hello = Module("hello")
        hello.provides("greeting")
        fragment = {
            "packages": {"install": ["hello"]},
            "boot": {"kernel-params": ["isoplug.hello=1"]},
        }
        hello.merge(json.dumps(fragment), types.Strength.NORMAL)
        attributes = Attributes(0o644, 0, 0, False)
        hello.file("root", "/etc/motd.d/hello", blobs.from_string(greeting), attributes)
        return [hello]

    def furnish(self) -> list[Module]:
        return []

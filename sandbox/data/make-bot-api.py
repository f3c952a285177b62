#!/usr/bin/env python3
"""Makes bot-api-10.3.json, the table that requests are checked against, from the full reference.

    python3 make-bot-api.py telegram-bot-api-10.3.json > bot-api-10.3.json

Kept: every method with its parameters, every type that a parameter can hold, every kind of update.
A parameter is [type, required]; types are written `Integer|String`, `[X]` for a list of X.
"""

import json
import re
import sys


def compact(kind):
    if kind.startswith("Array of "):
        return "[" + compact(kind[len("Array of "):]) + "]"
    return "|".join(re.split(r" or | and |, ", kind))


def fields(entity):
    return {f["name"]: [compact(f["type"]), 1 if f["required"] else 0] for f in entity["fields"]}


def main():
    reference = json.load(open(sys.argv[1], encoding="utf-8"))
    types = reference["types"]
    methods = {name: fields(method) for name, method in reference["methods"].items()}
    kept, waiting = {}, [kind for method in methods.values() for kind, _ in method.values()]
    while waiting:
        for name in re.findall(r"\w+", waiting.pop()):
            if name in kept or name not in types:
                continue
            variants = re.findall(r"^\s*- (\w+)$", types[name]["description"], re.M)
            if variants and not types[name]["fields"]:
                kept[name] = {"one_of": [v for v in variants if v in types]}
                waiting.extend(kept[name]["one_of"])
            else:
                kept[name] = {"fields": fields(types[name])}
                waiting.extend(kind for kind, _ in kept[name]["fields"].values())
    updates = [f["name"] for f in types["Update"]["fields"] if f["name"] != "update_id"]
    table = {"version": reference["version"], "methods": methods, "types": kept, "updates": updates}
    json.dump(table, sys.stdout, separators=(",", ":"), sort_keys=True)
    print()


main()

"""Validates documents, one a line, with a JSON Schema that is taken strictly: a member that it does not describe is a fault.

Usage: check_schema.py SCHEMA DOCUMENTS    Needs Debian's python3-jsonschema. Prints the number of documents.
"""

import json
import sys

import jsonschema


def close(schema):
    if "properties" in schema:
        schema["additionalProperties"] = False
        for member in schema["properties"].values():
            close(member)
    if "items" in schema:
        close(schema["items"])


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
close(schema)
validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
count = 0
with open(sys.argv[2], encoding="utf-8") as file:
    for line in file:
        count += 1
        for error in validator.iter_errors(json.loads(line)):
            sys.exit(f"document {count}: {error.json_path}: {error.message}")
print(count)

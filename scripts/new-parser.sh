#!/bin/bash
# new-parser.sh NAME [FOLDER]: begins a parser, by a copy of the one that the tests keep working (tests/Unit/Parsing/TemplateParser.cs).
set -euo pipefail
cd "$(dirname "$0")/.."

name=${1:-}
folder=${2:-src/Blocks/Parsers}
if ! [[ $name =~ ^[A-Za-z][A-Za-z0-9]*$ ]]; then
    echo "new-parser: '$name' is no name for a parser: letters and digits, such as in 'make parser NAME=gopher'" >&2
    exit 2
fi
class=${name^}
lower=${name,,}
file=$folder/$class.cs
if [ -e "$file" ]; then
    echo "new-parser: $file is there already: give another name, or remove it" >&2
    exit 1
fi
sed -e 's/FlowPipe\.Tests\.Unit\.Parsing/FlowPipe.Parsers/' -e "s/Template/$class/g" -e "s/template/$lower/g" -e "s/TEMPLATE/${name^^}/g" \
    tests/Unit/Parsing/TemplateParser.cs >"$file"

cat <<END
$file is there. What is left (docs/writing-a-parser.md):
  1. the protocol in it, with the RFC's number and the bytes drawn above the class;
  2. fields of its own: lines in src/Schemas/fields.tsv and registrar.Field("$lower.…") instead of Define, then
     artifacts/flowpipe/flowpipe schema > src/Schemas/session.avsc and FLOWPIPE_UPDATE_DOCS=1 make test (a plugin outside of this repository keeps Define);
  3. a capture, small and real: samples/$lower.pcap (samples/README.md says how they are recorded);
  4. what is expected of it: tests/fixtures/regenerate.sh makes tests/fixtures/$lower.json; read it before you commit it.
END

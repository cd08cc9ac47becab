#!/bin/bash
# All checks that need no running program. Every check runs, also after one has failed; the status says whether all passed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
scripts/ensure-packages.sh shellcheck python3-yaml python3-jsonschema || exit 1

failures=()
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        echo "$output" | sed 's/^/        /' | tail -60
        failures+=("$name")
    fi
}

# What belongs to the repository, or will: tracked files and new ones that aren't ignored
sources() { git ls-files --cached --others --exclude-standard -z -- "$@" | while IFS= read -r -d '' file; do [ -f "$file" ] && printf '%s\0' "$file"; done; }

csharp_layout() { dotnet tool restore && dotnet csharpier check .; }
warnings() { dotnet build FlowPipe.sln --configuration Release -warnaserror --verbosity quiet; }
shell_scripts() {
    local scripts
    mapfile -d '' scripts < <(sources '*.sh' .ci/run)
    shellcheck --external-sources "${scripts[@]}"
}
file_sizes() {
    local large
    large=$(sources | xargs -0 -r -I{} find {} -size +3145728c)
    [ -z "$large" ] || { echo "larger than 3 MB: $large"; return 1; }
}
sources_are_text() {
    local binary
    binary=$(sources '*.cs' '*.csproj' '*.props' '*.sln' '*.md' '*.sh' '*.py' '*.js' '*.mjs' '*.json' '*.avsc' '*.tsv' '*.yaml' '*.yml' '*.txt' Makefile \
        | xargs -0 -r grep -lP '\x00')
    [ -z "$binary" ] || { echo "NUL bytes in: $binary"; return 1; }
}
python_scripts() { sources '*.py' | xargs -0 -r /usr/bin/python3 -c 'import ast, sys; [ast.parse(open(name).read(), name) for name in sys.argv[1:]]'; }

# The program that a unit starts is somewhere else on the machine that it is for.
systemd_unit() {
    command -v systemd-analyze >/dev/null || { echo "systemd-analyze is missing: not checked"; return 0; }
    local folder status=0
    folder=$(mktemp -d)
    sed 's|^ExecStart=/opt/flowpipe/flowpipe|ExecStart=/bin/true|' compose/systemd/flowpipe-capture.service >"$folder/flowpipe-capture.service"
    systemd-analyze verify "$folder/flowpipe-capture.service" || status=1
    rm -rf "$folder"
    return $status
}

check "shell scripts (shellcheck)" shell_scripts
check "systemd unit (systemd-analyze verify)" systemd_unit
check "Python scripts parse" python_scripts
check "compose file and Dockerfile" /usr/bin/python3 scripts/check-compose.py
check "no file over 3 MB" file_sizes
check "no NUL in sources" sources_are_text
check "layout of the C# sources (make format repairs it)" csharp_layout
check "build without a warning" warnings

if [ ${#failures[@]} -gt 0 ]; then
    echo "make lint: ${#failures[@]} failed"
    exit 1
fi

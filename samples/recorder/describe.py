"""Writes the table of samples/README.md: what each capture holds, counted by tshark. Usage: describe.py FOLDER"""

import pathlib
import subprocess
import sys

BEGIN, END = "<!-- counted by recorder/describe.py -->\n", "<!-- end -->"
# tshark numbers the conversations of these kinds itself
STREAMS = {"TCP": "tcp.stream", "UDP": "udp.stream", "SCTP": "sctp.assoc_index"}
COLUMNS = ["frame.protocols", *STREAMS.values(), "ip.src", "ip.dst", "ipv6.src", "ipv6.dst"]


def count(capture):
    command = ["tshark", "-n", "-r", capture, "-T", "fields", "-E", "occurrence=f"]
    for column in COLUMNS:
        command += ["-e", column]
    packets, sessions = 0, {}
    for line in subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines():
        packets += 1
        values = dict(zip(COLUMNS, line.split("\t")))
        protocols = values["frame.protocols"].split(":")
        stream = next((kind for kind, column in STREAMS.items() if values[column]), None)
        if "icmp" in protocols or "icmpv6" in protocols:  # what an error quotes has a stream number too
            pair = frozenset(values[column] for column in COLUMNS[-4:])
            sessions.setdefault("ICMP", set()).add(pair)
        elif stream:
            sessions.setdefault(stream, set()).add(values[STREAMS[stream]])
        elif "arp" in protocols:
            sessions.setdefault("ARP", set()).add(None)
    return packets, ", ".join(f"{len(found)} {kind}" if kind != "ARP" else kind for kind, found in sorted(sessions.items()))


def main():
    folder = pathlib.Path(sys.argv[1])
    captures = sorted(path for path in folder.iterdir() if ".pcap" in path.name)
    table = "| file | bytes | packets | conversations (tshark) |\n|---|---:|---:|---|\n"
    for capture in captures:
        packets, sessions = count(capture)
        table += f"| `{capture.name}` | {capture.stat().st_size:,} | {packets} | {sessions} |\n"
    readme = folder / "README.md"
    if not readme.exists():
        print(table)
        return
    before, rest = readme.read_text().split(BEGIN)
    readme.write_text(before + BEGIN + table + END + rest.split(END, 1)[1])


main()

"""A switch with two access ports and a trunk between them: frames carry VLAN tags on the trunk only.

    port0 -> push tags -> trunk0 ==== trunk1 -> pop tags -> port1      (and back)

Debian's kernel could do it with its 8021q module; small virtual machines often have none, packet sockets are everywhere.
Usage: vlan_switch.py TPID:VID[,TPID:VID]...   with the outermost tag first, TPID in hexadecimal, VID in decimal
"""

import select
import socket
import struct
import sys

ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_AUXDATA = 8
TP_STATUS_VLAN_VALID = 1 << 4
# struct tpacket_auxdata: status, len, snaplen, mac, net, vlan_tci, vlan_tpid
AUXDATA = struct.Struct("IIIHHHH")
ADDRESSES = 12  # destination and source MAC come before the tags


def open_port(name):
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)  # a burst on a busy machine must not be lost here
    port.bind((name, ETH_P_ALL))
    port.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return port


def receive(port):
    """The next frame that came in by the port, as it was on the wire; None for what we sent ourselves."""
    frame, ancillary, _, address = port.recvmsg(65536, 256)
    if address[2] == PACKET_OUTGOING:
        return None
    for level, kind, data in ancillary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, tpid = AUXDATA.unpack_from(data)
            if status & TP_STATUS_VLAN_VALID:  # the kernel has taken the outermost tag off
                return frame[:ADDRESSES] + struct.pack("!HH", tpid, tci) + frame[ADDRESSES:]
    return frame


def main():
    tags = b""
    for tag in sys.argv[1].split(","):
        tpid, vid = tag.split(":")
        tags += struct.pack("!HH", int(tpid, 16), int(vid))
    port0, port1, trunk0, trunk1 = (open_port(name) for name in ("port0", "port1", "trunk0", "trunk1"))
    trunk_of = {port0: trunk0, port1: trunk1}
    port_of = {trunk0: port0, trunk1: port1}
    print("forwarding", flush=True)
    while True:
        for port in select.select([port0, port1, trunk0, trunk1], [], [])[0]:
            frame = receive(port)
            if frame is None:
                continue
            if port in trunk_of:
                trunk_of[port].send(frame[:ADDRESSES] + tags + frame[ADDRESSES:])
            elif frame[ADDRESSES:].startswith(tags):
                port_of[port].send(frame[:ADDRESSES] + frame[ADDRESSES + len(tags) :])


main()

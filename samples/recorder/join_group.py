"""Joins an IPv6 multicast group on an interface and leaves it again. Usage: join_group.py INTERFACE GROUP"""

import socket
import struct
import sys
import time

membership = socket.inet_pton(socket.AF_INET6, sys.argv[2]) + struct.pack("=I", socket.if_nametoindex(sys.argv[1]))
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as member:
    member.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, membership)
    time.sleep(1.2)  # the report is repeated within a second
    member.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, membership)

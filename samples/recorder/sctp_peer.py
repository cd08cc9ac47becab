"""Both ends of an SCTP association on usrsctp (FreeBSD's stack in user space, Debian's libusrsctp2), which needs no kernel module.

Usage: sctp_peer.py listen ADDRESS PORT            echoes until the peer shuts the association down
       sctp_peer.py connect LOCAL ADDRESS PORT     sends some messages on several streams, reads them back, shuts down
"""

import ctypes
import socket
import struct
import sys
import time

SOCK_STREAM = 1
IPPROTO_SCTP = 132
SCTP_SENDV_SNDINFO = 1
SCTP_RECVV_RCVINFO = 1
SCTP_RECVRCVINFO = 0x1F
MESSAGES = [(0, b"hello over SCTP"), (1, b"a second stream"), (2, b"x" * 4000), (0, b"good bye")]

stack = ctypes.CDLL("libusrsctp.so.2")
stack.usrsctp_socket.restype = ctypes.c_void_p
stack.usrsctp_accept.restype = ctypes.c_void_p
stack.usrsctp_sendv.restype = ctypes.c_ssize_t
stack.usrsctp_recvv.restype = ctypes.c_ssize_t


def check(result, what):
    if result is None or result < 0:
        raise OSError(f"sctp_peer.py: {what} failed")
    return result


def endpoint(address, port):
    """struct sockaddr_in or sockaddr_in6."""
    if ":" in address:
        return struct.pack("=HHI16sI", socket.AF_INET6, socket.htons(port), 0, socket.inet_pton(socket.AF_INET6, address), 0)
    return struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton(address))


def open_socket(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = ctypes.c_void_p(check(stack.usrsctp_socket(family, SOCK_STREAM, IPPROTO_SCTP, None, None, 0, None), "socket"))
    local = endpoint(address, port)
    check(stack.usrsctp_bind(opened, local, len(local)), "bind")
    return opened


def send(peer, stream, message):
    information = struct.pack("=HHIII", stream, 0, socket.htonl(46), 0, 0)  # sctp_sndinfo: stream, flags, protocol id, …
    sent = stack.usrsctp_sendv(
        peer, message, ctypes.c_size_t(len(message)), None, 0, information, ctypes.c_uint32(len(information)), SCTP_SENDV_SNDINFO, 0
    )
    check(sent, "send")


def want_streams(peer):
    on = ctypes.c_int(1)
    check(stack.usrsctp_setsockopt(peer, IPPROTO_SCTP, SCTP_RECVRCVINFO, ctypes.byref(on), ctypes.c_uint32(4)), "setsockopt")


def receive(peer):
    data = ctypes.create_string_buffer(65536)
    address = ctypes.create_string_buffer(128)
    address_length = ctypes.c_uint32(128)
    information = ctypes.create_string_buffer(128)
    information_length = ctypes.c_uint32(128)
    kind = ctypes.c_uint(0)
    flags = ctypes.c_int(0)
    length = stack.usrsctp_recvv(
        peer,
        data,
        ctypes.c_size_t(65536),
        address,
        ctypes.byref(address_length),
        information,
        ctypes.byref(information_length),
        ctypes.byref(kind),
        ctypes.byref(flags),
    )
    stream = struct.unpack_from("=H", information.raw)[0] if kind.value == SCTP_RECVV_RCVINFO else 0
    return stream, data.raw[: check(length, "receive")]


def listen(address, port):
    listener = open_socket(address, port)
    check(stack.usrsctp_listen(listener, 1), "listen")
    print("listening", flush=True)
    peer = ctypes.c_void_p(check(stack.usrsctp_accept(listener, None, None), "accept"))
    want_streams(peer)
    while True:
        stream, message = receive(peer)
        if not message:
            break
        send(peer, stream, message)
    stack.usrsctp_close(peer)
    stack.usrsctp_close(listener)


def connect(local, address, port):
    peer = open_socket(local, 0)
    remote = endpoint(address, port)
    check(stack.usrsctp_connect(peer, remote, len(remote)), "connect")
    expected = received = 0
    for stream, message in MESSAGES:
        send(peer, stream, message)
        expected += len(message)
        time.sleep(0.1)
    while received < expected:
        received += len(receive(peer)[1])
    stack.usrsctp_close(peer)


stack.usrsctp_init(ctypes.c_uint16(0), None, None)
if sys.argv[1] == "listen":
    listen(sys.argv[2], int(sys.argv[3]))
else:
    connect(sys.argv[2], sys.argv[3], int(sys.argv[4]))
for _ in range(50):  # finish() refuses while an association still shuts down
    if stack.usrsctp_finish() == 0:
        break
    time.sleep(0.1)

using FlowPipe.Core.Reading.Live;
using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Settings of <c>flowpipe capture</c>, under Arkime's names where it has them.</summary>
internal static class CaptureKeys
{
    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        List(
            "capture.interface",
            "names of interfaces, each perhaps with a filter of its own: eth0, or eth0=tcp port 443",
            CaptureInterface.IsValid,
            s => s.Capture.Interfaces,
            (s, v) => s with { Capture = s.Capture with { Interfaces = v } },
            "Interfaces to listen to, where the command line names none"
        ),
        Choice(
            "capture.pcapReadMethod",
            [LiveReaderSettings.PacketRings, LiveReaderSettings.Libpcap],
            s => s.Capture.PcapReadMethod,
            (s, v) => s with { Capture = s.Capture with { PcapReadMethod = v } },
            "Who takes packets from the kernel: rings of packet sockets (Linux's AF_PACKET), or libpcap, which knows more link types and the interface any"
        ),
        Number(
            "capture.snapLen",
            64,
            262_144,
            s => s.Capture.SnapLen,
            (s, v) => s with { Capture = s.Capture with { SnapLen = v } },
            "Bytes that are taken of a frame"
        ),
        Truth(
            "capture.promisc",
            s => s.Capture.Promisc,
            (s, v) => s with { Capture = s.Capture with { Promisc = v } },
            "Whether frames for other machines are wanted too"
        ),
        Number(
            "capture.pcapBufferSize",
            1 << 16,
            1 << 30,
            s => s.Capture.PcapBufferSize,
            (s, v) => s with { Capture = s.Capture with { PcapBufferSize = v } },
            "libpcap: bytes of the kernel's buffer, for each interface"
        ),
        Number(
            "capture.tpacketv3BlockSize",
            1 << 16,
            1 << 26,
            s => s.Capture.Tpacketv3BlockSize,
            (s, v) => s with { Capture = s.Capture with { Tpacketv3BlockSize = v } },
            "Rings: bytes of a block, a multiple of the page's 4096"
        ),
        Number(
            "capture.tpacketv3NumBlocks",
            4,
            4_096,
            s => s.Capture.Tpacketv3NumBlocks,
            (s, v) => s with { Capture = s.Capture with { Tpacketv3NumBlocks = v } },
            "Rings: blocks of each; times tpacketv3BlockSize it is what the kernel can keep for us"
        ),
        Number(
            "capture.tpacketv3NumThreads",
            1,
            64,
            s => s.Capture.Tpacketv3NumThreads,
            (s, v) => s with { Capture = s.Capture with { Tpacketv3NumThreads = v } },
            "Rings: how many an interface has, each with a thread; the kernel spreads flows over them"
        ),
        Number(
            "capture.tpacketv3ClusterId",
            0,
            65_535,
            s => s.Capture.Tpacketv3ClusterId,
            (s, v) => s with { Capture = s.Capture with { Tpacketv3ClusterId = v } },
            "Rings: number of the first interface's fanout group, the next has the next; another program's must not be the same"
        ),
        Truth(
            "capture.tpacketv3Rollover",
            s => s.Capture.Tpacketv3Rollover,
            (s, v) => s with { Capture = s.Capture with { Tpacketv3Rollover = v } },
            "Rings: whether packets for a full one go to another of its group"
        ),
        Number(
            "capture.batchPackets",
            256,
            65_536,
            s => s.Capture.BatchPackets,
            (s, v) => s with { Capture = s.Capture with { BatchPackets = v } },
            "Packets of one batch at most; what is not full leaves after 10 ms"
        ),
        Number(
            "capture.batches",
            4,
            4_096,
            s => s.Capture.Batches,
            (s, v) => s with { Capture = s.Capture with { Batches = v } },
            "Batches on their way at once, of each ring or interface; beyond it packets are shed"
        ),
        Number(
            "capture.blocks",
            4,
            4_096,
            s => s.Capture.Blocks,
            (s, v) => s with { Capture = s.Capture with { Blocks = v } },
            "Blocks of 1 MiB that packets are copied to, of each ring or interface, on their way at once; beyond it packets are shed"
        ),
        Text(
            "capture.stateDir",
            "a folder",
            static _ => true,
            s => s.Capture.StateDir,
            (s, v) => s with { Capture = s.Capture with { StateDir = v } },
            "Folder for the number of the capture, of which records' ids are made; empty for $STATE_DIRECTORY, /var/lib/flowpipe or ~/.local/state/flowpipe"
        ),
        Text(
            "capture.dropUser",
            "a user's name",
            static _ => true,
            s => s.Privileges.DropUser,
            (s, v) => s with { Privileges = s.Privileges with { DropUser = v } },
            "User to become once the interfaces are open"
        ),
        Text(
            "capture.dropGroup",
            "a group's name",
            static _ => true,
            s => s.Privileges.DropGroup,
            (s, v) => s with { Privileges = s.Privileges with { DropGroup = v } },
            "Group to become; empty for that of capture.dropUser"
        ),
        Truth(
            "capture.allowRoot",
            s => s.Privileges.AllowRoot,
            (s, v) => s with { Privileges = s.Privileges with { AllowRoot = v } },
            "Whether a capture may go on as root, when there is no capture.dropUser"
        ),
    ];
}

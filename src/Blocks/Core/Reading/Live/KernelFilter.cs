using System.Runtime.InteropServices;
using SharpPcap;
using SharpPcap.LibPcap;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// A filter that the kernel runs before a packet takes room in a ring: classic BPF, whose result is how many bytes are kept. libpcap compiles
/// expressions, for a handle of that very interface: only then does it know that the kernel has taken VLAN tags off the frame and where they are.
/// </summary>
internal sealed unsafe class KernelFilter
{
    // struct bpf_program:  | instructions, their number (4) | padding (4) | where they are (8) |
    // an instruction:      | code (2) | jump if true (1) | jump if false (1) | operand (4) |
    private const int AddressAt = 8;
    private const ushort Return = 0x06;
    private readonly ulong[] _instructions;

    private KernelFilter(ulong[] instructions) => _instructions = instructions;

    /// <summary>Lets nothing through.</summary>
    public static KernelFilter Nothing { get; } = All(0);

    /// <summary>Lets everything through, cut to so many bytes.</summary>
    public static KernelFilter All(int snapLen) => new([Return | ((ulong)(uint)snapLen << 32)]);

    /// <summary>Compiles an expression.</summary>
    /// <exception cref="FlowPipeException">libpcap is absent, or refuses the expression or the interface.</exception>
    public static KernelFilter Compile(string name, string? expression, int snapLen)
    {
        if (string.IsNullOrWhiteSpace(expression))
            return All(snapLen);
        using LibPcapLiveDevice device = PcapDevices.Find(name);
        try
        {
            device.Open(new DeviceConfiguration { Snaplen = snapLen });
            using BpfProgram program = BpfProgram.Create(device.Handle, expression, optimize: 1, netmask: 0);
            byte* native = (byte*)program.DangerousGetHandle();
            return new KernelFilter(new ReadOnlySpan<ulong>(*(void**)(native + AddressAt), *(int*)native).ToArray());
        }
        catch (PcapException e)
        {
            throw new FlowPipeException($"{name}: --bpf '{expression}': {e.Message}; man pcap-filter explains the language", e)
            {
                IsWrongUsage = true,
            };
        }
        finally
        {
            device.Close();
        }
    }

    /// <summary>Makes a socket use it, in place of the one before.</summary>
    /// <returns>Whether it does.</returns>
    public bool AttachTo(int socket)
    {
        fixed (ulong* instructions = _instructions)
        {
            var program = new Program { Length = (ushort)_instructions.Length, Instructions = instructions };
            return NativeSocket.SetOption(socket, NativeSocket.SolSocket, NativeSocket.SoAttachFilter, &program, (uint)sizeof(Program))
                == 0;
        }
    }

    /// <summary><c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Length;
        public void* Instructions;
    }
}

using System.Net.NetworkInformation;
using System.Runtime.InteropServices;
using System.Text;

namespace FlowPipe.Core.Reading.Live;

/// <summary>Whether packets can come from an interface.</summary>
public enum DeviceState
{
    /// <summary>It is up.</summary>
    Up,

    /// <summary>It is there, and not up.</summary>
    Down,

    /// <summary>There is none of that name.</summary>
    Gone,
}

/// <summary>An interface of this machine, or of this network namespace.</summary>
/// <param name="Name">The system's name of it.</param>
/// <param name="State">Whether it is up.</param>
/// <param name="HardwareType">What it is (<c>ARPHRD_</c> of the kernel).</param>
/// <param name="Addresses">Its addresses with the lengths of their prefixes.</param>
public sealed record NetworkDevice(string Name, DeviceState State, int HardwareType, IReadOnlyList<string> Addresses)
{
    /// <summary>The link type of its frames, in words.</summary>
    public string LinkTypeName => HardwareTypes.NameOf(HardwareType);
}

/// <summary>The interfaces that there are.</summary>
public static unsafe class NetworkDevices
{
    private const nuint GetFlags = 0x8913;
    private const nuint GetHardwareAddress = 0x8927;
    private const nuint GetIndex = 0x8933;
    private const int NameBytes = 16;
    private const int RequestBytes = 40;
    private const ushort FlagUp = 1;

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyList<NetworkDevice> List()
    {
        var devices = new List<NetworkDevice>();
        foreach (NetworkInterface known in NetworkInterface.GetAllNetworkInterfaces())
        {
            var addresses = new List<string>();
            foreach (UnicastIPAddressInformation address in known.GetIPProperties().UnicastAddresses)
                addresses.Add($"{address.Address.ToString().Split('%')[0]}/{address.PrefixLength}");
            devices.Add(new NetworkDevice(known.Name, StateOf(known.Name), HardwareTypeOf(known.Name), addresses));
        }
        devices.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        return devices;
    }

    /// <summary>Whether it is there and up.</summary>
    public static DeviceState StateOf(string name) =>
        !Ask(GetFlags, name, out int flags) ? DeviceState.Gone
        : ((ushort)flags & FlagUp) != 0 ? DeviceState.Up
        : DeviceState.Down;

    /// <summary>The kernel's number of it; another one when it was removed and made anew. 0 when there is none.</summary>
    internal static int IndexOf(string name) => Ask(GetIndex, name, out int index) ? index : 0;

    /// <summary>Why this process can't open interfaces: the capability that it lacks; null when it can.</summary>
    public static string? WhyNot()
    {
        int socket = NativeSocket.Open(NativeSocket.AfPacket, NativeSocket.SockRaw | NativeSocket.SockCloseOnExec, 0);
        if (socket < 0)
            return Marshal.GetLastPInvokeError() is NativeSocket.NotPermitted or NativeSocket.AccessDenied
                ? "CAP_NET_RAW is missing"
                : Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
        _ = NativeSocket.Close(socket);
        return null;
    }

    /// <summary>What to say of a name that nothing has.</summary>
    internal static FlowPipeException Unknown(string name)
    {
        var names = new StringBuilder();
        foreach (NetworkDevice device in List())
            names.Append(names.Length == 0 ? "" : ", ").Append(device.Name);
        return new FlowPipeException($"there is no interface '{name}'; there are: {names} ('flowpipe interfaces' says more)")
        {
            IsWrongUsage = true,
        };
    }

    private static int HardwareTypeOf(string name) => Ask(GetHardwareAddress, name, out int type) ? (ushort)type : -1;

    //  struct ifreq:  | name (16, ends in 0) | what is asked for (24): flags, index, or an address that begins with its family |
    private static bool Ask(nuint request, string name, out int answer)
    {
        answer = 0;
        byte* argument = stackalloc byte[RequestBytes];
        new Span<byte>(argument, RequestBytes).Clear();
        if (name.Length >= NameBytes || !Encoding.UTF8.TryGetBytes(name, new Span<byte>(argument, NameBytes - 1), out int _))
            return false;
        int socket = NativeSocket.Open(NativeSocket.AfInet, NativeSocket.SockDatagram | NativeSocket.SockCloseOnExec, 0);
        if (socket < 0)
            return false;
        int failed = NativeSocket.Control(socket, request, argument);
        _ = NativeSocket.Close(socket);
        if (failed != 0)
            return false;
        answer = *(int*)(argument + NameBytes);
        return true;
    }
}

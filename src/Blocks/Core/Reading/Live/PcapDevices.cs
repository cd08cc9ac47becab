using SharpPcap.LibPcap;

namespace FlowPipe.Core.Reading.Live;

/// <summary>libpcap's view of the interfaces. libpcap is loaded by the first who asks.</summary>
internal static class PcapDevices
{
    /// <summary>An interface by its name, not yet opened.</summary>
    /// <exception cref="FlowPipeException">There is none, or no libpcap.</exception>
    public static LibPcapLiveDevice Find(string name)
    {
        _ = LibPcap.Export("pcap_next_ex"); // says how libpcap is installed where it is not
        foreach (PcapInterface known in PcapInterface.GetAllPcapInterfaces())
        {
            if (known.Name == name)
                return new LibPcapLiveDevice(known);
        }
        throw NetworkDevices.Unknown(name);
    }
}

using System.Runtime.InteropServices;

namespace FlowPipe.Core.Reading;

/// <summary>Finds libpcap, which is wanted only by those who filter or capture.</summary>
internal static class LibPcap
{
    private static readonly string[] Names = ["libpcap.so.1", "libpcap.so.0.8", "libpcap.so", "libpcap.A.dylib", "libpcap.dylib"];

    /// <summary>The address of one of its functions.</summary>
    /// <exception cref="FlowPipeException">There is no libpcap here.</exception>
    public static nint Export(string function)
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library) && NativeLibrary.TryGetExport(library, function, out nint address))
                return address;
        }
        throw new FlowPipeException(
            "filters (--bpf) and pcapReadMethod libpcap need libpcap, which is not installed: apt-get install libpcap0.8 (Debian, Ubuntu) or dnf install libpcap (Fedora)"
        );
    }
}

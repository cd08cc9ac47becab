namespace FlowPipe.Core.Reading.Live;

/// <summary>What the kernel says an interface is (<c>linux/if_arp.h</c>), and the link type that its frames then have in a packet socket.</summary>
internal static class HardwareTypes
{
    public const int Loopback = 772;
    private const int Ethernet = 1;
    private const int Ppp = 512;
    private const int IpTunnel = 768;
    private const int Sit = 776;
    private const int Gre = 778;
    private const int Wlan = 801;
    private const int WlanRadiotap = 803;
    private const int None = 65_534;

    /// <summary>The link type (<c>LINKTYPE_</c>); null for what is left to libpcap, which knows more of them.</summary>
    public static ushort? LinkTypeOf(int hardware) =>
        hardware switch
        {
            Ethernet or Loopback => 1,
            None or IpTunnel or Sit => 101,
            Wlan => 105,
            WlanRadiotap => 127,
            _ => null,
        };

    /// <summary>In words.</summary>
    public static string NameOf(int hardware) =>
        hardware switch
        {
            Ethernet => "Ethernet",
            Loopback => "Ethernet (loopback)",
            None or IpTunnel or Sit => "IP",
            Gre => "GRE",
            Ppp => "PPP",
            Wlan => "IEEE 802.11",
            WlanRadiotap => "IEEE 802.11 with radiotap",
            _ => $"hardware type {hardware}",
        };
}

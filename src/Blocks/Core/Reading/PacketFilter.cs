using System.Runtime.InteropServices;
using PacketDotNet;
using SharpPcap;
using SharpPcap.LibPcap;

namespace FlowPipe.Core.Reading;

/// <summary>
/// A filter in libpcap's language. SharpPcap compiles it, once for each link type that turns up; libpcap's own <c>pcap_offline_filter</c> runs the
/// program, as SharpPcap's call copies and allocates. libpcap is loaded by the first filter, so that nobody else needs it.
/// </summary>
internal sealed unsafe class PacketFilter : IDisposable
{
    private const int LinkTypeEthernet = 1;

    private readonly Dictionary<ushort, BpfProgram> _programs = [];
    private readonly string _expression;
    private readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, PacketHeader*, byte*, int> _run;
    private nint _program;
    private int _programLinkType = -1;

    /// <exception cref="FlowPipeException">libpcap is absent, or refuses the expression.</exception>
    public PacketFilter(string expression)
    {
        _expression = expression;
        _run = (delegate* unmanaged[Cdecl, SuppressGCTransition]<nint, PacketHeader*, byte*, int>)LibPcap.Export("pcap_offline_filter");
        CheckExpression();
    }

    /// <summary>Whether a packet passes.</summary>
    /// <exception cref="FlowPipeException">The expression can't be applied to this link type.</exception>
    public bool Matches(ushort linkType, byte* frame, uint captured, uint original)
    {
        if (linkType != _programLinkType)
            Select(linkType);
        PacketHeader header = new() { Captured = captured, Original = original };
        return _run(_program, &header, frame) != 0;
    }

    public void Dispose()
    {
        foreach (BpfProgram program in _programs.Values)
            program.Dispose();
        _programs.Clear();
    }

    /// <summary>An expression is wrong when no common link type takes it: some words make sense for one kind of link only.</summary>
    private void CheckExpression()
    {
        ReadOnlySpan<ushort> common = [LinkTypeEthernet, 127, 113, 101]; // Ethernet, 802.11 with radiotap, Linux cooked, raw IP
        string? refusal = null;
        foreach (ushort linkType in common)
        {
            if (Compile(linkType, out string message))
                return;
            refusal ??= message;
        }
        throw new FlowPipeException($"--bpf '{_expression}': {refusal}; man pcap-filter explains the language") { IsWrongUsage = true };
    }

    private void Select(ushort linkType)
    {
        if (!Compile(linkType, out string message))
            throw new FlowPipeException($"--bpf '{_expression}' can't be applied to link type {linkType}: {message}");
        _program = _programs[linkType].DangerousGetHandle();
        _programLinkType = linkType;
    }

    private bool Compile(ushort linkType, out string message)
    {
        message = "";
        if (_programs.ContainsKey(linkType))
            return true;
        try
        {
            _programs.Add(linkType, BpfProgram.Create((LinkLayers)LinkTypes.ToDlt(linkType), _expression, optimize: 1, netmask: 0));
            return true;
        }
        catch (PcapException e)
        {
            message = e.Message;
            return false;
        }
    }

    /// <summary>libpcap's <c>pcap_pkthdr</c>; its programs ask for the lengths only.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PacketHeader
    {
        public nint Seconds;
        public nint Microseconds;
        public uint Captured;
        public uint Original;
    }
}

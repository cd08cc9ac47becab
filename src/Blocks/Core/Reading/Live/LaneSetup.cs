using FlowPipe.Abstractions;
using FlowPipe.Core.Overload;

namespace FlowPipe.Core.Reading.Live;

/// <summary>What one lane, that is a ring or a handle of libpcap, is made with.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="Ring">Its number among the lanes of the interface.</param>
/// <param name="ReaderId">Its number among the lanes of the run.</param>
/// <param name="Source">What its packets are said to come from.</param>
/// <param name="Overload">How far behind those are to whom the packets go.</param>
/// <param name="Settings">How it reads.</param>
internal sealed record LaneSetup(
    string Interface,
    int Ring,
    byte ReaderId,
    PacketSource Source,
    OverloadControl Overload,
    LiveReaderSettings Settings
);

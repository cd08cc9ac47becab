using System.Buffers.Binary;
using System.Buffers.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// OSPF, versions 2 (RFC 2328 appendix A.3.1) and 3 (RFC 5340 appendix A.3.1): sessions by addresses.
/// <code>
/// | version (1) | type (1) | length (2) | router id (4) | area id (4) | checksum (2) | v2: authentication type (2) |
/// </code>
/// </summary>
public sealed class OspfPlugin : IFlowPipePlugin
{
    private const byte IpProtocol = 89;

    /// <inheritdoc/>
    public string Name => "ospf";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        byte number = registrar.Register(
            new OspfProtocol(
                registrar.Field("ospf.msgType"),
                registrar.Field("ospf.routerId"),
                registrar.Field("ospf.areaId"),
                ArkimeQuirks.AskedFor(registrar)
            )
        );
        registrar.Ip(
            IpProtocol,
            (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                context.ToSession(number, ref packet, frame)
        );
    }
}

/// <summary>Sessions of OSPF.</summary>
internal sealed class OspfProtocol(SpiField type, SpiField router, SpiField area, bool isArkime)
    : IpMProtocol("ospf", SessionType.Other, label: "ospf", hasPorts: false)
{
    private const int CommonLength = 12;
    private const int AuthenticationType = 14;

    /// <inheritdoc/>
    public override int IdleTimeout => 600;

    /// <inheritdoc/>
    public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        PreProcess verdict = base.PreProcess(session, in packet, isNew);
        if (isArkime && !session.SourceIp.IsIPv4)
            session.PacketSide = Side.Client; // it tells sides by IPv4 addresses only
        return verdict;
    }

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet)
    {
        ReadOnlySpan<byte> ospf = packet.Payload;
        if (ospf.Length < CommonLength || ospf[0] is not (2 or 3))
            return;
        AddType(session, ospf[1]);
        AddDotted(session, router, ospf[4..]);
        AddDotted(session, area, ospf[8..]);
        if (ospf[0] == 2 && ospf.Length >= AuthenticationType + 2)
            AddAuthentication(session, BinaryPrimitives.ReadUInt16BigEndian(ospf[AuthenticationType..]));
    }

    private static void AddAuthentication(Session session, int authentication)
    {
        if (authentication == 0)
            session.AddTag("ospf:auth-null"u8);
        else if (authentication == 1)
            session.AddTag("ospf:auth-simple"u8);
    }

    private void AddType(Session session, byte number)
    {
        ReadOnlySpan<byte> name = number switch
        {
            1 => "Hello"u8,
            2 => "DBDesc"u8,
            3 => "LSReq"u8,
            4 => "LSUpdate"u8,
            5 => "LSAck"u8,
            _ => default,
        };
        NumberedName.Add(session, type, name, "unk-"u8, number);
    }

    private static void AddDotted(Session session, SpiField field, ReadOnlySpan<byte> number)
    {
        Span<byte> text = stackalloc byte[15];
        int length = 0;
        for (int i = 0; i < 4; i++)
        {
            if (i > 0)
                text[length++] = (byte)'.';
            Utf8Formatter.TryFormat(number[i], text[length..], out int written);
            length += written;
        }
        session.Fields.Add(field, text[..length]);
    }
}
